/*
 * writers - whether anybody still has a file open for writing
 *
 * The kernel tells who asks for a read lease (fcntl(2), F_SETLEASE).  It gives
 * one to the file's owner and to CAP_LEASE, and on local file systems only.
 * Where it gives none, /proc is searched for descriptors open for writing, and
 * as not all of them may be seen the file must have stood still for a second.
 */
#ifndef WRITERS_H
#define WRITERS_H

#include <stdbool.h>
#include <stdint.h>

/* fd: of a regular file, open for reading only.  1: somebody has; 0; -1. */
int writers_there(int fd);

/*
 * Wait until nobody has, for wait_ms at most.  0, or -1 with errno: EBUSY when
 * somebody still has, EINTR when it is time to finish.
 */
int writers_wait(int fd, int64_t wait_ms);

#endif
