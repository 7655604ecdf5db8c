/*
 * limits - what the system lets a process do (setrlimit(2))
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdbool.h>

/*
 * Raise the limit of open files as far as the system allows it, and let a file
 * that would be too large be an error of write(2), EFBIG, instead of the end of
 * the process.
 */
void limits_raise(void);

/*
 * Set the limits as they were, in a child before it executes another program.
 */
void limits_restore(void);
/* Whether a call failed with errno for want of descriptors or memory. */
bool limits_reached(int error);

#endif
