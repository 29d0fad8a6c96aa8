/* nvidia-cuda-mps-control for simulated GPUs.
 *
 * With -d it starts the control daemon; otherwise it passes the commands on its
 * standard input to the daemon and prints the answers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mps_daemon.h"

static int copy(int from, int to)
{
    char buffer[4096];
    ssize_t length;
    while ((length = read(from, buffer, sizeof buffer)) > 0)
        if (write(to, buffer, (size_t)length) != length)
            return -1;
    return (int)length;
}

static int pass_commands(void)
{
    int daemon = connect_to_daemon();
    if (daemon < 0) {
        fprintf(stderr, "No MPS control daemon answers at %s: %s\n", pipe_directory(),
                strerror(errno));
        return EXIT_FAILURE;
    }
    int status = copy(STDIN_FILENO, daemon);
    shutdown(daemon, SHUT_WR);
    if (status == 0)
        status = copy(daemon, STDOUT_FILENO);
    close(daemon);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **arguments)
{
    if (count == 1)
        return pass_commands();
    if (count == 2 && strcmp(arguments[1], "-d") == 0)
        return start_daemon();
    fprintf(stderr, "nvidia-cuda-mps-control (simulated) knows: no argument, and -d.\n");
    return EXIT_FAILURE;
}
