#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/sendfile.h>

static int
open_unnamed(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (dir == NULL || *dir != '/')
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (snprintf(path, sizeof path, "%s/logquiet.XXXXXX", dir) >=
	    (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = mkostemp(path, O_CLOEXEC)) >= 0)
		unlink(path);
	return fd;
}

/* A file of that name is what a process of our number left. */
static int
open_feed(struct feed *f, const char *base, unsigned number)
{
	if (base == NULL)
		return f->fd = open_unnamed();
	if (asprintf(&f->path, "%s.%ld.%u", base, (long)getpid(), number) < 0) {
		f->path = NULL;
		return -1;
	}
	f->fd = open(f->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd >= 0) {
		lseek(f->fd, 0, SEEK_END);
	} else {
		free(f->path);
		f->path = NULL;
	}
	return f->fd;
}

int
feed_add(struct feed *f, const char *base, unsigned number, const void *data,
    size_t n)
{
	const char *p = data;
	ssize_t put;

	if (f->fd < 0 && open_feed(f, base, number) < 0)
		return -1;
	while (n > 0) {
		if ((put = write(f->fd, p, n)) < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

static int
append_file(struct feed *f, const char *path)
{
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return -1;
	while ((n = sendfile(f->fd, fd, NULL, 1 << 30)) > 0)
		;
	close(fd);
	return n < 0 ? -1 : unlink(path);
}

int
feed_adopt(struct feed *f, const char *base, unsigned number, long pid)
{
	char *pattern;
	glob_t g;
	int r = 0;

	if (feed_add(f, base, number, NULL, 0) < 0 ||
	    asprintf(&pattern, "%s.%ld.*", base, pid) < 0)
		return -1;
	if (pid != (long)getpid() && glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; r == 0 && i < g.gl_pathc; i++)
			r = append_file(f, g.gl_pathv[i]);
		globfree(&g);
	}
	free(pattern);
	return r;
}

void
feed_free(struct feed *f)
{
	if (f->path != NULL)
		unlink(f->path);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	*f = (struct feed){ .fd = -1 };
}
