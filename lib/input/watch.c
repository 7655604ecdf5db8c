#include "input/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "file/newfile.h"
#include "file/path.h"

/*
 * A path that watch_add was called for, or the target of a link with such a
 * name, or a path in a folder that matches a pattern.
 */
struct target {
	int wd;			/* -1 when the slot is free */
	char *path; /* its folder is not held open, so that it may be removed */
	const char *pattern;	/* the last part of path */
	/* The pattern of the files, when pattern is for folders; else NULL. */
	char *below;
	char *link;	/* the link that the user named, when this is its target */
	bool passing; /* its folder may be removed without being missed */
};

struct file {
	int target;
	int fd, wd;
	off_t at;		/* the offset up to which the file was read */
	off_t end;		/* the offset up to which it is to be read */
	bool old;		/* another file has its name now */
	bool gone;		/* only data that it holds by now is wanted */
	uint64_t id;
	char *path;
	const char *name;	/* the last part of path */
	struct buf held; /* the start of a line that goes on at the offset at */
};

struct watch {
	int fd;
	size_t max_line;
	struct target *targets;
	struct file *files;
	size_t ntargets, nfiles;
	/*
	 * The last id given, and the id of the file whose data was given last.
	 */
	uint64_t ids, last;
	bool closing;		/* data that came later is not wanted */
	struct buf in, out; /* data that was read; lines that began before it */
};

enum {
	READ_SIZE = 64 << 10,
	FOLDER_EVENTS = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ATTRIB |
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR,
};

struct watch *
watch_new(size_t max_line)
{
	struct watch *w;

	if ((w = calloc(1, sizeof *w)) == NULL)
		return NULL;
	if ((w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) < 0) {
		free(w);
		return NULL;
	}
	w->max_line = max_line;
	return w;
}

static void
drop_file(struct watch *w, size_t i)
{
	struct file gone = w->files[i];
	bool shared = false;

	w->files[i] = w->files[--w->nfiles];
	for (size_t k = 0; k < w->nfiles; k++)
		shared |= w->files[k].wd == gone.wd;
	if (!shared)
		inotify_rm_watch(w->fd, gone.wd);
	close(gone.fd);
	free(gone.path);
	buf_free(&gone.held);
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	while (w->nfiles > 0)
		drop_file(w, w->nfiles - 1);
	for (size_t i = 0; i < w->ntargets; i++) {
		free(w->targets[i].path);
		free(w->targets[i].below);
		free(w->targets[i].link);
	}
	free(w->targets);
	free(w->files);
	buf_free(&w->in);
	buf_free(&w->out);
	close(w->fd);
	free(w);
}

/*
 * Whether a file that a pattern found is what rotation made of a log: packed,
 * or a copy (copytruncate) with a number or a date behind the name of a log that
 * is followed.  A log that was renamed is followed anyhow.
 */
static bool
is_made_of_log(const struct watch *w, int target, const char *name)
{
	static const char *const packed[] = {
		".gz", ".zst", ".xz", ".bz2", ".lz4", ".lzma", ".Z", ".zip",
	};
	size_t len = strlen(name), n;

	for (size_t i = 0; i < sizeof packed / sizeof *packed; i++)
		if (len > (n = strlen(packed[i])) &&
		    strcmp(name + len - n, packed[i]) == 0)
			return true;
	for (size_t i = 0; i < w->nfiles; i++) {
		const struct file *f = &w->files[i];

		n = strlen(f->name);
		if (f->target == target && strncmp(f->name, name, n) == 0 &&
		    len > n + 1 && strchr(".-_", name[n]) != NULL &&
		    is_digit(name[n + 1]))
			return true;
	}
	return false;
}

static bool
is_followed(const struct watch *w, const struct stat *st)
{
	struct stat old;

	for (size_t i = 0; i < w->nfiles; i++)
		if (!w->files[i].gone && fstat(w->files[i].fd, &old) == 0 &&
		    old.st_dev == st->st_dev && old.st_ino == st->st_ino)
			return true;
	return false;
}

/*
 * A new file has taken the name: of the files that had it before, only the last
 * is kept.
 */
static void
age_files(struct watch *w, int target, const char *name)
{
	for (size_t i = 0; i < w->nfiles; i++) {
		struct file *f = &w->files[i];

		if (f->target != target || strcmp(f->name, name) != 0)
			continue;
		f->gone = f->old;
		f->old = true;
	}
}

