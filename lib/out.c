#include "out.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "status.h"

enum { ENOUGH = 64 * 1024 };

static struct buf held;
static int error;	/* errno of the write that failed, or 0 */

static void
fail(int why)
{
	error = why;
	buf_clear(&held);
}

/* All of it, to fd; 0, or -1 with errno. */
static int
write_all(int fd, const char *p, size_t n)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	ssize_t w;

	while (n > 0) {
		w = write(fd, p, n);
		if (w < 0 && errno == EAGAIN)	/* somebody else's O_NONBLOCK */
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

int
out_flush(void)
{
	if (error == 0 && write_all(STDOUT_FILENO, held.p, held.len) < 0)
		fail(errno);
	buf_clear(&held);
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

void
out_add(const void *p, size_t n)
{
	if (error != 0)
		return;
	if (held.len + n >= ENOUGH && held.len > 0)
		out_flush();
	if (n >= ENOUGH) {	/* no copy of what is large already */
		if (error == 0 && write_all(STDOUT_FILENO, p, n) < 0)
			fail(errno);
	} else if (error == 0 && buf_add(&held, p, n) < 0) {
		fail(ENOMEM);
	}
}

void
out_addc(char c)
{
	if (held.len < held.cap && held.len < ENOUGH && error == 0)
		held.p[held.len++] = c;
	else
		out_add(&c, 1);
}

char *
out_room(size_t n)
{
	if (held.len >= ENOUGH)
		out_flush();
	if (buf_reserve(&held, n) < 0) {
		fail(ENOMEM);
		return NULL;
	}
	return held.p + held.len;
}

void
out_filled(size_t n)
{
	held.len = error == 0 ? held.len + n : 0;
}

bool
out_failed(void)
{
	return error != 0;
}

int
out_finish(int status)
{
	out_flush();
	buf_free(&held);
	if (error == 0)
		return status;
	if (error != EPIPE) {
		errno = error;
		warn("standard output");
	}
	return STATUS_TROUBLE;
}
