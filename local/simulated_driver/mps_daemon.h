/* The simulated MPS control daemon and the way to it.
 *
 * It keeps what it is told and starts no MPS server: there is nothing to share.
 */
#ifndef MPS_DAEMON_H
#define MPS_DAEMON_H

/* CUDA_MPS_PIPE_DIRECTORY, or the default of the real program. */
const char *pipe_directory(void);

/* A connected socket, or -1 with errno. */
int connect_to_daemon(void);

/* Returns in the parent when the daemon takes commands: an exit status. */
int start_daemon(void);

#endif
