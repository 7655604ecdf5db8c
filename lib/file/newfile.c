#include "file/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "file/path.h"

enum {
	NAME_LIMIT = 255,	/* NAME_MAX of every Linux file system */
	MANY = 16, /* from so many files on, one sync for all is faster */
};

static const char suffix[] = ".logferry";

#ifndef RENAME_NOREPLACE	/* musl before 1.2.6 */
#define RENAME_NOREPLACE 1
static int
renameat2(int fromdir, const char *from, int todir, const char *to,
    unsigned flags)
{
	return (int)syscall(SYS_renameat2, fromdir, from, todir, to, flags);
}
#endif

int
rename_noreplace(int fromdir, const char *from, int todir, const char *to)
{
	int saved;

	if (renameat2(fromdir, from, todir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	if (linkat(fromdir, from, todir, to, 0) < 0)
		return -1;
	/* A power cut may keep the second change of names without the first. */
	if (path_sync_folder(todir) == 0)
		return unlinkat(fromdir, from, 0);
	saved = errno;
	unlinkat(todir, to, 0);
	errno = saved;
	return -1;
}

/*
 * The temporary name: ".NAME.logferry"; for a NAME too long for that, its start
 * and a checksum.
 */
static char *
temp_name(const char *base)
{
	size_t len = strlen(base);
	uint64_t h = 14695981039346656037u;	/* FNV-1a */
	char *p;

	if (len + 1 + strlen(suffix) <= NAME_LIMIT)
		return asprintf(&p, ".%s%s", base, suffix) < 0 ? NULL : p;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)base[i]) * 1099511628211u;
	return asprintf(&p, ".%.200s-%016llx%s", base, (unsigned long long)h,
	    suffix) < 0 ? NULL : p;
}

bool
newfile_is_temp(const char *base)
{
	size_t len = strlen(base), n = strlen(suffix);

	return *base == '.' && len > n && strcmp(base + len - n, suffix) == 0;
}

/* Whether the open file fd is the one called name. */
static bool
still_named(int dir, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	    fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/*
 * Open a leftover file to lock it, for which NFS wants it writable; its mode
 * may be final by now.
 */
static int
open_leftover(int dir, const char *temp)
{
	int how = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(dir, temp, O_WRONLY | how);

	return fd < 0 && errno == EACCES ?
	    openat(dir, temp, O_RDONLY | how) : fd;
}

/*
 * Remove the temporary file of a run that has ended.  Returns 0 when there is
 * none any longer, -1 with errno: EBUSY when a live run has it, EEXIST when it
 * is not ours (a file that root made may have been given to another user).
 */
static int
remove_leftover(int dir, const char *temp)
{
	struct stat st;
	int fd, r = -1, saved;

	if ((fd = open_leftover(dir, temp)) < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) < 0)
		;
	else if (!S_ISREG(st.st_mode) ||
	    (st.st_uid != geteuid() && geteuid() != 0))
		errno = EEXIST;
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		errno = errno == EWOULDBLOCK ? EBUSY : errno;
	else if (!still_named(dir, temp, fd))
		r = 0;
	else
		r = unlinkat(dir, temp, 0);
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

void
newfile_clean(int dir, const char *base)
{
	char *temp = temp_name(base);

	if (temp != NULL)
		remove_leftover(dir, temp);
	free(temp);
}

/* Create temp and lock it.  Returns a descriptor, or -1. */
static int
create_temp(int dir, const char *temp, mode_t mode)
{
	int fd, saved;

	for (int tries = 0; tries < 100; tries++) {
		fd = openat(dir, temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, mode);
		if (fd < 0) {
			if (errno != EEXIST || remove_leftover(dir, temp) < 0)
				return -1;
			continue;
		}
		/* Between open and flock another run may take it for a
		 * leftover. */
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
		    still_named(dir, temp, fd))
			return fd;
		saved = errno;
		close(fd);
		errno = saved;
	}
	errno = EBUSY;
	return -1;
}

/*
 * Open a new file for base in dir; f->over says whether base may exist already.
 */