/* What comes from the file real is to be shown as the link's. */
static int
name_link(struct watch *w, const char *real, const char *link)
{
	for (size_t i = 0; i < w->ntargets; i++) {
		struct target *t = &w->targets[i];

		if (t->wd < 0 || t->link != NULL || strcmp(t->path, real) != 0)
			continue;
		if ((t->link = strdup(link)) == NULL)
			return -1;
	}
	return 0;
}

/*
 * Also follow the file that the link, in dir, points to, which may be rotated
 * in its own folder.
 */
static int
follow_link(struct watch *w, int dir, const char *name, const char *link)
{
	char path[PATH_MAX], *real;
	struct stat st;
	int r;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISLNK(st.st_mode))
		return 0;
	snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir, name);
	if ((real = realpath(path, NULL)) == NULL)
		return 0;
	for (char *p = real; *p != '\0'; p++)
		if (strchr("*?[\\", *p) != NULL)
			/*
			 * ? matches a character that would be part of a
			 * pattern.
			 */
			*p = '?';
	if ((r = watch_add(w, real)) == 0)
		r = name_link(w, real, link);
	free(real);
	return r;
}

static bool
is_pattern(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

/*
 * Open the folder that path lies in.  A path that the user named is followed
 * wherever it leads to.  A path that a pattern has found (found: the folder
 * itself) could be anybody's, so its folder is not reached through links of
 * others.
 */
static int
open_folder(const char *path, bool found, const char **base)
{
	int fd = path_parent(path, base);
	char *folder;

	if (fd >= 0 || errno != ELOOP || found || is_pattern(*base))
		return fd;
	if ((folder = strndup(path, (size_t)(*base - path))) == NULL)
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	return fd;
}

/*
 * Open the file name in dir, the folder of t; links are followed as in
 * open_folder.
 */
static int
open_file(const struct target *t, int dir, const char *name)
{
	int fd, flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char *path;

	if (!t->passing && !is_pattern(t->pattern))
		return openat(dir, name, flags);
	if (asprintf(&path, "%.*s%s", (int)(t->pattern - t->path), t->path,
	    name) < 0)
		return -1;
	fd = path_open(path, flags, 0);
	free(path);
	return fd;
}

/*
 * Follow the file name from its start or, when its data is old, from its end.
 * Anything that is no file is left out.
 */
static int
follow(struct watch *w, int target, int dir, const char *name, bool from_end)
{
	const struct target *t = &w->targets[target];
	int fd, folder = (int)(t->pattern - t->path);
	struct file *files, f = { .target = target, .id = ++w->ids };
	char path[64];
	struct stat st;

	if (!from_end && is_pattern(t->pattern) &&
	    is_made_of_log(w, target, name))
		return 0;
	if ((fd = open_file(t, dir, name)) < 0)
		return 0;	/* removed again, or not ours to read */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || is_followed(w, &st)) {
		close(fd);
		return 0;
	}
	age_files(w, target, name);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	f.fd = fd;
	f.at = from_end ? st.st_size : 0;
	f.end = INT64_MAX;
	f.wd = inotify_add_watch(w->fd, path, IN_MODIFY);
	files = reallocarray(w->files, w->nfiles + 1, sizeof *files);
	if (files != NULL)
		w->files = files;
	if (f.wd < 0 || files == NULL ||
	    asprintf(&f.path, "%.*s%s", folder, t->path, name) < 0) {
		close(fd);
		return -1;
	}
	f.name = f.path + folder;
	w->files[w->nfiles++] = f;
	return follow_link(w, dir, name, f.path);
}

static int add_target(struct watch *w, const char *path, size_t folder_len,
    const char *below, bool passing, bool from_end);

/*
 * Follow the files in the folder name of a target whose pattern is for folders,
 * unless it is no folder or was removed again.
 */
static int
enter_folder(struct watch *w, int target, const char *name, bool from_end)
{
	const struct target *t = &w->targets[target];
	int above = (int)(t->pattern - t->path), r;
	char *path;

	if ((r = asprintf(&path, "%.*s%s/%s", above, t->path, name,
	    t->below)) < 0)
		return -1;
	r = add_target(w, path, (size_t)r - strlen(t->below), NULL, true,
	    from_end);
	free(path);
	return r < 0 && errno != ENOMEM && errno != ENOSPC ? 0 : r;
}

