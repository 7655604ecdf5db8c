#include "trigger/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>

#include "base/buf.h"
#include "base/write_all.h"
#include "file/path.h"
#include "file/process_id.h"

enum { MARKS_MAX = 64 << 10 };	/* how many bytes of the file are looked at */

struct state_file {
	int fd;
	char self[PROCESS_ID_SIZE];
};

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

/* Whether the line is a whole mark, as we write it. */
static bool
is_mark(const char *line)
{
	unsigned long long start;
	char boot[40], end;
	long long sec;
	long pid, nsec;

	return sscanf(line, "%ld %llu %39s %lld.%9ld%c", &pid, &start, boot,
	    &sec, &nsec, &end) == 5;
}

/*
 * Whether the line is only the start of a mark, written before the disk was
 * full.
 */
static bool
is_torn_mark(const char *line)
{
	unsigned long long start;
	long pid;
	int n = 0;

	return sscanf(line, "%ld %llu %n", &pid, &start, &n) == 2 && n > 0 &&
	    line[n + (int)strspn(line + n, "0123456789abcdef-. ")] == '\0';
}

/*
 * Check that the file is empty, or was written by us.  A power cut may leave
 * zero bytes in the place of marks.  Returns 0, or -1 with errno, EEXIST.
 */
static int
check_ours(int fd)
{
	struct buf b = { 0 };
	bool ours = true;
	char *rest, *line;

	if (read_all(fd, &b) < 0 || buf_str(&b) == NULL) {
		buf_free(&b);
		return -1;
	}
	for (size_t i = 0; i < b.len; i++) {
		ours = ours && (b.p[i] == '\0' || b.p[i] == '\n');
		if (b.p[i] == '\0')
			b.p[i] = '?';
	}
	rest = b.p;
	while (!ours && (line = strsep(&rest, "\n")) != NULL)
		ours = is_mark(line) || is_torn_mark(line);
	buf_free(&b);
	errno = EEXIST;
	return ours ? 0 : -1;
}

struct state_file *
state_file_open(const char *path)
{
	struct state_file *p;

	if ((p = calloc(1, sizeof *p)) == NULL)
		return NULL;
	p->fd = path_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY, 0600);
	if (p->fd < 0 || check_ours(p->fd) < 0 || path_sync_parent(path) < 0 ||
	    process_id(getpid(), p->self) < 0) {
		state_file_free(p);
		return NULL;
	}
	return p;
}

void
state_file_free(struct state_file *p)
{
	int saved = errno;

	if (p == NULL)
		return;
	if (p->fd >= 0)
		close(p->fd);
	free(p);
	errno = saved;
}

/*
 * Read a line "PID START BOOT SECONDS.NANOSECONDS".  Returns the length of its
 * id, or 0.
 */
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
	struct state_file *p;
	struct timespec *since;
	int (*dead)(void *arg, long pid);
	void *arg;
	bool any;
};

/* Whether the line is our own mark. */
static bool
is_own(const struct state_file *p, const char *line)
{
	struct timespec since;
	size_t n = parse_mark(line, &since);

	return n > 0 && n == strlen(p->self) && memcmp(line, p->self, n) == 0;
}

/*
 * Returns the process that the mark is of: -1 when it lives, 0 when it cannot
 * be told.
 */
static long
dead_process(const char *line, struct timespec *since)
{
	size_t n = parse_mark(line, since);
	pid_t pid = n > 0 ? process_of(line, n) : -1;

	return pid > 0 ? -1 : pid == 0 ? strtol(line, NULL, 10) : 0;
}

/*
 * Take over the mark of another process.  Returns false if that process lives.
 */
static bool
take(struct taking *t, const char *line)
{
	struct timespec when = *t->since;

	if (dead_process(line, &when) < 0)
		return false;
	t->any = true;
	if (when.tv_sec < t->since->tv_sec)
		*t->since = when;
	return true;
}

/*
 * Write the file anew.  Its end must not be cut off on disk before the marks
 * that moved to the start are there.  Returns 0, or -1 with errno.
 */
static int
write_marks(struct state_file *p, const struct buf *marks)
{
	return lseek(p->fd, 0, SEEK_SET) < 0 ||
	    write_all(p->fd, marks->p, marks->len) < 0 ||
	    (marks->len > 0 && fdatasync(p->fd) < 0) ||
	    ftruncate(p->fd, (off_t)marks->len) < 0 ? -1 : 0;
}

/* The marks in the file, without our own. */
struct marks {
	struct buf all, taken, kept;	/* in the order of the file */
};

static void
sort_marks(struct state_file *p, struct taking *t, char *text, struct marks *m)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (*line == '\0' || is_own(p, line))
			continue;
		buf_printf(&m->all, "%s\n", line);
		buf_printf(t != NULL && take(t, line) ? &m->taken : &m->kept,
		    "%s\n", line);
	}
}

static void
add_own(struct buf *b, const struct taking *t)
{
	buf_printf(b, "%s %lld.%09ld\n", t->p->self,
	    (long long)t->since->tv_sec, t->since->tv_nsec);
}

/*
 * Call dead for the processes whose marks are taken.  Their files may be taken
 * over meanwhile, so their marks stay until that is done, with ours after them.
 * Returns 0 or -1.
 */
static int
tell_dead(struct taking *t, struct marks *m)
{
	struct timespec since;
	char *rest, *line;
	int r = 0;

	if (m->taken.len == 0 || t->dead == NULL)
		return 0;
	add_own(&m->all, t);
	if (m->all.failed || buf_str(&m->taken) == NULL || write_marks(t->p, &m->all) < 0 ||
	    fdatasync(t->p->fd) < 0)
		return -1;
	rest = m->taken.p;
	while (r == 0 && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			r = t->dead(t->arg, dead_process(line, &since));
	return r;
}

/*
 * Write the file anew: without our mark, without those taken, with a new one.
 */
static int
change(struct state_file *p, struct taking *t, bool mark)
{
	struct marks m = { 0 };
	struct buf old = { 0 };
	int r = -1, saved;

	while (flock(p->fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	if (read_all(p->fd, &old) < 0 || buf_str(&old) == NULL)
		goto out;
	for (size_t i = 0; i < old.len; i++)
		if (old.p[i] == '\0')	/* a power cut may leave zero bytes */
			old.p[i] = '?';
	sort_marks(p, t, old.p, &m);
	if (t != NULL && (mark || t->any))
		add_own(&m.kept, t);
	if (m.all.failed || m.taken.failed || m.kept.failed)
		errno = ENOMEM;
	else if ((t == NULL || tell_dead(t, &m) == 0) &&
	    write_marks(p, &m.kept) == 0)
		r = t != NULL ? fdatasync(p->fd) : 0;
out:
	saved = errno;
	flock(p->fd, LOCK_UN);
	buf_free(&old);
	buf_free(&m.all);
	buf_free(&m.taken);
	buf_free(&m.kept);
	errno = saved;
	return r;
}

int
state_file_mark(struct state_file *p, struct timespec *since,
    int (*dead)(void *arg, long pid), void *arg)
{
	struct taking t = { p, since, dead, arg, false };

	return change(p, &t, true) < 0 ? -1 : t.any;
}

int
state_file_adopt(struct state_file *p, struct timespec *since,
    int (*dead)(void *arg, long pid), void *arg)
{
	struct taking t = { p, since, dead, arg, false };

	return change(p, &t, false) < 0 ? -1 : t.any;
}

int
state_file_clear(struct state_file *p)
{
	return change(p, NULL, false);
}
