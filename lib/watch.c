#include "watch.h"

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

#include "newfile.h"

/* One that watch_add was called for, or what a link of such a name points to. */
struct target {
	int wd;
	char *path;		/* its folder is not held open: it may go */
	const char *pattern;	/* the last part of path */
};

struct file {
	int target;
	int fd, wd;
	off_t at;		/* what was read, */
	off_t end;		/* and is to be */
	bool old;		/* its name is another file's now */
	bool gone;		/* only what it holds by now is wanted */
	uint64_t id;
	char *path;
	const char *name;	/* the last part of path */
	struct buf held;	/* the start of a line that goes on at "at" */
};

struct watch {
	int fd;
	size_t max_line;
	struct target *targets;
	struct file *files;
	size_t ntargets, nfiles;
	uint64_t ids, last;	/* given out; of the file that data was given of */
	bool closing;		/* what came later is not wanted */
	struct buf in, out;	/* what was read; lines that began before that */
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
	for (size_t i = 0; i < w->ntargets; i++)
		free(w->targets[i].path);
	free(w->targets);
	free(w->files);
	buf_free(&w->in);
	buf_free(&w->out);
	close(w->fd);
	free(w);
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

/* A file has taken the name: of those that had it before, the last stays. */
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

/* The file that a link points to may be rotated where it lies. */
static int
follow_link(struct watch *w, int dir, const char *name)
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
			*p = '?';	/* it is no pattern */
	r = watch_add(w, real);
	free(real);
	return r;
}

static int
open_folder(const struct watch *w, int target)
{
	const char *base;

	return open_parent(w->targets[target].path, &base);
}

/* Follow name from its start, or (old data) its end.  What is no file is not. */
static int
follow(struct watch *w, int target, int dir, const char *name, bool from_end)
{
	const struct target *t = &w->targets[target];
	int fd, folder = (int)(t->pattern - t->path);
	struct file *files, f = { .target = target, .id = ++w->ids };
	char path[64];
	struct stat st;

	fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return 0;	/* gone again, or not ours to read */
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
	return follow_link(w, dir, name);
}

/* All files that a target stands for. */
static int
scan(struct watch *w, int target, bool from_end)
{
	struct dirent *e;
	int fd, r = 0;
	DIR *d;

	if ((fd = open_folder(w, target)) < 0)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (r == 0 && (e = readdir(d)) != NULL)
		if (fnmatch(w->targets[target].pattern, e->d_name,
		    FNM_PERIOD) == 0)
			r = follow(w, target, fd, e->d_name, from_end);
	closedir(d);
	return r;
}

static bool
has_target(const struct watch *w, int wd, const char *pattern)
{
	for (size_t i = 0; i < w->ntargets; i++)
		if (wd == w->targets[i].wd &&
		    strcmp(pattern, w->targets[i].pattern) == 0)
			return true;
	return false;
}

int
watch_add(struct watch *w, const char *path)
{
	struct target *targets, *t;
	char proc[64];
	const char *base;
	int dir, wd;

	if ((dir = open_parent(path, &base)) < 0)
		return -1;
	snprintf(proc, sizeof proc, "/proc/self/fd/%d", dir);
	wd = inotify_add_watch(w->fd, proc, FOLDER_EVENTS);
	close(dir);
	if (wd < 0)
		return -1;
	if (has_target(w, wd, base))
		return 0;
	targets = reallocarray(w->targets, w->ntargets + 1, sizeof *targets);
	if (targets == NULL)
		return -1;
	w->targets = targets;
	t = &targets[w->ntargets];
	if ((t->path = strdup(path)) == NULL)
		return -1;
	t->wd = wd;
	t->pattern = t->path + (base - path);
	return scan(w, (int)w->ntargets++, true);
}

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

static int
follow_new(struct watch *w, int target, const char *name)
{
	int dir, r;

	if ((dir = open_folder(w, target)) < 0)
		return -1;
	r = follow(w, target, dir, name, false);
	close(dir);
	return r;
}

static int
take_event(struct watch *w, const struct inotify_event *e)
{
	size_t n = w->ntargets;		/* follow may add some */
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (e->mask & IN_Q_OVERFLOW) {
			r = scan(w, (int)i, false);
			continue;
		}
		if (e->wd != w->targets[i].wd)
			continue;
		if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
			errno = ENOENT;
			return -1;
		}
		if (e->len == 0 || fnmatch(w->targets[i].pattern, e->name,
		    FNM_PERIOD) != 0)
			continue;
		if (!(e->mask & IN_DELETE))
			r = follow_new(w, (int)i, e->name);
	}
	return r;
}

/* Is there data, and is the file to be followed on?  -1: drop it. */
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

/* New files, and those that took the name of another. */
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
	*d = (struct watch_data){ bytes, f->path, w->last != f->id };
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

/* Give the whole lines of what was read, and hold back the rest. */
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
