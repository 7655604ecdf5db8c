/*
 * sandbox - a filter gives up what it has no need for (landlock(7))
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>

/* The version of Landlock that the kernel has; 0 where it has none. */
int sandbox_version(void);

/*
 * From now on no file can be opened for writing, made, renamed or removed, and
 * unless network is set no TCP connection made (Linux 6.7).  Files and
 * connections that are open already stay usable.  Call it before there are
 * other threads.  Where the kernel has no Landlock, nothing happens.
 */
void sandbox_enter(bool network);

#endif
