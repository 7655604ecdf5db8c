/*
 * record - log each change that a program makes to the files of one folder
 *
 * Preloaded (LD_PRELOAD).  CRASH_DIR is the folder, CRASH_LOG the file that
 * the log is appended to, by all threads of all programs.  Whatever changes a
 * file does so under a lock that holds until it is logged, so the log has the
 * order in which the changes came.  An entry is a line of fields with tabs
 * between them, and behind it as many bytes as its last field says where that
 * is a length.  Files and folders are named by their inode numbers:
 *	C folder inode f|d mode name	made
 *	T inode mode			made without a name
 *	W inode offset length		written
 *	S inode size			truncated or extended
 *	R folder folder inode name name	renamed
 *	L folder inode name		linked
 *	U folder inode name		unlinked
 *	F inode				fsync or fdatasync has returned
 *	Y				syncfs has returned
 *	P inode				sync_file_range: nothing is promised
 *	A inode mode mtime		mode or times were set
 *	o length			on its way to standard output
 *	s length			on its way to a socket
 *	i length			came from standard input
 * CRASH_LINKS makes the file system one that cannot rename without replacing.
 * Where a program changes a file by a call that is not here, the log does not
 * make of the start what the program did, and run.py says so.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { LOG_FD = 900 };		/* high enough to be in nobody's way */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* The real function of that name and type. */
#define REAL(name, ...) ((__typeof__(name) *)real(#name))(__VA_ARGS__)

static void *
real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* --- the log --- */

static int
log_fd(void)
{
	static int fd = -1;
	static pid_t owner;
	const char *path = getenv("CRASH_LOG");
	int low;

	if (path == NULL || (fd >= 0 && owner == getpid()))
		return path == NULL ? -1 : fd;
	low = REAL(open64, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
	    0666);
	fd = fcntl(low, F_DUPFD_CLOEXEC, LOG_FD);
	REAL(close, low);
	owner = getpid();
	return fd;
}

/* Between lock and unlock nobody else, in any process, changes anything. */
static void
set_lock(short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET };
	int saved = errno;

	while (fcntl(log_fd(), F_SETLKW, &l) < 0 && errno == EINTR)
		;
	errno = saved;
}

static void
lock(void)
{
	pthread_mutex_lock(&mutex);
	set_lock(F_WRLCK);
}

static void
unlock(void)
{
	set_lock(F_UNLCK);
	pthread_mutex_unlock(&mutex);
}

/* A line, and the n bytes of data. */
__attribute__((format(printf, 3, 4)))
static void
entry(const void *data, size_t n, const char *format, ...)
{
	char line[2 * PATH_MAX];
	struct iovec v[2];
	int saved = errno, len;
	va_list ap;

	va_start(ap, format);
	len = vsnprintf(line, sizeof line - 1, format, ap);
	va_end(ap);
	line[len++] = '\n';
	v[0] = (struct iovec){ line, (size_t)len };
	memcpy(&v[1].iov_base, &data, sizeof data);	/* it is only read */
	v[1].iov_len = n;
	if (REAL(writev, log_fd(), v, 2) != (ssize_t)(len + (ssize_t)n))
		abort();
	errno = saved;
}

/* What does not change files needs no lock but that of its one write. */
static void
event(const char *kind, const void *data, size_t n)
{
	lock();
	entry(data, n, "%s\t%zu", kind, n);
	unlock();
}

/* --- what is ours --- */

static bool
is_ours(int fd)
{
	const char *top = getenv("CRASH_DIR");
	char link[64], path[PATH_MAX];
	int saved = errno;
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (fd == AT_FDCWD)
		strcpy(link, "/proc/self/cwd");
	n = readlink(link, path, sizeof path - 1);
	errno = saved;
	path[n > 0 ? n : 0] = '\0';
	return top != NULL && strncmp(path, top, strlen(top)) == 0 &&
	    log_fd() >= 0;
}

static unsigned long
inode(int fd)
{
	struct stat st = { 0 };
	int saved = errno;

	fstat(fd, &st);
	errno = saved;
	return st.st_ino;
}

static bool
find(int dir, const char *name, struct stat *st)
{
	int saved = errno, r = fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW);

	errno = saved;
	return r == 0;
}

/* A path as the folder that it lies in and the name there. */
struct place {
	int dir;		/* -1: not ours */
	unsigned long folder;
	char name[NAME_MAX + 1];
};

/* Under the lock, which leave gives up again. */
static struct place
enter(int dir, const char *path)
{
	struct place p = { .dir = -1 };
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;

	lock();
	snprintf(folder, sizeof folder, "%.*s", (int)n, path);
	if (slash == NULL)
		strcpy(folder, ".");
	else if (n == 0)
		strcpy(folder, "/");
	p.dir = REAL(openat64, dir, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p.dir < 0)
		return p;
	snprintf(p.name, sizeof p.name, "%s", slash != NULL ? slash + 1 : path);
	if (is_ours(p.dir)) {
		p.folder = inode(p.dir);
	} else {
		REAL(close, p.dir);
		p.dir = -1;
	}
	return p;
}

