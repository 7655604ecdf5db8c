/*
 * pipe - a pipe that is read from
 */
#ifndef FILE_PIPE_H
#define FILE_PIPE_H

/*
 * If fd is a pipe or a FIFO, make it as large as the system allows, and let
 * reads fail with EAGAIN rather than wait, as another process may have taken
 * the data that poll(2) saw.  That holds for this descriptor only, not for
 * other descriptors of the pipe.  When it is not possible (no /proc, another
 * user's pipe) reads wait as before.
 */
void pipe_own(int fd);

#endif
