/*
 * write_all - write(2), until all bytes are written
 */
#ifndef BASE_WRITE_ALL_H
#define BASE_WRITE_ALL_H

#include <stddef.h>

/*
 * Write all n bytes to fd, also when signals interrupt it.  When somebody else
 * has made the descriptor non-blocking, it waits.  Returns 0, or -1 with errno;
 * some bytes may have been written then.
 */
int write_all(int fd, const void *bytes, size_t n);

#endif
