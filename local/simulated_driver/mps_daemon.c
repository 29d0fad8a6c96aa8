#include "mps_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 8, COMMAND_LIMIT = 4096, PATIENCE_S = 2 };

static char thread_percentage[16] = "100";

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

const char *pipe_directory(void)
{
    return setting("CUDA_MPS_PIPE_DIRECTORY", "/tmp/nvidia-mps");
}

static bool control_address(struct sockaddr_un *address)
{
    address->sun_family = AF_UNIX;
    int length = snprintf(address->sun_path, sizeof address->sun_path, "%s/control",
                          pipe_directory());
    if (length < (int)sizeof address->sun_path)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

int connect_to_daemon(void)
{
    struct sockaddr_un address;
    if (!control_address(&address))
        return -1;
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return connection;
    int reason = errno;
    close(connection);
    errno = reason;
    return -1;
}

/* Only its owner may command the daemon: sessions share the folder of the socket. */
static int listen_for_commands(void)
{
    struct sockaddr_un address;
    if (!control_address(&address))
        return -1;
    unlink(address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t previous = umask(0177);
    int status = bind(listener, (struct sockaddr *)&address, sizeof address);
    umask(previous);
    return status == 0 && listen(listener, BACKLOG) == 0 ? listener : -1;
}

static FILE *open_log(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/control.log",
             setting("CUDA_MPS_LOG_DIRECTORY", "/var/log/nvidia-mps"));
    return fopen(path, "ae");
}

/* Obey one command; false when it was to quit. */
static bool obey(const char *command, FILE *answer)
{
    if (strcmp(command, "quit") == 0)
        return false;
    if (sscanf(command, "set_default_active_thread_percentage %15s", thread_percentage) == 1)
        return true;
    if (strcmp(command, "get_default_active_thread_percentage") == 0)
        fprintf(answer, "%s\n", thread_percentage);
    else if (strncmp(command, "set_default_device_pinned_mem_limit ", 36) != 0)
        fprintf(answer, "The simulated MPS control daemon does not know: %s\n", command);
    return true;
}

static void read_commands(int connection, char *commands)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    size_t length = 0;
    ssize_t part;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while ((part = read(connection, commands + length, COMMAND_LIMIT - 1 - length)) > 0)
        length += (size_t)part;
    commands[length] = '\0';
}

/* Whoever asks from now on finds nobody. */
static void stop_listening(int listener)
{
    struct sockaddr_un address;
    if (control_address(&address))
        unlink(address.sun_path);
    close(listener);
}

static bool serve(int listener, int connection, FILE *log)
{
    char commands[COMMAND_LIMIT];
    char *rest;
    bool stay = true;
    FILE *answer = fdopen(connection, "r+");
    if (!answer) {
        close(connection);
        return true;
    }
    read_commands(connection, commands);
    for (char *command = strtok_r(commands, "\n", &rest); command && stay;
         command = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(command, "get_", 4) != 0) /* probes ask every few seconds */
            fprintf(log, "[simulated] %s\n", command);
        stay = obey(command, answer);
    }
    fflush(log);
    if (!stay)
        stop_listening(listener); /* before the one who said so is answered */
    fclose(answer);
    return stay;
}

static void detach(void)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    setsid();
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
}

static void serve_until_quit(int listener, FILE *log)
{
    bool stay = true;
    detach();
    while (stay) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection >= 0)
            stay = serve(listener, connection, log);
    }
}

int start_daemon(void)
{
    int running = connect_to_daemon();
    if (running >= 0) {
        close(running);
        fprintf(stderr, "An MPS control daemon already answers at %s\n", pipe_directory());
        return EXIT_FAILURE;
    }
    FILE *log = open_log();
    int listener = log ? listen_for_commands() : -1;
    pid_t child = listener >= 0 ? fork() : -1;
    if (child < 0) {
        fprintf(stderr, "Cannot start the MPS control daemon: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    if (child == 0)
        serve_until_quit(listener, log);
    return EXIT_SUCCESS;
}
