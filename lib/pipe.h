/*
 * pipe - a pipe that is read from
 */
#ifndef PIPE_H
#define PIPE_H

/*
 * If fd is a pipe or a FIFO: make it large, as far as the system allows, and
 * from now on reads of it fail with EAGAIN rather than wait, as another process
 * may have taken what poll(2) saw.  That is for this descriptor only, not for
 * others that have the pipe.  Where it cannot be had (no /proc, another user's
 * pipe) reads wait as before.
 */
void pipe_own(int fd);

#endif