static int
open_in(struct newfile *f, int dir, const char *base, mode_t mode)
{
	struct stat st;
	int saved;

	if ((f->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3)) < 0)
		return -1;
	if ((f->base = strdup(base)) == NULL ||
	    (f->temp = temp_name(base)) == NULL)
		goto fail;
	if (!f->over && fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		/* Somebody took the name meanwhile. */
		remove_leftover(dir, f->temp);
		errno = EEXIST;
		goto fail;
	}
	if ((f->fd = create_temp(f->dir, f->temp, mode)) < 0)
		goto fail;
	return 0;
fail:
	saved = errno;
	free(f->temp);
	f->temp = NULL;		/* not ours: newfile_abort must leave it */
	newfile_abort(f);
	errno = saved;
	return -1;
}

static int
open_path(struct newfile *f, const char *path, mode_t mode)
{
	const char *base;
	int dir, r, saved;

	if ((dir = path_parent(path, &base)) < 0)
		return -1;
	r = open_in(f, dir, base, mode);
	saved = errno;
	close(dir);
	errno = saved;
	return r;
}

int
newfile_openat(
    struct newfile *f, int dir, const char *base, mode_t mode, bool over)
{
	*f = (struct newfile){ .fd = -1, .dir = -1, .over = over };
	return open_in(f, dir, base, mode);
}

int
newfile_open(struct newfile *f, const char *path, mode_t mode)
{
	*f = (struct newfile){ .fd = -1, .dir = -1 };
	return open_path(f, path, mode);
}

int
newfile_open_over(struct newfile *f, const char *path, mode_t mode)
{
	*f = (struct newfile){ .fd = -1, .dir = -1, .over = true };
	return open_path(f, path, mode);
}

/*
 * When n files are many, sync the file system of the first of them, and return
 * its number; else 0.
 */
static dev_t
sync_all(const struct newfile *f, size_t n)
{
	struct stat st;

	return n >= MANY && fstat(f->fd, &st) == 0 && syncfs(f->fd) == 0 ?
	    st.st_dev : 0;
}

/* Sync fd, unless its file system was just synced.  Returns 0 or -1. */
static int
sync_rest(int fd, dev_t synced)
{
	struct stat st;

	if (synced == 0 || fstat(fd, &st) < 0 || st.st_dev != synced)
		return fsync(fd);
	/* Before Linux 5.8, syncfs(2) did not report errors; this call does. */
	return S_ISREG(st.st_mode) ?
	    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) : 0;
}

/*
 * Sync f and give it its name, which must then be that of f.  Returns 0 or an
 * errno.
 */
static int
give_name(struct newfile *f, dev_t synced)
{
	if (sync_rest(f->fd, synced) < 0 ||
	    (f->over ? renameat(f->dir, f->temp, f->dir, f->base) :
	    rename_noreplace(f->dir, f->temp, f->dir, f->base)) < 0)
		return errno;
	free(f->temp);
	f->temp = NULL;
	return still_named(f->dir, f->base, f->fd) ? 0 : ESTALE;
}

/* Close f and sync its name.  Returns 0 or an errno. */
static int
keep_name(struct newfile *f, dev_t synced)
{
	int fd = f->fd;

	f->fd = -1;
	if (close(fd) < 0 && errno != EINTR)
		return errno;
	return sync_rest(f->dir, synced) < 0 && errno != EINVAL ? errno : 0;
}

void
newfile_commit_all(struct newfile *f, size_t n)
{
	dev_t synced = sync_all(f, n);
	int error;

	for (size_t i = 0; i < n; i++)
		f[i].error = give_name(&f[i], synced);
	synced = sync_all(f, n);
	for (size_t i = 0; i < n; i++) {
		error = f[i].error != 0 ? f[i].error :
		    keep_name(&f[i], synced);
		newfile_abort(&f[i]);
		f[i].error = error;
	}
}

int
newfile_commit(struct newfile *f)
{
	newfile_commit_all(f, 1);
	errno = f->error;
	return f->error != 0 ? -1 : 0;
}

void
newfile_abort(struct newfile *f)
{
	if (f->temp != NULL)
		unlinkat(f->dir, f->temp, 0);
	if (f->fd >= 0)
		close(f->fd);
	if (f->dir >= 0)
		close(f->dir);
	free(f->temp);
	free(f->base);
	*f = (struct newfile){ .fd = -1, .dir = -1 };
}
