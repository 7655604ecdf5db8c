#include "pending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>

#include "buf.h"
#include "process.h"

enum { MARKS_MAX = 64 << 10 };	/* bytes of the file that are looked at */

struct pending {
	int fd;
	char self[PROCESS_ID_SIZE];
};

struct pending *
pending_open(const char *path)
{
	struct pending *p;

	if ((p = calloc(1, sizeof *p)) == NULL)
		return NULL;
	p->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->fd < 0 || process_id(getpid(), p->self) < 0) {
		pending_free(p);
		return NULL;
	}
	return p;
}

void
pending_free(struct pending *p)
{
	int saved = errno;

	if (p == NULL)
		return;
	if (p->fd >= 0)
		close(p->fd);
	free(p);
	errno = saved;
}

static int
read_all(int fd, struct buf *b)
{
	ssize_t n;

	if (buf_reserve(b, MARKS_MAX) < 0)
		return -1;
	while (b->len < MARKS_MAX) {
		n = pread(fd, b->p + b->len, MARKS_MAX - b->len,
		    (off_t)b->len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0)
			break;
		b->len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int
write_all(int fd, const struct buf *b)
{
	size_t at = 0;
	ssize_t n;

	while (at < b->len) {
		n = pwrite(fd, b->p + at, b->len - at, (off_t)at);
		if (n < 0 && errno != EINTR)
			return -1;
		at += n > 0 ? (size_t)n : 0;
	}
	return ftruncate(fd, (off_t)b->len);
}

/* A line is "PID START BOOT SECONDS.NANOSECONDS": the length of its id, or 0. */
static size_t
parse_mark(const char *line, struct timespec *since)
{
	const char *last = strrchr(line, ' ');
	long long sec;
	long nsec;
	char end;

	if (last == NULL ||
	    sscanf(last, " %lld.%9ld%c", &sec, &nsec, &end) != 2)
		return 0;
	*since = (struct timespec){ (time_t)sec, nsec };
	return (size_t)(last - line);
}

struct taking {
	struct pending *p;
	struct timespec *since;
	void (*dead)(void *arg, long pid);
	void *arg;
	bool any;
};

/* Is the line our own mark? */
static bool
is_own(const struct pending *p, const char *line)
{
	struct timespec since;
	size_t n = parse_mark(line, &since);

	return n > 0 && n == strlen(p->self) && memcmp(line, p->self, n) == 0;
}

/* Take another's mark over, unless it lives; then false. */
static bool
take(struct taking *t, const char *line)
{
	struct timespec when = *t->since;
	size_t n = parse_mark(line, &when);
	pid_t pid = n > 0 ? process_of(line, n) : -1;

	if (pid > 0)
		return false;
	t->any = true;
	if (when.tv_sec < t->since->tv_sec)
		*t->since = when;
	if (t->dead != NULL)
		t->dead(t->arg, pid == 0 ? strtol(line, NULL, 10) : 0);
	return true;
}

/* Write the file anew: without our mark, without those taken, with a new one. */
static int
change(struct pending *p, struct taking *t, bool mark)
{
	struct buf old = { 0 }, new = { 0 };
	char *rest, *line;
	int r = -1, saved;

	while (flock(p->fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	if (read_all(p->fd, &old) < 0 || buf_str(&old) == NULL)
		goto out;
	for (size_t i = 0; i < old.len; i++)
		if (old.p[i] == '\0')	/* what a power cut may leave */
			old.p[i] = '?';
	rest = old.p;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0' && !is_own(p, line) &&
		    (t == NULL || !take(t, line)))
			buf_printf(&new, "%s\n", line);
	if (t != NULL && (mark || t->any))
		buf_printf(&new, "%s %lld.%09ld\n", p->self,
		    (long long)t->since->tv_sec, t->since->tv_nsec);
	if (new.failed || write_all(p->fd, &new) < 0)
		goto out;
	r = t != NULL ? fdatasync(p->fd) : 0;
out:
	saved = errno;
	flock(p->fd, LOCK_UN);
	buf_free(&old);
	buf_free(&new);
	errno = saved;
	return r;
}

int
pending_mark(struct pending *p, struct timespec *since,
    void (*dead)(void *arg, long pid), void *arg)
{
	struct taking t = { p, since, dead, arg, false };

	return change(p, &t, true) < 0 ? -1 : t.any;
}

int
pending_adopt(struct pending *p, struct timespec *since,
    void (*dead)(void *arg, long pid), void *arg)
{
	struct taking t = { p, since, dead, arg, false };

	return change(p, &t, false) < 0 ? -1 : t.any;
}

int
pending_clear(struct pending *p)
{
	return change(p, NULL, false);
}
