/*
 * calls - make one system call or allocation of a program fail, any of them
 *
 * Preloaded (LD_PRELOAD).  The environment tells what is to happen:
 *	FAULT_PROGRAM	the program that it is for
 *	FAULT_LOG	a file where each call adds its name
 *	FAULT_CALL	the name of the call that is to fail,
 *	FAULT_NTH	which of them, from 1,
 *	FAULT_ERRNO	and what it fails with; -1: it does a half of what it
 *			is asked, as only reads and writes may
 *	FAULT_ONCE	a file that is made when it fails; once it is there
 *			nothing fails any more
 * A name stands for all ways to make the call: open for openat(2), too.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* The real function of that name and type. */
#define REAL(name, ...) ((__typeof__(name) *)real(#name))(__VA_ARGS__)

static void *
real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/*
 * A program that may write no file any more (sandbox.c) could not write the log
 * either: it is told that the kernel has no Landlock.
 */
long
syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_landlock_create_ruleset) {
		errno = ENOSYS;
		return -1;
	}
	return REAL(syscall, number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void
add_to_log(const char *log, const char *call)
{
	char line[64];
	int fd = (int)syscall(SYS_open, log, O_WRONLY | O_APPEND | O_CREAT |
	    O_CLOEXEC, 0666);
	int n = snprintf(line, sizeof line, "%s\n", call);

	syscall(SYS_write, fd, line, n);
	syscall(SYS_close, fd);
}

/* Is this the first program, or thread of it, where the call fails? */
static bool
is_first(void)
{
	const char *once = getenv("FAULT_ONCE");
	long fd = syscall(SYS_open, once, O_WRONLY | O_CREAT | O_EXCL, 0666);

	if (fd >= 0)
		syscall(SYS_close, fd);
	return fd >= 0;
}

/* What --coverage writes at the end is not the program's. */
static atomic_bool over;

static void
end(void)
{
	over = true;
}

/* Is the call to fail?  The error, -1 for half of it, 0 for no. */
static int
fault(const char *call)
{
	static atomic_int count;
	static atomic_flag begun = ATOMIC_FLAG_INIT;
	const char *program = getenv("FAULT_PROGRAM");
	const char *log = getenv("FAULT_LOG"), *which = getenv("FAULT_CALL");
	int saved = errno, error = 0;

	if (program == NULL ||
	    strcmp(program, program_invocation_short_name) != 0 || over)
		return 0;
	if (!atomic_flag_test_and_set(&begun))
		atexit(end);
	if (log != NULL)
		add_to_log(log, call);
	if (which != NULL && strcmp(which, call) == 0 &&
	    atomic_fetch_add(&count, 1) + 1 == atoi(getenv("FAULT_NTH")) &&
	    is_first())
		error = atoi(getenv("FAULT_ERRNO"));
	errno = saved;
	return error;
}

/* As fault, for a call that sets errno and cannot be done by half. */
static bool
fails(const char *call)
{
	int error = fault(call);

	if (error > 0)
		errno = error;
	return error > 0;
}

/* A function that fails with the value bad. */
#define CALL(type, name, call, bad, params, ...) \
	type name params { \
		return fails(call) ? bad : REAL(name, __VA_ARGS__); }

/* --- contents --- */

/* One that is to fail has moved nothing; n becomes a half for -1. */
#define TRANSFER(name, call, params, ...) \
	ssize_t name params { \
		int error = fault(call); \
		if (error > 0) { errno = error; return -1; } \
		if (error < 0 && n > 1) n /= 2; \
		return REAL(name, __VA_ARGS__); }

TRANSFER(read, "read", (int fd, void *p, size_t n), fd, p, n)
TRANSFER(pread64, "read", (int fd, void *p, size_t n, off64_t at),
    fd, p, n, at)
TRANSFER(pwrite64, "write", (int fd, const void *p, size_t n, off64_t at),
    fd, p, n, at)
TRANSFER(send, "send", (int fd, const void *p, size_t n, int flags),
    fd, p, n, flags)
TRANSFER(recv, "recv", (int fd, void *p, size_t n, int flags), fd, p, n, flags)
TRANSFER(sendfile64, "read", (int out, int in, off64_t *at, size_t n),
    out, in, at, n)

/* A write that fails has written a part, as on a disk that becomes full. */
ssize_t
write(int fd, const void *p, size_t n)
{
	int error = fault("write");

	if (error != 0 && n > 1)
		n /= 2;
	if (error > 0 && error != EINTR && n > 1)
		(void)!REAL(write, fd, p, n);
	if (error <= 0)
		return REAL(write, fd, p, n);
	errno = error;
	return -1;
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

CALL(int, fsync, "fsync", -1, (int fd), fd)
CALL(int, fdatasync, "fsync", -1, (int fd), fd)
CALL(int, syncfs, "fsync", -1, (int fd), fd)
CALL(int, sync_file_range, "fsync", -1,
    (int fd, off64_t at, off64_t n, unsigned flags), fd, at, n, flags)
CALL(int, ftruncate64, "ftruncate", -1, (int fd, off64_t n), fd, n)
CALL(void *, mmap64, "mmap", MAP_FAILED,
    (void *p, size_t n, int prot, int flags, int fd, off64_t at),
    p, n, prot, flags, fd, at)

/* One that fails has closed it, as close(2) tells. */
int
close(int fd)
{
	int error = fault("close"), r = REAL(close, fd);

	if (error > 0)
		errno = error;
	return error > 0 ? -1 : r;
}

/* --- names --- */

static mode_t
mode_of(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ?
	    va_arg(ap, mode_t) : 0;
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return fails("open") ? -1 : REAL(open64, path, flags, mode);
}

int
openat64(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return fails("open") ? -1 : REAL(openat64, dir, path, flags, mode);
}

int __open64_2(const char *path, int flags);
int
__open64_2(const char *path, int flags)
{
	return open64(path, flags);
}

CALL(FILE *, fopen64, "open", NULL, (const char *path, const char *how),
    path, how)
CALL(int, mkostemp64, "open", -1, (char *path, int flags), path, flags)
CALL(DIR *, opendir, "open", NULL, (const char *path), path)
CALL(DIR *, fdopendir, "malloc", NULL, (int fd), fd)
CALL(struct dirent64 *, readdir64, "readdir", NULL, (DIR *d), d)
CALL(int, renameat2, "rename", -1,
    (int from, const char *a, int to, const char *b, unsigned flags),
    from, a, to, b, flags)
CALL(int, renameat, "rename", -1,
    (int from, const char *a, int to, const char *b), from, a, to, b)
CALL(int, linkat, "link", -1,
    (int from, const char *a, int to, const char *b, int flags),
    from, a, to, b, flags)
CALL(int, unlinkat, "unlink", -1, (int dir, const char *path, int flags),
    dir, path, flags)
CALL(int, unlink, "unlink", -1, (const char *path), path)
CALL(int, mkdirat, "mkdir", -1, (int dir, const char *path, mode_t mode),
    dir, path, mode)
CALL(int, mkdir, "mkdir", -1, (const char *path, mode_t mode), path, mode)
CALL(ssize_t, readlinkat, "readlink", -1,
    (int dir, const char *path, char *p, size_t n), dir, path, p, n)
CALL(int, faccessat, "access", -1,
    (int dir, const char *path, int mode, int flags), dir, path, mode, flags)

/* --- attributes and locks --- */

CALL(int, fstat64, "stat", -1, (int fd, struct stat64 *st), fd, st)
CALL(int, stat64, "stat", -1, (const char *path, struct stat64 *st), path, st)
CALL(int, lstat64, "stat", -1, (const char *path, struct stat64 *st), path, st)
CALL(int, fstatat64, "stat", -1,
    (int dir, const char *path, struct stat64 *st, int flags),
    dir, path, st, flags)
CALL(int, fchmod, "chmod", -1, (int fd, mode_t mode), fd, mode)
CALL(int, fchown, "chown", -1, (int fd, uid_t uid, gid_t gid), fd, uid, gid)
CALL(int, futimens, "utimens", -1, (int fd, const struct timespec t[2]), fd, t)
CALL(ssize_t, flistxattr, "xattr", -1, (int fd, char *p, size_t n), fd, p, n)
CALL(ssize_t, fgetxattr, "xattr", -1,
    (int fd, const char *name, void *p, size_t n), fd, name, p, n)
CALL(int, fsetxattr, "xattr", -1,
    (int fd, const char *name, const void *p, size_t n, int flags),
    fd, name, p, n, flags)
CALL(int, fremovexattr, "xattr", -1, (int fd, const char *name), fd, name)
CALL(int, flock, "flock", -1, (int fd, int how), fd, how)

/* Its argument is a number or a pointer; either fits. */
int
fcntl64(int fd, int cmd, ...)
{
	void *arg;
	va_list ap;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	return fails("fcntl") ? -1 : REAL(fcntl64, fd, cmd, arg);
}

/* --- descriptors, processes, the net --- */

CALL(int, pipe2, "pipe", -1, (int fds[2], int flags), fds, flags)
CALL(int, dup2, "dup", -1, (int a, int b), a, b)
CALL(int, dup3, "dup", -1, (int a, int b, int flags), a, b, flags)
CALL(int, poll, "poll", -1, (struct pollfd *p, nfds_t n, int ms), p, n, ms)
CALL(int, eventfd, "eventfd", -1, (unsigned n, int flags), n, flags)
CALL(int, signalfd, "eventfd", -1, (int fd, const sigset_t *s, int flags),
    fd, s, flags)
CALL(int, timerfd_create, "eventfd", -1, (int clock, int flags), clock, flags)
CALL(int, inotify_init1, "inotify", -1, (int flags), flags)
CALL(int, inotify_add_watch, "inotify", -1,
    (int fd, const char *path, uint32_t mask), fd, path, mask)
CALL(int, memfd_create, "eventfd", -1, (const char *name, unsigned flags),
    name, flags)
CALL(int, socket, "socket", -1, (int a, int b, int c), a, b, c)
CALL(int, connect, "connect", -1,
    (int fd, const struct sockaddr *p, socklen_t n), fd, p, n)
CALL(pid_t, fork, "fork", -1, (void), )
/* With WNOHANG nothing interrupts it. */
pid_t
waitpid(pid_t pid, int *status, int how)
{
	return (how & WNOHANG) == 0 && fails("waitpid") ? -1 :
	    REAL(waitpid, pid, status, how);
}

int
pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *),
    void *arg)
{
	int error = fault("pthread");

	return error > 0 ? error : REAL(pthread_create, t, a, f, arg);
}