static void
leave(struct place *p)
{
	int saved = errno;

	if (p != NULL && p->dir >= 0)
		REAL(close, p->dir);
	unlock();
	errno = saved;
}

/* --- names --- */

static int
do_open(int dir, const char *path, int flags, mode_t mode)
{
	struct stat was = { 0 }, is;
	struct place p;
	bool there;
	int fd;

	if ((flags & (O_CREAT | O_TRUNC)) == 0 &&
	    (flags & O_TMPFILE) != O_TMPFILE)
		return REAL(openat64, dir, path, flags);
	p = enter(dir, path);
	there = p.dir >= 0 && find(p.dir, p.name, &was);
	fd = REAL(openat64, dir, path, flags, mode);
	if (fd >= 0 && is_ours(fd) && fstat(fd, &is) == 0) {
		if ((flags & O_TMPFILE) == O_TMPFILE)
			entry(NULL, 0, "T\t%lu\t%o", is.st_ino,
			    is.st_mode & 07777);
		else if (!there)
			entry(NULL, 0, "C\t%lu\t%lu\tf\t%o\t%s", p.folder,
			    is.st_ino, is.st_mode & 07777, p.name);
		else if ((flags & O_TRUNC) != 0)
			entry(NULL, 0, "S\t%lu\t0", is.st_ino);
	}
	leave(&p);
	return fd;
}

static mode_t
mode_of(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ?
	    va_arg(ap, mode_t) : 0;
}

#define OPEN(name, dir, ...) int name(__VA_ARGS__, int flags, ...) { \
	va_list ap; mode_t mode; \
	va_start(ap, flags); mode = mode_of(flags, ap); va_end(ap); \
	return do_open(dir, path, flags, mode); }
OPEN(open, AT_FDCWD, const char *path)
OPEN(open64, AT_FDCWD, const char *path)
OPEN(openat, dir, int dir, const char *path)
OPEN(openat64, dir, int dir, const char *path)

