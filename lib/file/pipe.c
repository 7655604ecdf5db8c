#include "file/pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/stat.h>

enum { PIPE_SIZE = 1 << 20 };

void
pipe_own(int fd)
{
	struct pollfd p = { .fd = fd };
	char path[32];
	struct stat st;
	int own;

	if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
		return;
	fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if ((own = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0)
		return;
	/*
	 * A FIFO that was opened after its writers had closed it never reports
	 * that.
	 */
	if (poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP))
		dup3(own, fd, fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0);
	close(own);
}
