#include "pack/archive_reader.h"

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

#include "base/write_all.h"
#include "file/path.h"
#include "base/termination.h"
#include "file/newfile.h"
#include "input/input.h"
#include "pack/zip_end.h"

enum { BLOCK = 64 * 1024 };

struct archive_reader {
	struct archive *a;
	struct archive_entry *entry;
	struct input *in; /* NULL for zip, which is read from fd */
	int fd; /* the file, in which zip is read back and forth */
	bool failed;			/* reading failed; error says why */
	char error[256];
	char buf[BLOCK];		/* the data that give returns */
	char data[BLOCK];		/* the data of a member */
};

static int
fail(struct archive_reader *u, const char *why)
{
	if (!u->failed)
		snprintf(u->error, sizeof u->error, "%s",
		    why != NULL ? why : "cannot be read");
	return -1;
}

/*
 * The function that libarchive reads by. libarchive would not keep the reason
 * of a failure.
 */
static la_ssize_t
give(struct archive *a, void *arg, const void **p)
{
	struct archive_reader *u = arg;
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
	const struct archive_reader *u = arg;

	(void)a;
	return lseek(u->fd, offset, whence);
}

struct archive_reader *
archive_reader_new(int fd, enum archive_type type)
{
	struct archive_reader *u;
	int r, own;

	if ((u = calloc(1, sizeof *u)) == NULL)
		return NULL;
	if ((u->a = archive_read_new()) == NULL)
		goto fail;
	if (type == ARCHIVE_TYPE_ZIP) {
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
		archive_read_set_options(u->a, "read_concatenated_archives");
		archive_read_support_format_empty(u->a);
	}
	r = archive_read_open(u->a, u, NULL, give, NULL);
	if (r >= ARCHIVE_WARN || u->failed)
		return u;
	errno = EINVAL;
fail:
	archive_reader_free(u);
	return NULL;
}

/* After the last member, check that the rest is sound, too. */
static int
read_rest(struct archive_reader *u)
{
	ssize_t n = 0;

	while ((n = input_read(u->in, u->buf, sizeof u->buf)) > 0)
		;
	return n < 0 ? fail(u, input_error(u->in)) : 0;
}

/* The same for a zip archive: nothing may stand before or after it. */
static int
check_zip(struct archive_reader *u)
{
	int r = zip_is_whole(u->fd);

	if (r > 0)
		return 0;
	return fail(u, r < 0 ? strerror(errno) :
	    "other data stands before or behind the archive");
}

/*
 * Returns why a member must not be unpacked, whatever the folder; NULL when it
 * may.
 */
static const char *
unfit(const struct member *m, int64_t uid, int64_t gid)
{
	const char *slash = strrchr(m->name, '/');

	if (strchr(m->name, '\n') != NULL)
		return "has a newline in its name";
	if (path_climbs(m->name))
		return "leads out of the folder";
	if (S_ISDIR(m->mode))
		return NULL;
	if (!S_ISREG(m->mode))
		return "is not a regular file";
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return "has an owner that no system knows";
	if (newfile_is_temp(slash != NULL ? slash + 1 : m->name))
		return "has the name of a temporary file";
	return NULL;
}

/*
 * A system of 32 bits may have a libarchive whose time_t has as many, where ours
 * has 64.  What it takes for an argument behind a time tells.
 */
static bool
has_short_times(void)
{
	struct archive_entry *e;
	bool is_short = false;

	if (sizeof(time_t) > sizeof(long) && (e = archive_entry_new()) != NULL) {
		archive_entry_set_mtime(e, 1, 7);
		is_short = archive_entry_mtime_nsec(e) != 7;
		archive_entry_free(e);
	}
	return is_short;
}

int
archive_reader_next(struct archive_reader *u, struct member *m)
{
	struct archive_entry *e;
	int r;

	if (u->failed)
		return -1;
	r = archive_read_next_header(u->a, &e);
	if (r == ARCHIVE_EOF)
		return u->in != NULL ? read_rest(u) : check_zip(u);
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
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
	if (has_short_times())
		m->mtime.tv_sec = (int32_t)m->mtime.tv_sec;
	m->mtime.tv_nsec = archive_entry_mtime_nsec(e);
	m->unfit = unfit(m, archive_entry_uid(e), archive_entry_gid(e));
	return 1;
}

