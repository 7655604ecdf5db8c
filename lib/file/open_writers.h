/*
 * open_writers - whether anybody still has a file open for writing
 *
 * The kernel answers that with a read lease (fcntl(2), F_SETLEASE).  It gives
 * one to the file's owner and to CAP_LEASE, and on local file systems only.
 * When it gives none, /proc is searched for descriptors open for writing; as we
 * may not see all of them, the file must also be unchanged for a second.
 */
#ifndef FILE_OPEN_WRITERS_H
#define FILE_OPEN_WRITERS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Returns 1 when somebody has the file open for writing, 0, or -1. fd is a
 * regular file, open for reading only.
 */
int open_writers_there(int fd);

/*
 * Wait until nobody has it open for writing, for wait_ms at most.  Returns 0,
 * or -1 with errno: EBUSY when somebody still has, EINTR when it is time to
 * finish.
 */
int open_writers_wait(int fd, int64_t wait_ms);

#endif
