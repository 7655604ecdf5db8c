#include "file/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/status.h"
#include "base/termination.h"
#include "file/name_template.h"
#include "file/newfile.h"
#include "file/source.h"
#include "file/path.h"

int
upload_fail(struct upload *p, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->error, sizeof p->error, fmt, ap);
	va_end(ap);
	return status;
}

int
upload_fail_errno(struct upload *p, int status, const char *what)
{
	if (what == NULL)
		return upload_fail(p, status, "%s", strerror(errno));
	return upload_fail(p, status, "%s: %s", what, strerror(errno));
}

int
upload_open(struct upload *p, const char *path)
{
	/* A FIFO is refused, not waited for; a link could lead anywhere. */
	int fd = path_open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW,
	    0), status;

	if (fd < 0 && errno == ELOOP) {
		*p = (struct upload){ .path = path, .fd = -1 };
		return upload_fail(p, STATUS_NO, "a symbolic link, not sent");
	}
	status = upload_take(p, fd, path);
	p->stop = termination_asked;
	return status;
}

int
upload_take(struct upload *p, int fd, const char *path)
{
	*p = (struct upload){ .path = path, .fd = fd };
	if (p->fd < 0 || fstat(p->fd, &p->st) < 0)
		return upload_fail_errno(p, STATUS_TROUBLE, NULL);
	if (S_ISDIR(p->st.st_mode))
		errno = EISDIR;
	else if (S_ISREG(p->st.st_mode))
		return STATUS_OK;
	else
		return upload_fail(p, STATUS_NO, "not a regular file");
	return upload_fail_errno(p, STATUS_NO, NULL);
}

int
upload_begin(struct upload *p)
{
	p->sha256[0] = '\0';
	if (fstat(p->fd, &p->st) < 0)
		return upload_fail_errno(p, STATUS_TROUBLE, NULL);
	return STATUS_OK;
}

int
upload_digest(struct upload *p, int which)
{
	if (digest_range(which, p->fd, 0, (uint64_t)p->st.st_size, p->stop,
	    &p->digests) < 0)
		return errno == EINTR ?
		    upload_fail(p, STATUS_RETRY, "interrupted") :
		    upload_fail_errno(p, STATUS_TROUBLE, NULL);
	digest_hex(p->digests.sha256, SHA256_SIZE, p->sha256);
	return STATUS_OK;
}

bool
upload_changed(const struct upload *p)
{
	struct stat now;

	return fstat(p->fd, &now) == 0 && !source_is_same(&p->st, &now);
}

/* Say why the delivered file was not removed; errno has the reason. */
static int
not_removed(struct upload *p)
{
	if (errno == ESTALE)
		return upload_fail(p, STATUS_NO, "delivered; changed since, "
		    "so not removed");
	return upload_fail_errno(p, STATUS_TROUBLE, "delivered, but not "
	    "removed");
}

int
upload_remove(struct upload *p)
{
	const char *base;
	int dir, status = STATUS_OK;

	if ((dir = path_parent(p->path, &base)) < 0)
		return upload_fail_errno(p, STATUS_TROUBLE, NULL);
	if (source_remove_at(dir, base, &p->st) < 0)
		status = not_removed(p);
	close(dir);
	return status;
}

static bool
same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Whether a in from and b in to are two names of one file, and not the same
 * name.
 */
static bool
is_linked(int from, const char *a, int to, const char *b)
{
	struct stat x, y;

	return fstat(from, &x) == 0 && fstat(to, &y) == 0 &&
	    !same_inode(&x, &y) &&
	    fstatat(from, a, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(to, b, &y, AT_SYMLINK_NOFOLLOW) == 0 && same_inode(&x, &y);
}

/*
 * As rename_noreplace, but only for the file st: any other file gets its name
 * back.
 */
static int
rename_file(int from, const char *base, int to, const char *name,
    const struct stat *st)
{
	if (rename_noreplace(from, base, to, name) < 0)
		return -1;
	if (source_is_named(to, name, st))
		return 0;
	(void)!rename_noreplace(to, name, from, base);
	errno = ESTALE;
	return -1;
}

/*
 * Move base, the file st in from, into the folder to; a taken name gets a
 * suffix.  A run that was stopped may have given the file its new name and not
 * removed the old one.
 */
static int
move(int from, const char *base, int to, const struct stat *st, char **name)
{
	for (unsigned n = 0; n < 10000; n++) {
		if ((*name = name_template_suffix(base, n)) == NULL)
			return -1;
		if (rename_file(from, base, to, *name, st) == 0 ||
		    (errno == EEXIST && is_linked(from, base, to, *name) &&
		    path_sync_folder(to) == 0 && unlinkat(from, base, 0) == 0))
			return path_sync_folder(to) < 0 ? -1 :
			    path_sync_folder(from);
		if (errno != EEXIST)
			break;
		free(*name);
		*name = NULL;
	}
	return -1;
}

int
upload_move(struct upload *p, const char *dir, char **moved)
{
	const char *base;
	char *name = NULL;
	int from, to, status;

	*moved = NULL;
	if ((to = path_folder(dir)) < 0)
		return upload_fail_errno(p, STATUS_TROUBLE, dir);
	if ((from = path_parent(p->path, &base)) < 0) {
		status = upload_fail_errno(p, STATUS_TROUBLE, NULL);
		goto close_to;
	}
	status = STATUS_OK;
	if (!source_is_named(from, base, &p->st))
		status = not_removed(p);
	else if (move(from, base, to, &p->st, &name) < 0)
		status = errno == ESTALE ? not_removed(p) :
		    upload_fail_errno(p, STATUS_TROUBLE, dir);
	else if (asprintf(moved, "%s/%s", dir, name) < 0)
		status = upload_fail_errno(p, STATUS_TROUBLE, dir);
	free(name);
	close(from);
close_to:
	close(to);
	return status;
}

void
upload_close(struct upload *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	buf_free(&p->url);
	buf_free(&p->etag);
}