/* Follow all files that a target stands for. */
static int
scan(struct watch *w, int target, bool from_end)
{
	struct dirent *e;
	const char *base;
	int fd, r = 0;
	DIR *d;

	if ((fd = open_folder(w->targets[target].path,
	    w->targets[target].passing, &base)) < 0)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (r == 0 && (e = readdir(d)) != NULL)
		if (fnmatch(w->targets[target].pattern, e->d_name,
		    FNM_PERIOD) != 0)
			continue;
		else if (w->targets[target].below != NULL)
			r = enter_folder(w, target, e->d_name, from_end);
		else
			r = follow(w, target, fd, e->d_name, from_end);
	closedir(d);
	return r;
}

static bool
has_target(const struct watch *w, int wd, const char *pattern)
{
	for (size_t i = 0; i < w->ntargets; i++)
		if (wd == w->targets[i].wd && w->targets[i].below == NULL &&
		    strcmp(pattern, w->targets[i].pattern) == 0)
			return true;
	return false;
}

/* Returns the slot of a target that is gone, or a new one. */
static struct target *
free_target(struct watch *w)
{
	struct target *targets;

	for (size_t i = 0; i < w->ntargets; i++)
		if (w->targets[i].wd < 0)
			return &w->targets[i];
	targets = reallocarray(w->targets, w->ntargets + 1, sizeof *targets);
	if (targets == NULL)
		return NULL;
	w->targets = targets;
	targets[w->ntargets] = (struct target){ .wd = -1 };
	return &targets[w->ntargets++];
}

/*
 * Follow the files that the last part of path stands for, in the folder named
 * by its first folder_len bytes; with below, the files matching that in the
 * folders it stands for.
 */
static int
add_target(struct watch *w, const char *path, size_t folder_len,
    const char *below, bool passing, bool from_end)
{
	struct target *t;
	char proc[64];
	const char *base;
	int dir, wd;

	if ((dir = open_folder(path, passing, &base)) < 0)
		return -1;
	snprintf(proc, sizeof proc, "/proc/self/fd/%d", dir);
	wd = inotify_add_watch(w->fd, proc, FOLDER_EVENTS);
	close(dir);
	if (wd < 0)
		return -1;
	base = path + folder_len;
	if (has_target(w, wd, base))
		return 0;
	if ((t = free_target(w)) == NULL)
		return -1;
	free(t->path);
	free(t->below);
	free(t->link);
	*t = (struct target){ .wd = wd, .path = strdup(path),
	    .below = below != NULL ? strdup(below) : NULL, .passing = passing };
	if (t->path == NULL || (below != NULL && t->below == NULL))
		return -1;
	t->pattern = t->path + folder_len;
	return scan(w, (int)(t - w->targets), from_end);
}

int
watch_add(struct watch *w, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t len = base != NULL ? (size_t)(base - path) : 0, above = len;
	char *folder;
	int r;

	base = base != NULL ? base + 1 : path;
	if ((folder = strndup(path, len)) == NULL)
		return -1;
	while (above > 0 && folder[above - 1] != '/')
		above--;
	if (!is_pattern(folder + above) || access(folder, F_OK) == 0)
		r = add_target(w, path, (size_t)(base - path), NULL, false,
		    true);
	else
		r = add_target(w, folder, above, base, false, true);
	free(folder);
	return r;
}

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

static int
follow_new(struct watch *w, int target, const char *name)
{
	const char *base;
	int dir, r;

	if (w->targets[target].below != NULL)
		return enter_folder(w, target, name, false);
	if ((dir = open_folder(w->targets[target].path,
	    w->targets[target].passing, &base)) < 0)
		return -1;
	r = follow(w, target, dir, name, false);
	close(dir);
	return r;
}

/* Give up a target whose folder was removed or renamed. */
static int
lose_folder(struct watch *w, struct target *t)
{
	if (!t->passing) {
		errno = ENOENT;
		return -1;
	}
	inotify_rm_watch(w->fd, t->wd);
	t->wd = -1;		/* its names are freed when it is used again */
	return 0;
}

static int
take_event(struct watch *w, const struct inotify_event *e)
{
	size_t n = w->ntargets;		/* follow may add some */
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (w->targets[i].wd < 0)
			continue;
		if (e->mask & IN_Q_OVERFLOW) {
			r = scan(w, (int)i, false);
			continue;
		}
		if (e->wd != w->targets[i].wd)
			continue;
		if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
			r = lose_folder(w, &w->targets[i]);
			continue;
		}
		if (e->len == 0 || fnmatch(w->targets[i].pattern, e->name,
		    FNM_PERIOD) != 0)
			continue;
		if (!(e->mask & IN_DELETE))
			r = follow_new(w, (int)i, e->name);
	}
	return r;
}

