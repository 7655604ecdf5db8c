#include "trigger/burst_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/write_all.h"
#include "file/path.h"

static int
open_unnamed(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (dir == NULL || *dir != '/')
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (snprintf(path, sizeof path, "%s/logquiet.XXXXXX", dir) >=
	    (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = mkostemp(path, O_CLOEXEC)) >= 0)
		unlink(path);
	return fd;
}

/* Open a file of ours; EEXIST for a file that is not ours. */
static int
open_ours(int dir, const char *name, int flags)
{
	struct stat st;
	int fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid())
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

/*
 * Open the file with our number, which an ended process of our number may have
 * left.
 */
static int
open_named(struct burst_file *f, const char *base, unsigned number)
{
	const char *name;
	int dir;

	if (base == NULL)
		return f->fd = open_unnamed();
	if (asprintf(&f->path, "%s.%ld.%u", base, (long)getpid(), number) < 0) {
		f->path = NULL;
		return -1;
	}
	if ((dir = path_parent(f->path, &name)) >= 0) {
		f->fd = open_ours(dir, name, O_RDWR | O_CREAT);
		close(dir);
	}
	if (f->fd >= 0) {
		lseek(f->fd, 0, SEEK_END);
	} else {
		free(f->path);
		f->path = NULL;
	}
	return f->fd;
}

int
burst_file_add(struct burst_file *f, const char *base, unsigned number,
    const void *data, size_t n)
{
	if (f->fd < 0 && open_named(f, base, number) < 0)
		return -1;
	return write_all(f->fd, data, n);
}

int
burst_file_sync(struct burst_file *f)
{
	if (f->path == NULL)
		return 0;
	if (fdatasync(f->fd) < 0 ||
	    (!f->name_synced && path_sync_parent(f->path) < 0))
		return -1;
	f->name_synced = true;
	return 0;
}

static int
append_file(struct burst_file *f, int dir, const char *name)
{
	ssize_t n;
	int fd;

	if ((fd = open_ours(dir, name, O_RDONLY)) < 0)
		return -1;
	while ((n = sendfile(f->fd, fd, NULL, 1 << 30)) > 0)
		;
	close(fd);
	return n < 0 || burst_file_sync(f) < 0 ||
	    unlinkat(dir, name, 0) < 0 ? -1 : path_sync_folder(dir);
}

/* A file that a process left: PREFIX PID.NUMBER. */
struct left {
	long pid, number;
};

static int
print_name(char name[NAME_MAX + 1], const char *prefix, const struct left *l)
{
	return snprintf(name, NAME_MAX + 1, "%s%ld.%ld", prefix, l->pid,
	    l->number) <= NAME_MAX ? 0 : -1;
}

static bool
parse_name(const char *name, const char *prefix, struct left *l)
{
	char again[NAME_MAX + 1];
	size_t n = strlen(prefix);

	return strncmp(name, prefix, n) == 0 &&
	    sscanf(name + n, "%9ld.%9ld", &l->pid, &l->number) == 2 &&
	    l->pid > 0 && print_name(again, prefix, l) == 0 &&
	    strcmp(name, again) == 0;
}

/*
 * Whether the file was left by the process pid or, for 0, by any process that
 * has ended.
 */
static bool
is_left_by(const struct left *l, long pid)
{
	return pid != 0 ? l->pid == pid :
	    kill((pid_t)l->pid, 0) < 0 && errno == ESRCH;
}

static bool
is_before(const struct left *a, const struct left *b)
{
	return a->pid != b->pid ? a->pid < b->pid : a->number < b->number;
}

/*
 * Find the first file that pid left and that comes after *l, and put it in *l.
 * Returns 1, 0 or -1.
 */
static int
find_next(DIR *d, const char *prefix, long pid, struct left *l)
{
	struct left first = { 0 }, found;
	const struct dirent *e;
	bool any = false;

	rewinddir(d);
	while ((errno = 0, e = readdir(d)) != NULL)
		if (parse_name(e->d_name, prefix, &found) &&
		    is_left_by(&found, pid) && is_before(l, &found) &&
		    (!any || is_before(&found, &first))) {
			first = found;
			any = true;
		}
	if (errno != 0)
		return -1;
	*l = first;
	return any;
}

/* Append all files in the folder that pid left, but for f itself. */
static int
append_files(struct burst_file *f, int dir, const char *prefix, long pid)
{
	int r = 0, own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash = strrchr(f->path, '/');
	const char *self = slash != NULL ? slash + 1 : f->path;
	struct left l = { .number = -1 };
	char name[NAME_MAX + 1];
	DIR *d;

	if (own < 0)
		return -1;
	if ((d = fdopendir(own)) == NULL) {
		close(own);
		return -1;
	}
	while (r == 0 && (r = find_next(d, prefix, pid, &l)) > 0)
		r = print_name(name, prefix, &l) == 0 &&
		    strcmp(name, self) != 0 ? append_file(f, dir, name) : 0;
	closedir(d);
	return r;
}

int
burst_file_adopt(
    struct burst_file *f, const char *base, unsigned number, long pid)
{
	const char *prefix;
	char *path;
	int dir, r = -1;

	if (burst_file_add(f, base, number, NULL, 0) < 0 ||
	    asprintf(&path, "%s.", base) < 0)
		return -1;
	if ((dir = path_parent(path, &prefix)) >= 0) {
		r = append_files(f, dir, prefix, pid);
		close(dir);
	}
	free(path);
	return r;
}

/*
 * The removal is synced, as a mark that is cleared later must not be gone while
 * the file is still there.
 */
int
burst_file_free(struct burst_file *f, bool keep)
{
	int r = 0, saved;

	if (f->path != NULL && !keep)
		r = unlink(f->path) < 0 ? -1 : path_sync_parent(f->path);
	saved = errno;
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	*f = (struct burst_file){ .fd = -1 };
	errno = saved;
	return r;
}