/* --- memory --- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

/*
 * Is it our program that allocates?  The others are not ours to mend:
 * libarchive, for one, crashes in places.
 */
static bool
is_own(const void *caller)
{
	Dl_info at;

	return getenv("FAULT_PROGRAM") != NULL && dladdr(caller, &at) != 0 &&
	    strstr(at.dli_fname, ".so") == NULL;
}

#define NO_MEMORY (is_own(__builtin_return_address(0)) && fails("malloc"))

void *
malloc(size_t n)
{
	return NO_MEMORY ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return NO_MEMORY ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return NO_MEMORY ? NULL : __libc_realloc(p, n);
}

/* What allocates in the C library. */

char *
strdup(const char *s)
{
	return NO_MEMORY ? NULL : REAL(strdup, s);
}

char *
strndup(const char *s, size_t n)
{
	return NO_MEMORY ? NULL : REAL(strndup, s, n);
}

ssize_t
getdelim(char **p, size_t *n, int end, FILE *f)
{
	return NO_MEMORY ? -1 : REAL(getdelim, p, n, end, f);
}

int __asprintf_chk(char **p, int flag, const char *format, ...);
int
__asprintf_chk(char **p, int flag, const char *format, ...)
{
	va_list ap;
	int r;

	(void)flag;
	if (NO_MEMORY)
		return -1;
	va_start(ap, format);
	r = vasprintf(p, format, ap);
	va_end(ap);
	return r;
}
