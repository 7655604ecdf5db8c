#include "store/append_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/write_all.h"
#include "file/path.h"

enum { CHUNK = 4096 };

/*
 * Returns where the line begins that ends before byte `end` of the file: at the
 * byte after the last LF before that.  -1 with errno.
 */
static off_t
line_start(int fd, off_t end)
{
	char chunk[CHUNK];
	const char *lf;
	off_t from;
	ssize_t got;

	for (; end > 0; end = from) {
		from = end > CHUNK ? end - CHUNK : 0;
		got = pread(fd, chunk, (size_t)(end - from), from);
		if (got != end - from) {
			errno = got < 0 ? errno : EIO;
			return -1;
		}
		if ((lf = memrchr(chunk, '\n', (size_t)got)) != NULL)
			return from + (lf + 1 - chunk);
	}
	return 0;
}

/*
 * Whether the line at start begins as ours do.  A line that was cut off may be
 * shorter.
 */
static bool
is_ours(int fd, off_t start, off_t end, const char *const *ours)
{
	char text[32];
	ssize_t got = pread(fd, text, end - start < (off_t)sizeof text ?
	    (size_t)(end - start) : sizeof text, start);
	size_t n;

	for (; got > 0 && *ours != NULL; ours++) {
		n = strlen(*ours) < (size_t)got ? strlen(*ours) : (size_t)got;
		if (memcmp(text, *ours, n) == 0)
			return true;
	}
	return false;
}

/*
 * Whether the file holds our lines: its last whole line, or else the line that
 * was cut off, tells.
 */
static bool
holds_ours(int fd, const char *const *ours)
{
	off_t end, start;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return true;
	end = st.st_size;
	if ((start = line_start(fd, end)) > 0)	/* the file has whole lines */
		start = line_start(fd, (end = start) - 1);
	return start >= 0 && is_ours(fd, start, end, ours);
}

int
append_log_open(const char *path, mode_t mode, const char *const *ours)
{
	int fd, why, flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
	struct stat st;
	bool good;

	fd = path_open(path, O_RDWR | flags, mode);
	if (fd < 0 && (errno == EACCES || errno == ENXIO))
		/* If we may not read it, it is only written. */
		return path_open(path, O_WRONLY | flags, mode);
	if (fd < 0)
		return -1;
	flock(fd, LOCK_SH);
	good = holds_ours(fd, ours);
	flock(fd, LOCK_UN);
	if (!good)
		errno = EEXIST;
	else if (fstat(fd, &st) == 0 &&
	    (!S_ISREG(st.st_mode) || path_sync_parent(path) == 0))
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

/*
 * Returns where the next line goes, after cutting off the rest that a killed
 * process left.
 */
static off_t
find_end(int fd)
{
	struct stat st;
	off_t end;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_size == 0 ||
	    (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
		return st.st_size;
	if ((end = line_start(fd, st.st_size)) >= 0 && end < st.st_size &&
	    ftruncate(fd, end) < 0)
		return -1;
	return end;
}

int
append_log_add(int fd, struct span line)
{
	int r = -1, why;
	off_t end;

	while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	if ((end = find_end(fd)) >= 0 &&
	    (r = write_all(fd, line.p, line.len)) < 0) {
		why = errno;
		(void)!ftruncate(fd, end); /* no part of the line is left */
		errno = why;
	}
	why = errno;
	flock(fd, LOCK_UN);
	errno = why;
	return r;
}

int
append_log_sync(int fd)
{
	return fdatasync(fd) < 0 && errno != EINVAL && errno != EROFS ? -1 : 0;
}
