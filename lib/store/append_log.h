/*
 * append_log - a file of lines that several processes append to, each line whole
 * or not at all
 */
#ifndef STORE_APPEND_LOG_H
#define STORE_APPEND_LOG_H

#include <sys/types.h>

#include "base/buf.h"

/*
 * Open path, which is made if need be.  ours lists how its lines may begin, and
 * ends with NULL.  Returns a descriptor, or -1 with errno; EEXIST when the file
 * holds other lines.
 */
int append_log_open(const char *path, mode_t mode, const char *const *ours);

/*
 * Append one line, with its LF, under flock(2).  A part of a line that a killed
 * process left is cut off first.  Returns 0, or -1 with errno: then no part of
 * the line is left.
 */
int append_log_add(int fd, struct span line);
int append_log_sync(int fd);	/* syncs the file; -1 with errno */

#endif
