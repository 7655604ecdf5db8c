#include "base/write_all.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int
write_all(int fd, const void *bytes, size_t n)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	const char *p = bytes;
	ssize_t w;

	while (n > 0) {
		w = write(fd, p, n);
		if (w < 0 && errno == EAGAIN)
			poll(&wait, 1, -1);
		else if (w < 0 && errno != EINTR)
			return -1;
		if (w > 0) {
			p += w;
			n -= (size_t)w;
		}
	}
	return 0;
}
