#include "parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "finish.h"
#include "newfile.h"
#include "place.h"
#include "status.h"

int
parcel_fail(struct parcel *p, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->error, sizeof p->error, fmt, ap);
	va_end(ap);
	return status;
}

int
parcel_fail_errno(struct parcel *p, int status, const char *what)
{
	if (what == NULL)
		return parcel_fail(p, status, "%s", strerror(errno));
	return parcel_fail(p, status, "%s: %s", what, strerror(errno));
}

int
parcel_open(struct parcel *p, const char *path)
{
	/* A FIFO is refused, not waited for; a link could lead anywhere. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
	    O_NOFOLLOW), status;

	if (fd < 0 && errno == ELOOP) {
		*p = (struct parcel){ .path = path, .fd = -1 };
		return parcel_fail(p, STATUS_NO, "a symbolic link, not sent");
	}
	status = parcel_take(p, fd, path);
	p->stop = finish_asked;
	return status;
}

int
parcel_take(struct parcel *p, int fd, const char *path)
{
	*p = (struct parcel){ .path = path, .fd = fd };
	if (p->fd < 0 || fstat(p->fd, &p->st) < 0)
		return parcel_fail_errno(p, STATUS_TROUBLE, NULL);
	if (S_ISDIR(p->st.st_mode))
		errno = EISDIR;
	else if (S_ISREG(p->st.st_mode))
		return STATUS_OK;
	else
		return parcel_fail(p, STATUS_NO, "not a regular file");
	return parcel_fail_errno(p, STATUS_NO, NULL);
}

int
parcel_begin(struct parcel *p)
{
	p->sha256[0] = '\0';
	if (fstat(p->fd, &p->st) < 0)
		return parcel_fail_errno(p, STATUS_TROUBLE, NULL);
	return STATUS_OK;
}

int
parcel_digest(struct parcel *p, int which)
{
	if (hash_range(which, p->fd, 0, (uint64_t)p->st.st_size, p->stop,
	    &p->digests) < 0)
		return errno == EINTR ?
		    parcel_fail(p, STATUS_RETRY, "interrupted") :
		    parcel_fail_errno(p, STATUS_TROUBLE, NULL);
	hash_hex(p->digests.sha256, SHA256_SIZE, p->sha256);
	return STATUS_OK;
}

static bool
same_contents(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool
parcel_changed(const struct parcel *p)
{
	struct stat now;

	return fstat(p->fd, &now) < 0 || !same_contents(&p->st, &now);
}

/* Does base in dir still stand for the file that was sent, unchanged? */
static int
check_name(struct parcel *p, int dir, const char *base)
{
	struct stat now;

	if (fstatat(dir, base, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return parcel_fail_errno(p, STATUS_TROUBLE, NULL);
	if (now.st_dev != p->st.st_dev || now.st_ino != p->st.st_ino ||
	    !same_contents(&p->st, &now))
		return parcel_fail(p, STATUS_NO, "delivered; changed since, "
		    "so not removed");
	return STATUS_OK;
}

int
parcel_remove(struct parcel *p)
{
	const char *base;
	int dir, status;

	if ((dir = open_parent(p->path, &base)) < 0)
		return parcel_fail_errno(p, STATUS_TROUBLE, NULL);
	status = check_name(p, dir, base);
	if (status == STATUS_OK && unlinkat(dir, base, 0) < 0)
		status = parcel_fail_errno(p, STATUS_TROUBLE, "delivered, but "
		    "not removed");
	close(dir);
	return status;
}

/* Rename base in from into the folder to; a taken name gets a suffix. */
static int
move(int from, const char *base, int to, char **name)
{
	for (unsigned n = 0; n < 10000; n++) {
		if ((*name = place_suffix(base, n)) == NULL)
			return -1;
		if (rename_noreplace(from, base, to, *name) == 0)
			return 0;
		free(*name);
		*name = NULL;
		if (errno != EEXIST)
			break;
	}
	return -1;
}

int
parcel_move(struct parcel *p, const char *dir, char **moved)
{
	const char *base;
	char *name = NULL;
	int from, to, status;

	*moved = NULL;
	to = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return parcel_fail_errno(p, STATUS_TROUBLE, dir);
	if ((from = open_parent(p->path, &base)) < 0) {
		status = parcel_fail_errno(p, STATUS_TROUBLE, NULL);
		goto close_to;
	}
	status = check_name(p, from, base);
	if (status == STATUS_OK && (move(from, base, to, &name) < 0 ||
	    asprintf(moved, "%s/%s", dir, name) < 0))
		status = parcel_fail_errno(p, STATUS_TROUBLE, dir);
	free(name);
	close(from);
close_to:
	close(to);
	return status;
}

void
parcel_close(struct parcel *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	buf_free(&p->url);
	buf_free(&p->etag);
}
