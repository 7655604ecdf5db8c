/*
 * process_id - processes that are not our children
 */
#ifndef FILE_PROCESS_ID_H
#define FILE_PROCESS_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROCESS_ID_SIZE = 96 };

/*
 * Write an id that no later process of the same number has: "PID START BOOT",
 * which are its number, the tick it started in, and this boot's id.  Returns 0,
 * or -1 with errno.
 */
int process_id(pid_t pid, char id[PROCESS_ID_SIZE]);

/*
 * Returns the process that an id of n bytes names, while it lives; 0 if it has
 * ended; -1 if this is no id.
 */
pid_t process_of(const char *id, size_t n);

/* Send a signal to all processes of a session. */
void process_signal_session(pid_t session, int sig);

#endif
