/*
 * process - processes that are not our children
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROCESS_ID_SIZE = 96 };

/*
 * What tells a process from a later one of the same number: "PID START BOOT",
 * its number, the tick it started in, this boot's id.  0, or -1 with errno.
 */
int process_id(pid_t pid, char id[PROCESS_ID_SIZE]);

/* The process that an id, n bytes, is of, while it lives; 0 if gone; -1: no id. */
pid_t process_of(const char *id, size_t n);

/* Send a signal to all processes of a session. */
void process_signal_session(pid_t session, int sig);

#endif
