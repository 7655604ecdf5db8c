#include "file/open_writers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/termination.h"
#include "base/units.h"

enum {
	/* The first and the longest time between two looks. */
	FIRST_MS = 10, LAST_MS = 200,
	STILL_NS = 1000000000,
};

/* Take the lease and give it back.  Returns 0, or -1 with errno. */
static int
try_lease(int fd)
{
	/*
	 * A process that opens the file now would have us killed by SIGIO;
	 * SIGURG does no harm.
	 */
	if (fcntl(fd, F_SETSIG, SIGURG) < 0 ||
	    fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return -1;
	return fcntl(fd, F_SETLEASE, F_UNLCK);
}

/* Whether descriptor name of the process in dir is open for writing. */
static bool
is_open_for_writing(int dir, const char *name)
{
	char path[64], text[256], *flags;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "fdinfo/%.20s", name);
	if ((fd = openat(dir, path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if ((flags = strstr(text, "flags:")) == NULL)
		return false;
	return (strtoul(flags + 6, NULL, 8) & O_ACCMODE) != O_RDONLY;
}

static DIR *
opendir_at(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d;

	if (fd < 0)
		return NULL;
	if ((d = fdopendir(fd)) == NULL)
		close(fd);
	return d;
}

/*
 * Whether the process whose folder in /proc is name has the file open for
 * writing.
 */
static bool
process_writes(int proc, const char *name, const struct stat *file)
{
	int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *e;
	bool found = false;
	struct stat st;
	DIR *d;

	if (dir < 0)
		return false;
	if ((d = opendir_at(dir, "fd")) != NULL) {
		while (!found && (e = readdir(d)) != NULL)
			found = isdigit((unsigned char)*e->d_name) &&
			    fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
			    st.st_dev == file->st_dev &&
			    st.st_ino == file->st_ino &&
			    is_open_for_writing(dir, e->d_name);
		closedir(d);
	}
	close(dir);
	return found;
}

static int
search_proc(const struct stat *file)
{
	const struct dirent *e;
	bool found = false;
	DIR *d;

	if ((d = opendir("/proc")) == NULL)
		return 0;
	while (!found && (e = readdir(d)) != NULL)
		found = isdigit((unsigned char)*e->d_name) &&
		    process_writes(dirfd(d), e->d_name, file);
	closedir(d);
	return found;
}

/*
 * Whether the file was written less than a second ago (or, by another clock,
 * later).
 */
static bool
is_fresh(const struct stat *st)
{
	struct timespec now;
	int64_t age_ns;

	clock_gettime(CLOCK_REALTIME, &now);
	age_ns = (now.tv_sec - st->st_mtim.tv_sec) * INT64_C(1000000000) +
	    now.tv_nsec - st->st_mtim.tv_nsec;
	return age_ns < STILL_NS && age_ns > -STILL_NS;
}

int
open_writers_there(int fd)
{
	struct stat st;

	if (try_lease(fd) == 0)
		return 0;
	if (errno == EAGAIN)
		return 1;
	if (fstat(fd, &st) < 0)
		return -1;
	return is_fresh(&st) || search_proc(&st);
}

int
open_writers_wait(int fd, int64_t wait_ms)
{
	struct pollfd finish = { .fd = termination_fd(), .events = POLLIN };
	int64_t left, until_ms = units_now_ms() + wait_ms;
	int r, ms = FIRST_MS;

	while ((r = open_writers_there(fd)) > 0) {
		left = until_ms - units_now_ms();
		if (left <= 0) {
			errno = EBUSY;
			return -1;
		}
		if (poll(&finish, 1, left < ms ? (int)left : ms) != 0 &&
		    termination_asked()) {
			errno = EINTR;
			return -1;
		}
		ms = ms * 2 < LAST_MS ? ms * 2 : LAST_MS;
	}
	return r;
}