/* Copy the member to fd, unless that is -1.  Returns 0, or -1 with errno. */
static int
copy(struct archive_reader *u, int fd, struct content *c)
{
	la_ssize_t n;

	*c = (struct content){ 0 };
	while ((n = archive_read_data(u->a, u->data, sizeof u->data)) > 0) {
		if (termination_asked()) {	/* a hole may be very large */
			errno = EINTR;
			return fail(u, strerror(errno));
		}
		content_add(c, u->data, (size_t)n);
		if (fd >= 0 && write_all(fd, u->data, (size_t)n) < 0)
			return fail(u, strerror(errno));
	}
	if (n == 0)
		return 0;
	errno = EBADMSG;
	return fail(u, archive_error_string(u->a));
}

int
archive_reader_content(struct archive_reader *u, struct content *c)
{
	return copy(u, -1, c);
}

bool
archive_reader_is(struct archive_reader *u, int fd)
{
	la_ssize_t n;
	off_t at = 0;

	while ((n = archive_read_data(u->a, u->data, sizeof u->data)) > 0 &&
	    !termination_asked() && content_at(fd, at, u->data, (size_t)n))
		at += n;
	return n == 0 && content_at(fd, at, u->data, 0);
}

/*
 * Give the file the member's mode, times and other attributes.  Returns 0, or
 * -1 with errno.
 */
static int
restore(struct archive_reader *u, const struct member *m, int fd)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		m->mtime };
	const char *name;
	const void *value;
	size_t size;

	if (geteuid() == 0 && fchown(fd, m->uid, m->gid) < 0)
		return -1;
	archive_entry_xattr_reset(u->entry);
	while (archive_entry_xattr_next(u->entry, &name, &value, &size) ==
	    ARCHIVE_OK)
		/* Attributes of other kinds give rights. */
		if (strncmp(name, "user.", 5) == 0)
			(void)!fsetxattr(fd, name, value, size, 0);
	return fchmod(fd, m->mode & 0777) < 0 ? -1 : futimens(fd, times);
}

/* Write the new file f.  Returns 0, or -1 with error and errno set. */
static int
save(struct archive_reader *u, const struct member *m, struct newfile *f)
{
	struct content c;
	const char *why;

	if (copy(u, f->fd, &c) < 0)
		return -1;
	if (content_check(&c, f->fd, true, &why) < 0) {
		errno = EIO;
		return fail(u, why);
	}
	return restore(u, m, f->fd) < 0 ? fail(u, strerror(errno)) : 0;
}

/*
 * Handle a file base that exists in dir.  If a killed run has made it from the
 * member, make sure that it stays.  Returns 0, or -1 with errno.
 */
static int
complete(struct archive_reader *u, int dir, const char *base)
{
	int fd = openat(dir, base,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int r = -1, error = EEXIST;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    archive_reader_is(u, fd)) {
		r = fsync(fd) < 0 ? -1 : path_sync_folder(dir);
		error = errno;
	}
	if (fd >= 0)
		close(fd);
	errno = error;
	return r;
}

int
archive_reader_save(struct archive_reader *u, const struct member *m, int dir,
    struct newfile *f)
{
	const char *base;
	int parent, r = -1, saved;

	*f = (struct newfile){ .fd = -1, .dir = -1 };

	if ((parent = path_make_beneath(dir, m->name, &base)) < 0) {
		fail(u, errno == EINVAL ? "leads out of the folder" :
		    errno == ELOOP ? "a symbolic link is in its way" :
		    strerror(errno));
		if (errno == ENOTDIR || errno == ELOOP)
			errno = EINVAL;
		return -1;
	}
	if (newfile_openat(f, parent, base, 0600, false) == 0)
		r = save(u, m, f);
	else if (errno != EEXIST || (r = complete(u, parent, base)) < 0)
		fail(u, strerror(errno));
	saved = errno;
	if (r < 0)
		newfile_abort(f);
	close(parent);
	errno = saved;
	return r;
}

const char *
archive_reader_error(const struct archive_reader *u)
{
	return u->error;
}

void
archive_reader_free(struct archive_reader *u)
{
	if (u == NULL)
		return;
	if (u->a != NULL)
		archive_read_free(u->a);
	input_close(u->in);
	free(u);
}