/*
 * Whether there is data.  Returns -1 when the file is to be followed no longer.
 */
static int
look(struct file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return -1;
	if (st.st_size < f->at)
		f->at = 0;
	if (st.st_size > f->at && f->end > f->at)
		return 1;
	f->gone |= st.st_nlink == 0;
	return !f->gone ? 0 : f->held.len > 0 ? 1 : -1;
}

/*
 * Take the kernel's events: new files, and files that took the name of another.
 */
static int
take_events(struct watch *w)
{
	_Alignas(struct inotify_event) char events[8192];
	ssize_t n;

	while ((n = read(w->fd, events, sizeof events)) > 0)
		for (char *p = events; p < events + n;) {
			struct inotify_event *e = (void *)p;

			if (take_event(w, e) < 0)
				return -1;
			p += sizeof *e + e->len;
		}
	return n < 0 && errno != EAGAIN && errno != EINTR ? -1 : 0;
}

int
watch_ready(struct watch *w)
{
	int r = 0;

	if (!w->closing && take_events(w) < 0)
		return -1;
	for (size_t i = w->nfiles; i-- > 0;)
		switch (look(&w->files[i])) {
		case 1: r = 1; break;
		case -1: drop_file(w, i); break;
		}
	return r;
}

int
watch_last(struct watch *w)
{
	struct stat st;
	int r = w->closing ? 0 : take_events(w);

	for (size_t i = 0; i < w->nfiles && !w->closing; i++)
		if (fstat(w->files[i].fd, &st) == 0)
			w->files[i].end = st.st_size;
	w->closing = true;
	return r;
}

static int
give(struct watch *w, const struct file *f, struct span bytes,
    struct watch_data *d)
{
	const char *link = w->targets[f->target].link;

	*d = (struct watch_data){
		bytes, link != NULL ? link : f->path, w->last != f->id,
	};
	if (bytes.len > 0)
		w->last = f->id;
	return 1;
}

static int
give_held(struct watch *w, struct file *f, struct watch_data *d)
{
	buf_free(&w->out);
	w->out = f->held;
	f->held = (struct buf){ 0 };
	return give(w, f, buf_span(&w->out), d);
}

/* Give the whole lines of the data that was read, and hold back the rest. */
static int
give_lines(struct watch *w, struct file *f, struct watch_data *d)
{
	struct span in = buf_span(&w->in), given = span_of(in.p, 0);
	const char *lf = memrchr(in.p, '\n', in.len);

	if (lf != NULL)
		given.len = (size_t)(lf + 1 - in.p);
	else if (f->held.len + in.len > w->max_line)
		given.len = in.len;
	in.p += given.len;
	in.len -= given.len;
	if (given.len > 0 && f->held.len > 0) {
		buf_clear(&w->out);
		buf_addspan(&w->out, buf_span(&f->held));
		buf_addspan(&w->out, given);
		buf_free(&f->held);
		given = buf_span(&w->out);
	}
	if (buf_addspan(&f->held, in) < 0 || w->out.failed)
		return -1;
	return give(w, f, given, d);
}

int
watch_read(struct watch *w, struct watch_data *d)
{
	size_t n;
	ssize_t got;

	buf_clear(&w->in);
	if (buf_reserve(&w->in, READ_SIZE) < 0)
		return -1;
	for (size_t i = 0; i < w->nfiles; i++) {
		struct file *f = &w->files[i];

		if (look(f) <= 0)
			continue;
		n = f->end - f->at < READ_SIZE ? (size_t)(f->end - f->at) :
		    READ_SIZE;
		if ((got = pread(f->fd, w->in.p, n, f->at)) < 0)
			return -1;
		f->at += got;
		w->in.len = (size_t)got;
		if (got > 0)
			return give_lines(w, f, d);
		if (f->gone && f->held.len > 0)
			return give_held(w, f, d);
	}
	return 0;
}

int
watch_rest(struct watch *w, struct watch_data *d)
{
	for (size_t i = 0; i < w->nfiles; i++)
		if (w->files[i].held.len > 0)
			return give_held(w, &w->files[i], d);
	return 0;
}
