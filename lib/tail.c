#include "tail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "finish.h"
#include "watch.h"

struct tail {
	struct watch *watch;
	int from, to;		/* the pipe */
	int error;
	pthread_t thread;
};

/* 0, or -1 with errno; EPIPE when nobody reads any more. */
static int
write_all(int fd, const char *p, ssize_t n)
{
	ssize_t w;

	for (; n > 0; p += w, n -= w)
		if ((w = write(fd, p, (size_t)n)) < 0) {
			if (errno != EINTR)
				return -1;
			w = 0;
		}
	return 0;
}

/* Hand on all there is. */
static int
drain(struct tail *t)
{
	char part[65536];
	ssize_t n;
	int r;

	while ((r = watch_ready(t->watch)) > 0) {
		if ((n = watch_read(t->watch, part, sizeof part)) < 0 ||
		    write_all(t->to, part, n) < 0)
			return -1;
	}
	return r;
}

static void *
follow(void *arg)
{
	struct tail *t = arg;
	struct pollfd p[] = {
		{ .fd = watch_fd(t->watch), .events = POLLIN },
		{ .fd = finish_fd(), .events = POLLIN },
		{ .fd = t->to },	/* POLLERR: nobody reads any more */
	};
	int r;

	do
		r = drain(t);
	while (r == 0 && !finish_asked() && (p[2].revents & POLLERR) == 0 &&
	    (poll(p, 3, -1) >= 0 || errno == EINTR));
	if (r < 0 && errno != EPIPE)
		t->error = errno;
	close(t->to);
	return NULL;
}

struct tail *
tail_new(char *const *paths, const char **bad)
{
	sigset_t all, old;
	struct tail *t;
	int fd[2], e;

	*bad = *paths;
	if ((t = calloc(1, sizeof *t)) == NULL)
		return NULL;
	if ((t->watch = watch_new()) == NULL)
		goto no_watch;
	for (; *paths != NULL; paths++) {
		*bad = *paths;
		if (watch_add(t->watch, *paths) < 0)
			goto no_pipe;
	}
	if (pipe2(fd, O_CLOEXEC) < 0)
		goto no_pipe;
	t->from = fd[0];
	t->to = fd[1];
	sigfillset(&all);	/* EPIPE, and the main thread has the others */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(&t->thread, NULL, follow, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e == 0)
		return t;
	errno = e;
	close(t->from);
	close(t->to);
no_pipe:
	watch_free(t->watch);
no_watch:
	free(t);
	return NULL;
}

int
tail_fd(const struct tail *t)
{
	return t->from;
}

int
tail_free(struct tail *t)
{
	int error;

	pthread_join(t->thread, NULL);
	error = t->error;
	watch_free(t->watch);
	free(t);
	return error;
}
