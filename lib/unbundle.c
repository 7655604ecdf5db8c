#include "unbundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <archive.h>
#include <archive_entry.h>

#include "beneath.h"
#include "input.h"
#include "newfile.h"

enum { BLOCK = 64 * 1024 };

struct unbundle {
	struct archive *a;
	struct archive_entry *entry;
	struct input *in;		/* NULL for zip, */
	int fd;				/* where there is a way back */
	bool failed;			/* to read; error says why */
	char error[256];
	char buf[BLOCK];		/* for give */
	char data[BLOCK];		/* of a member */
};

static int
fail(struct unbundle *u, const char *why)
{
	if (!u->failed)
		snprintf(u->error, sizeof u->error, "%s",
		    why != NULL ? why : "cannot be read");
	return -1;
}

/* What libarchive reads from.  It would not tell the reason of a failure. */
static la_ssize_t
give(struct archive *a, void *arg, const void **p)
{
	struct unbundle *u = arg;
	ssize_t n = u->in != NULL ? input_read(u->in, u->buf, sizeof u->buf) :
	    read(u->fd, u->buf, sizeof u->buf);

	(void)a;
	if (n < 0) {
		fail(u, u->in != NULL ? input_error(u->in) : strerror(errno));
		u->failed = true;
	}
	*p = u->buf;
	return n;
}

static la_int64_t
seek(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	const struct unbundle *u = arg;

	(void)a;
	return lseek(u->fd, offset, whence);
}

struct unbundle *
unbundle_new(int fd, enum bundle_type type)
{
	struct unbundle *u;
	int r, own;

	if ((u = calloc(1, sizeof *u)) == NULL)
		return NULL;
	if ((u->a = archive_read_new()) == NULL)
		goto fail;
	if (type == BUNDLE_ZIP) {
		u->fd = fd;
		archive_read_support_format_zip(u->a);
		archive_read_set_seek_callback(u->a, seek);
	} else {
		if ((own = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0)
			goto fail;
		if ((u->in = input_new(own)) == NULL) {
			close(own);
			goto fail;
		}
		archive_read_support_format_tar(u->a);
		archive_read_support_format_empty(u->a);
	}
	r = archive_read_open(u->a, u, NULL, give, NULL);
	if (r >= ARCHIVE_WARN || u->failed)
		return u;
	errno = EINVAL;
fail:
	unbundle_free(u);
	return NULL;
}

/* After the last member: is the rest sound, too? */
static int
read_rest(struct unbundle *u)
{
	ssize_t n = 0;

	while (u->in != NULL &&
	    (n = input_read(u->in, u->buf, sizeof u->buf)) > 0)
		;
	return n < 0 ? fail(u, input_error(u->in)) : 0;
}

int
unbundle_next(struct unbundle *u, struct member *m)
{
	struct archive_entry *e;
	int r;

	if (u->failed)
		return -1;
	r = archive_read_next_header(u->a, &e);
	if (r == ARCHIVE_EOF)
		return read_rest(u);
	if (r < ARCHIVE_WARN)
		return fail(u, archive_error_string(u->a));
	u->entry = e;
	m->name = archive_entry_pathname(e);
	if (m->name == NULL)
		m->name = "";
	m->mode = archive_entry_mode(e);
	if (archive_entry_hardlink(e) != NULL)
		m->mode = (m->mode & 07777) | S_IFLNK;
	m->uid = (uid_t)archive_entry_uid(e);
	m->gid = (gid_t)archive_entry_gid(e);
	m->mtime.tv_sec = archive_entry_mtime(e);
	m->mtime.tv_nsec = archive_entry_mtime_nsec(e);
	return 1;
}

/* The member, to fd unless that is -1; 0, or -1 with errno. */
static int
copy(struct unbundle *u, int fd, struct content *c)
{
	la_ssize_t n;
	ssize_t w;

	*c = (struct content){ 0 };
	while ((n = archive_read_data(u->a, u->data, sizeof u->data)) > 0) {
		content_add(c, u->data, (size_t)n);
		for (la_ssize_t at = 0; fd >= 0 && at < n; at += w)
			if ((w = write(fd, u->data + at, (size_t)(n - at))) < 0)
				return fail(u, strerror(errno));
	}
	if (n == 0)
		return 0;
	errno = EBADMSG;
	return fail(u, archive_error_string(u->a));
}

int
unbundle_content(struct unbundle *u, struct content *c)
{
	return copy(u, -1, c);
}

bool
unbundle_is(struct unbundle *u, int fd)
{
	la_ssize_t n;
	off_t at = 0;

	while ((n = archive_read_data(u->a, u->data, sizeof u->data)) > 0 &&
	    content_at(fd, at, u->data, (size_t)n))
		at += n;
	return n == 0 && content_at(fd, at, u->data, 0);
}

/* What the member is besides its contents; 0, or -1 with errno. */
static int
restore(struct unbundle *u, const struct member *m, int fd)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, m->mtime };
	const char *name;
	const void *value;
	size_t size;

	if (geteuid() == 0 && fchown(fd, m->uid, m->gid) < 0)
		return -1;
	archive_entry_xattr_reset(u->entry);
	while (archive_entry_xattr_next(u->entry, &name, &value, &size) ==
	    ARCHIVE_OK)
		if (strncmp(name, "user.", 5) == 0)	/* others give rights */
			(void)!fsetxattr(fd, name, value, size, 0);
	return fchmod(fd, m->mode & 0777) < 0 ? -1 : futimens(fd, times);
}

/* Write the new file f; 0, or -1 with error and errno set. */
static int
save(struct unbundle *u, const struct member *m, struct newfile *f)
{
	struct content c;
	const char *why;

	if (copy(u, f->fd, &c) < 0)
		return -1;
	if (content_check(&c, f->fd, true, &why) < 0) {
		errno = EIO;
		return fail(u, why);
	}
	if (restore(u, m, f->fd) < 0 || newfile_commit(f) < 0)
		return fail(u, strerror(errno));
	return 0;
}

/*
 * There is a file base in dir.  Is it what a killed run made of the member?
 * Then make sure that it stays: 0, or -1 with errno.
 */
static int
complete(struct unbundle *u, int dir, const char *base)
{
	int fd = openat(dir, base,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int r = -1, error = EEXIST;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    unbundle_is(u, fd)) {
		r = fsync(fd) < 0 || (fsync(dir) < 0 && errno != EINVAL) ?
		    -1 : 0;
		error = errno;
	}
	if (fd >= 0)
		close(fd);
	errno = error;
	return r;
}

int
unbundle_save(struct unbundle *u, const struct member *m, int dir)
{
	const char *base;
	struct newfile f;
	int parent, r = -1, saved;

	if ((parent = open_beneath(dir, m->name, &base)) < 0) {
		fail(u, errno == EINVAL ? "leads out of the folder" :
		    strerror(errno));
		errno = errno == ENOTDIR ? EINVAL : errno;
		return -1;
	}
	if (newfile_openat(&f, parent, base, 0600) == 0)
		r = save(u, m, &f);
	else if (errno != EEXIST || (r = complete(u, parent, base)) < 0)
		fail(u, strerror(errno));
	saved = errno;
	newfile_abort(&f);
	close(parent);
	errno = saved;
	return r;
}

const char *
unbundle_error(const struct unbundle *u)
{
	return u->error;
}

void
unbundle_free(struct unbundle *u)
{
	if (u == NULL)
		return;
	if (u->a != NULL)
		archive_read_free(u->a);
	input_close(u->in);
	free(u);
}