int
mkostemp64(char *template, int flags)
{
	size_t n = strlen(template);

	for (unsigned i = 0; i < 1000; i++) {
		int fd;

		snprintf(template + n - 6, 7, "%06u", i);
		fd = do_open(AT_FDCWD, template,
		    O_RDWR | O_CREAT | O_EXCL | flags, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

int
mkdirat(int dir, const char *path, mode_t mode)
{
	struct place p = enter(dir, path);
	int r = REAL(mkdirat, dir, path, mode);
	struct stat st;

	if (r == 0 && p.dir >= 0 && find(p.dir, p.name, &st))
		entry(NULL, 0, "C\t%lu\t%lu\td\t%o\t%s", p.folder, st.st_ino,
		    st.st_mode & 07777, p.name);
	leave(&p);
	return r;
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int
unlinkat(int dir, const char *path, int flags)
{
	struct place p = enter(dir, path);
	struct stat st = { 0 };
	bool there = p.dir >= 0 && find(p.dir, p.name, &st);
	int r = REAL(unlinkat, dir, path, flags);

	if (r == 0 && there)
		entry(NULL, 0, "U\t%lu\t%lu\t%s", p.folder, st.st_ino, p.name);
	leave(&p);
	return r;
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
remove(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
linkat(int from, const char *a, int to, const char *b, int flags)
{
	struct place p = enter(to, b);
	int r = REAL(linkat, from, a, to, b, flags);
	struct stat st;

	if (r == 0 && p.dir >= 0 && find(p.dir, p.name, &st))
		entry(NULL, 0, "L\t%lu\t%lu\t%s", p.folder, st.st_ino, p.name);
	leave(&p);
	return r;
}

int
link(const char *a, const char *b)
{
	return linkat(AT_FDCWD, a, AT_FDCWD, b, 0);
}

int
renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
	struct place p = enter(from, a), q;
	struct stat st = { 0 };
	bool there = p.dir >= 0 && find(p.dir, p.name, &st);
	int r = -1;

	unlock();		/* enter takes it again */
	q = enter(to, b);
	errno = EINVAL;
	if (flags != RENAME_NOREPLACE || getenv("CRASH_LINKS") == NULL)
		r = REAL(renameat2, from, a, to, b, flags);
	if (r == 0 && there && q.dir >= 0)
		entry(NULL, 0, "R\t%lu\t%lu\t%lu\t%s\t%s", p.folder, q.folder,
		    st.st_ino, p.name, q.name);
	if (p.dir >= 0)
		REAL(close, p.dir);
	leave(&q);
	return r;
}

int
renameat(int from, const char *a, int to, const char *b)
{
	return renameat2(from, a, to, b, 0);
}

int
rename(const char *a, const char *b)
{
	return renameat2(AT_FDCWD, a, AT_FDCWD, b, 0);
}

/* --- contents --- */

/* Where a write without a place of its own goes. */
static off_t
position(int fd)
{
	struct stat st;

	if ((fcntl(fd, F_GETFL) & O_APPEND) != 0 && fstat(fd, &st) == 0)
		return st.st_size;
	return lseek(fd, 0, SEEK_CUR);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	ssize_t r;

	if (!is_ours(fd))
		return REAL(pwrite64, fd, p, n, at);
	lock();
	r = REAL(pwrite64, fd, p, n, at);
	if (r > 0)
		entry(p, (size_t)r, "W\t%lu\t%lld\t%zd", inode(fd),
		    (long long)at, r);
	unlock();
	return r;
}

static bool
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	off_t at;
	ssize_t r;

	if (!is_ours(fd)) {
		if (log_fd() >= 0 && (fd == STDOUT_FILENO || is_socket(fd)))
			event(fd == STDOUT_FILENO ? "o" : "s", p, n);
		return REAL(write, fd, p, n);
	}
	lock();
	at = position(fd);
	r = REAL(write, fd, p, n);
	if (r > 0)
		entry(p, (size_t)r, "W\t%lu\t%lld\t%zd", inode(fd),
		    (long long)at, r);
	unlock();
	return r;
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	if (log_fd() >= 0)
		event("s", p, n);
	return REAL(send, fd, p, n, flags);
}

ssize_t
read(int fd, void *p, size_t n)
{
	ssize_t r = REAL(read, fd, p, n);

	if (fd == STDIN_FILENO && r > 0 && log_fd() >= 0)
		event("i", p, (size_t)r);
	return r;
}

ssize_t __read_chk(int fd, void *p, size_t n, size_t size);
ssize_t
__read_chk(int fd, void *p, size_t n, size_t size)
{
	(void)size;
	return read(fd, p, n);
}

/* What it copies is read and written one after the other. */
ssize_t
sendfile64(int out, int in, off64_t *offset, size_t n)
{
	char block[65536];
	ssize_t r;

	if (!is_ours(out))
		return REAL(sendfile64, out, in, offset, n);
	n = n < sizeof block ? n : sizeof block;
	r = offset != NULL ? pread64(in, block, n, *offset) :
	    REAL(read, in, block, n);
	if (r > 0 && offset != NULL)
		*offset += r;
	return r > 0 ? write(out, block, (size_t)r) : r;
}

/* Whoever asks for it falls back to reading and writing. */
ssize_t
copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t n,
    unsigned flags)
{
	(void)in, (void)in_at, (void)out, (void)out_at, (void)n, (void)flags;
	errno = ENOSYS;
	return -1;
}

int
ftruncate64(int fd, off64_t size)
{
	int r;

	if (!is_ours(fd))
		return REAL(ftruncate64, fd, size);
	lock();
	r = REAL(ftruncate64, fd, size);
	if (r == 0)
		entry(NULL, 0, "S\t%lu\t%lld", inode(fd), (long long)size);
	unlock();
	return r;
}

int
ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

/* --- syncs --- */

/* No change may come between the sync and its entry. */
#define SYNC(how, name, fd, ...) { int r; lock(); r = REAL(name, __VA_ARGS__); \
	if (r == 0 && is_ours(fd)) entry(NULL, 0, how "\t%lu", inode(fd)); \
	unlock(); return r; }

int fsync(int fd) SYNC("F", fsync, fd, fd)
int fdatasync(int fd) SYNC("F", fdatasync, fd, fd)

int
sync_file_range(int fd, off64_t at, off64_t n, unsigned flags)
SYNC("P", sync_file_range, fd, fd, at, n, flags)

/* The folder lies on one file system. */
int
syncfs(int fd)
{
	int r;

	lock();
	r = REAL(syncfs, fd);
	if (r == 0 && is_ours(fd))
		entry(NULL, 0, "Y");
	unlock();
	return r;
}

/* --- attributes --- */

static int
attributes(int fd, int r)
{
	struct stat st;

	if (r == 0 && is_ours(fd) && fstat(fd, &st) == 0) {
		lock();
		entry(NULL, 0, "A\t%lu\t%o\t%lld.%09ld", st.st_ino,
		    st.st_mode & 07777, (long long)st.st_mtim.tv_sec,
		    st.st_mtim.tv_nsec);
		unlock();
	}
	return r;
}

int
fchmod(int fd, mode_t mode)
{
	return attributes(fd, REAL(fchmod, fd, mode));
}

int
futimens(int fd, const struct timespec t[2])
{
	return attributes(fd, REAL(futimens, fd, t));
}
