/*
 * fault - make one system call of a program fail, or be its last
 *
 * Preloaded (LD_PRELOAD).  The environment tells what is to happen:
 *	FAULT_CALL	write, read, fsync, close (of what was open for writing),
 *			rename, link, unlink, open, mkdir, mode or time;
 *			all counts every one of them
 *	FAULT_NTH	which call of that kind, from 1
 *	FAULT_ERRNO	what it fails with; 0: the program is killed before it
 *	FAULT_LOG	a file where each call adds its name; "fault" when it fails
 *	FAULT_SHORT	set: reads and writes do half of what they are asked
 *	FAULT_RENAME	the errno of all renames that are to replace nothing
 * Only what happens in the folder FAULT_DIR counts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

static atomic_int count;

/* The real function of that name and type. */
#define REAL(name, ...) ((__typeof__(name) *)real(#name))(__VA_ARGS__)

static void *
real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static bool
is_beneath(const char *path)
{
	const char *dir = getenv("FAULT_DIR");

	return dir != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static bool
is_ours(int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (fd == AT_FDCWD)
		strcpy(link, "/proc/self/cwd");
	n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	return is_beneath(path);
}

static void
record(const char *what)
{
	const char *log = getenv("FAULT_LOG");
	int fd;

	if (log == NULL)
		return;
	fd = REAL(open, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	dprintf(fd, "%s\n", what);
	close(fd);
}

/* A call named what, one that counts: is it to fail?  Then errno is set. */
static bool
this_fails(const char *what)
{
	const char *call = getenv("FAULT_CALL"), *nth = getenv("FAULT_NTH");
	const char *error = getenv("FAULT_ERRNO");

	record(what);
	if (call == NULL || nth == NULL || error == NULL ||
	    (strcmp(call, what) != 0 && strcmp(call, "all") != 0) ||
	    atomic_fetch_add(&count, 1) + 1 != atoi(nth))
		return false;
	record("fault");
	if (atoi(error) == 0)
		kill(getpid(), SIGKILL);
	errno = atoi(error);
	return true;
}

static bool
fails(const char *what, int fd)
{
	return is_ours(fd) && this_fails(what);
}

static size_t
shortened(size_t n, int fd)
{
	return n > 1 && getenv("FAULT_SHORT") != NULL && is_ours(fd) ?
	    n / 2 : n;
}

/* A write that fails has written a part, as on a disk that becomes full. */
ssize_t
write(int fd, const void *p, size_t n)
{
	if (!fails("write", fd))
		return REAL(write, fd, p, shortened(n, fd));
	n = n > 1 ? (size_t)REAL(write, fd, p, n / 2) : n;
	errno = atoi(getenv("FAULT_ERRNO"));
	return -1;
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return fails("write", fd) ? -1 : REAL(pwrite64, fd, p, n, at);
}

ssize_t
read(int fd, void *p, size_t n)
{
	return fails("read", fd) ? -1 :
	    REAL(read, fd, p, shortened(n, fd));
}

ssize_t
pread64(int fd, void *p, size_t n, off64_t at)
{
	return fails("read", fd) ? -1 : REAL(pread64, fd, p, n, at);
}

/* What -D_FORTIFY_SOURCE makes of them. */
ssize_t __read_chk(int fd, void *p, size_t n, size_t size);
ssize_t __pread64_chk(int fd, void *p, size_t n, off64_t at, size_t size);

ssize_t
__read_chk(int fd, void *p, size_t n, size_t size)
{
	(void)size;
	return read(fd, p, n);
}

ssize_t
__pread64_chk(int fd, void *p, size_t n, off64_t at, size_t size)
{
	(void)size;
	return pread64(fd, p, n, at);
}

int
fsync(int fd)
{
	return fails("fsync", fd) ? -1 : REAL(fsync, fd);
}

int
renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
	const char *error = getenv("FAULT_RENAME");

	if (fails("rename", from))
		return -1;
	if (error != NULL && flags == RENAME_NOREPLACE) {
		errno = atoi(error);
		return -1;
	}
	return REAL(renameat2, from, a, to, b, flags);
}

int
linkat(int from, const char *a, int to, const char *b, int flags)
{
	return fails("link", from) ? -1 : REAL(linkat, from, a, to, b, flags);
}

int
mkdirat(int dir, const char *name, mode_t mode)
{
	return fails("mkdir", dir) ? -1 : REAL(mkdirat, dir, name, mode);
}

/* One that fails has closed it, as close(2) tells. */
int
close(int fd)
{
	int how = fcntl(fd, F_GETFL);
	bool fault = how >= 0 && (how & O_ACCMODE) != O_RDONLY &&
	    fails("close", fd);
	int error = errno, r = REAL(close, fd);

	if (fault)
		errno = error;
	return fault ? -1 : r;
}

int
unlinkat(int dir, const char *name, int flags)
{
	return fails("unlink", dir) ? -1 : REAL(unlinkat, dir, name, flags);
}

int
openat64(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return fails("open", dir) ? -1 :
	    REAL(openat64, dir, name, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	char *whole = realpath(path, NULL);
	bool fault = whole != NULL && is_beneath(whole) && this_fails("open");
	mode_t mode = 0;
	va_list ap;

	free(whole);
	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return fault ? -1 : REAL(open64, path, flags, mode);
}

int
fchmod(int fd, mode_t mode)
{
	return fails("mode", fd) ? -1 : REAL(fchmod, fd, mode);
}

int
futimens(int fd, const struct timespec t[2])
{
	return fails("time", fd) ? -1 : REAL(futimens, fd, t);
}
