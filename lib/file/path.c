#include "file/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/message.h"

enum {
	LINKS_MAX = 40,		/* the most links in a path, as in the kernel */
	REPORTS_MAX = 100,	/* the most folders that one run reports */
};

enum how {
	EXISTING = 0,
	MAKE = 1,		/* missing folders are made */
	BENEATH = 2,		/* no link is followed */
	SYNC = 4, /* names are synced, also those that exist already */
};

/* A walk to a folder: where it has got to, and the rest of the way. */
struct walk {
	int dir;
	int how;
	int links;
	char rest[PATH_MAX];
};

/* As close(2), but leaves errno alone. */
static void
close_quietly(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

static int
move_to(struct walk *w, int dir)
{
	close_quietly(w->dir);
	w->dir = dir;
	return dir < 0 ? -1 : 0;
}

int
path_sync_folder(int dir)
{
	return fsync(dir) < 0 && errno != EINVAL ? -1 : 0;
}

/*
 * The same for a folder that was opened with O_PATH.  When we made nothing in
 * it, a folder that we may not read is no error.
 */
static int
sync_names(int dir, bool made)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return !made && errno == EACCES ? 0 : -1;
	r = path_sync_folder(fd);
	close_quietly(fd);
	return r;
}

/* Put the text of a link in the place of the part that was the link. */
static int
take_target(struct walk *w, int link)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n;

	if (++w->links > LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	if ((n = readlinkat(link, "", target, sizeof target)) < 0)
		return -1;
	memcpy(rest, w->rest, sizeof rest);
	if (snprintf(w->rest, sizeof w->rest, "%.*s/%s", (int)n, target,
	    rest) >= (int)sizeof w->rest) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (n > 0 && *target == '/')
		return move_to(w, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	return 0;
}

/*
 * Handle a part that is no folder: if it is a link that may be followed, follow
 * it.
 */
static int
follow(struct walk *w, const char *part)
{
	struct stat st;
	int r = -1;
	int link = openat(w->dir, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (link < 0 || fstat(link, &st) < 0)
		;
	else if (!S_ISLNK(st.st_mode))
		errno = ENOTDIR;
	else if ((w->how & BENEATH) ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		errno = ELOOP;
	else
		r = take_target(w, link);
	close_quietly(link);
	return r;
}

static int
enter(struct walk *w, const char *part)
{
	int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(w->dir, part, flags);
	bool made = false;

	if (fd < 0 && errno == ENOENT && (w->how & MAKE)) {
		made = mkdirat(w->dir, part, 0777) == 0;
		if (made || errno == EEXIST)
			fd = openat(w->dir, part, flags);
	}
	if (fd >= 0 && (made || (w->how & SYNC)) &&
	    sync_names(w->dir, made) < 0) {
		close_quietly(fd);
		return -1;
	}
	if (fd >= 0)
		return move_to(w, fd);
	return errno == ENOTDIR || errno == ELOOP ? follow(w, part) : -1;
}

/*
 * Take the next part of the way off w->rest.  Returns 1; 0 at the end; or -1.
 */
static int
next_part(struct walk *w, char part[NAME_MAX + 1])
{
	size_t skip = strspn(w->rest, "/"), len = strcspn(w->rest + skip, "/");

	if (len > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, w->rest + skip, len);
	part[len] = '\0';
	memmove(w->rest, w->rest + skip + len, strlen(w->rest + skip + len) + 1);
	return len > 0;
}

/* Begin the way that the first n bytes of path are, from dir on. */
static int
start(struct walk *w, int dir, const char *path, size_t n, enum how how)
{
	if (n >= sizeof w->rest) {
		errno = ENAMETOOLONG;
		return -1;
	}
	w->how = (int)how;
	w->links = 0;
	memcpy(w->rest, path, n);
	w->rest[n] = '\0';
	w->dir = *w->rest == '/' && !(how & BENEATH) ?
	    open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) :
	    openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return w->dir < 0 ? -1 : 0;
}

/* Open a folder for reading, so that it can be synced. */
static int
walk(int dir, const char *path, size_t n, enum how how)
{
	char part[NAME_MAX + 1];
	struct walk w;
	int fd = -1, r;

	if (start(&w, dir, path, n, how) < 0)
		return -1;
	while ((r = next_part(&w, part)) > 0)
		if ((r = enter(&w, part)) < 0)
			break;
	if (r == 0)
		fd = openat(w.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close_quietly(w.dir);
	return fd;
}

/*
 * As walk, but makes missing folders, one thread at a time.  Names that exist
 * may be new, too, so they are synced, unless it is the same folder as before.
 */
static int
walk_and_make(int dir, const char *path, size_t n, enum how how)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct stat last;
	struct stat st;
	int fd;

	pthread_mutex_lock(&lock);
	fd = walk(dir, path, n, how | MAKE);
	if (fd >= 0 && fstat(fd, &st) == 0 &&
	    (st.st_dev != last.st_dev || st.st_ino != last.st_ino)) {
		close_quietly(fd);
		fd = walk(dir, path, n, how | MAKE | SYNC);
		if (fd >= 0 && fstat(fd, &st) == 0)
			last = st;
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

static struct {
	pthread_mutex_t lock;
	bool on, verbose;
	int n;
	struct { dev_t dev; ino_t ino; } told[REPORTS_MAX];
} reports = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Whether this folder is reported for the first time. */
static bool
is_new(const struct stat *st)
{
	for (int i = 0; i < reports.n; i++)
		if (reports.told[i].dev == st->st_dev &&
		    reports.told[i].ino == st->st_ino)
			return false;
	if (reports.n == REPORTS_MAX)
		return false;
	reports.told[reports.n].dev = st->st_dev;
	reports.told[reports.n++].ino = st->st_ino;
	return true;
}

/* Report who can replace the files of the open folder, path[0..n). */
static void
report(int fd, const char *path, size_t n)
{
	const char *why = NULL;
	struct stat st;

	if (fd < 0 || !reports.on || fstat(fd, &st) < 0)
		return;
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		why = "anybody may exchange the files in this folder";
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		why = "another user owns this folder, and may exchange the "
		    "files in it";
	else if (reports.verbose && (st.st_mode & S_IWGRP) &&
	    !(st.st_mode & S_ISVTX))
		why = "a group may exchange the files in this folder";
	if (why == NULL)
		return;
	pthread_mutex_lock(&reports.lock);
	if (is_new(&st))
		warnx("%.*s: %s", n > 0 ? (int)n : 1, n > 0 ? path : ".", why);
	pthread_mutex_unlock(&reports.lock);
}

void
path_report_folders(bool verbose)
{
	reports.on = true;
	reports.verbose = verbose;
}

/* Returns the last part of path, or NULL when it has none. */
static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;

	if (*base != '\0')
		return base;
	errno = *path == '\0' ? ENOENT : EISDIR;
	return NULL;
}

static int
parent(int dir, const char *path, enum how how, const char **base)
{
	int fd;

	if ((*base = last_part(path)) == NULL)
		return -1;
	fd = (how & MAKE ? walk_and_make : walk)(dir, path,
	    (size_t)(*base - path), how);
	report(fd, path, (size_t)(*base - path));
	return fd;
}

int
path_parent(const char *path, const char **base)
{
	return parent(AT_FDCWD, path, EXISTING, base);
}

int
path_make_parent(const char *path, const char **base)
{
	return parent(AT_FDCWD, path, MAKE, base);
}

bool
path_climbs(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")) != NULL; p++)
		if ((p == path || p[-1] == '/') &&
		    (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

int
path_make_beneath(int dir, const char *path, const char **base)
{
	*base = last_part(path);
	if (*base == NULL || strcmp(*base, ".") == 0 || path_climbs(path)) {
		errno = EINVAL;
		return -1;
	}
	return walk_and_make(dir, path, (size_t)(*base - path), BENEATH);
}

int
path_folder(const char *path)
{
	int fd = walk(AT_FDCWD, path, strlen(path), EXISTING);

	report(fd, path, strlen(path));
	return fd;
}

DIR *
path_list(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d == NULL && fd >= 0)
		close_quietly(fd);
	return d;
}

int
path_sync_parent(const char *path)
{
	size_t n = strlen(path);
	int fd, r;

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 0 && path[n - 1] != '/')
		n--;
	if ((fd = walk(AT_FDCWD, path, n, EXISTING)) < 0)
		return -1;
	r = path_sync_folder(fd);
	close_quietly(fd);
	return r;
}

/*
 * Open the last part of the way; a link in its place is followed unless flags
 * forbid it.
 */
static int
open_last(struct walk *w, int flags, mode_t mode)
{
	char part[NAME_MAX + 1];
	int fd = -1, r;

	while ((r = next_part(w, part)) > 0) {
		if (w->rest[strspn(w->rest, "/")] != '\0') {
			if (enter(w, part) < 0)
				return -1;
			continue;
		}
		fd = openat(w->dir, part, flags | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd >= 0 || errno != ELOOP || (flags & O_NOFOLLOW) ||
		    follow(w, part) < 0)
			return fd;
	}
	if (r == 0)
		errno = EISDIR;		/* there are only slashes at the end */
	return -1;
}

int
path_open(const char *path, int flags, mode_t mode)
{
	struct walk w;
	int fd;

	if (last_part(path) == NULL ||
	    start(&w, AT_FDCWD, path, strlen(path), EXISTING) < 0)
		return -1;
	fd = open_last(&w, flags, mode);
	close_quietly(w.dir);
	return fd;
}
