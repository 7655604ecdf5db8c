#include "stream/spool_segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>

#include "file/path.h"
#include "stream/spool_folder.h"

enum { CHUNK_MIN = 4096, CHUNK_MAX = 256 * 1024, NAME_SIZE = 32, HEX = 16 };

#define SUFFIX ".spool"

static const char *
name_of(uint64_t first, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%016" PRIx64 SUFFIX, first);
	return name;
}

int
segment_open(struct segment *s, int dir, uint64_t first, int oflag)
{
	char name[NAME_SIZE];

	*s = (struct segment){ .first = first, .number = first };
	s->fd = openat(dir, name_of(first, name),
	    oflag | O_CLOEXEC | O_NOFOLLOW, 0600);
	return s->fd < 0 ? -1 : 0;
}

void
segment_close(struct segment *s)
{
	if (s->fd >= 0)
		close(s->fd);
	buf_free(&s->buf);
	s->fd = -1;
}

int
segment_unlink(int dir, uint64_t first)
{
	char name[NAME_SIZE];

	return unlinkat(dir, name_of(first, name), 0);
}

/* How much to read: of many spools most have little that is not read yet. */
static size_t
chunk(const struct segment *s)
{
	off_t left = CHUNK_MAX;
	struct stat st;

	if (fstat(s->fd, &st) == 0)
		left = st.st_size - s->at - (off_t)s->buf.len;
	return left > CHUNK_MAX ? CHUNK_MAX : left < CHUNK_MIN ? CHUNK_MIN :
	    (size_t)left;
}

/*
 * Read more bytes after those in buf.  Returns 1, 0 at the end of the file, -1.
 */
static int
fill(struct segment *s)
{
	size_t n;
	ssize_t got;

	s->buf.len -= s->used;
	if (s->used > 0)
		memmove(s->buf.p, s->buf.p + s->used, s->buf.len);
	s->used = 0;
	n = chunk(s);
	if (buf_reserve(&s->buf, n) < 0)
		return -1;
	do {
		got = pread(s->fd, s->buf.p + s->buf.len, n,
		    s->at + (off_t)s->buf.len);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		s->buf.len += (size_t)got;
	return got < 0 ? -1 : got > 0;
}

/* Read the rest of the file. */
static int
fill_all(struct segment *s)
{
	int r;

	while ((r = fill(s)) > 0)
		;
	return r;
}

void
segment_seek(struct segment *s, off_t at, uint64_t number)
{
	s->at = at;
	s->number = number;
	s->buf.len = s->used = 0;
}

/*
 * There was no whole frame at s->at: go to the next one in the file, if there is
 * one.  Returns 1; 0 when there is none, and s->tail says which bytes follow;
 * -1 with errno.
 */
static int
pass_damage(struct segment *s, bool whole)
{
	struct span rest, again;
	struct frame f;
	size_t n, frames;

	if (fill_all(s) < 0)
		return -1;
	rest = again = span_of(s->buf.p + s->used, s->buf.len - s->used);
	if (frame_unpack(&f, &again) > 0)
		return 1;	/* a writer has completed it since it was looked at */
	if (rest.len == 0)
		s->tail = TAIL_NONE;
	if (rest.len == 0 || (off_t)rest.len == s->searched)
		return 0;
	if ((n = frame_find(rest)) < rest.len) {
		s->at += (off_t)n;
		s->used += n;
		frames = frame_count(span_of(rest.p, n));
		s->number += frames;
		s->damaged += frames;
		return 1;
	}
	s->tail = whole || frame_has_wrong_length(rest) ? TAIL_DAMAGED :
	    TAIL_TORN;
	s->searched = (off_t)rest.len;
	return 0;
}

int
segment_next(struct segment *s, struct frame *f)
{
	bool fresh = s->buf.len == s->used;
	struct span rest;
	int r, more;

	for (;;) {
		rest = span_of(s->buf.p + s->used, s->buf.len - s->used);
		if ((r = frame_unpack(f, &rest)) > 0)
			break;
		/* A writer may have completed the frame. */
		if (r < 0 && !fresh) {
			s->buf.len = s->used = 0;
			fresh = true;
		} else if (r == 0 && (more = fill(s)) != 0) {
			if (more < 0)
				return -1;
			continue;
		} else if ((more = pass_damage(s, r < 0)) <= 0) {
			s->used = 0;
			buf_free(&s->buf);
			return more;
		}
		if (s->buf.len == 0 && fill(s) < 0)
			return -1;
	}
	more = (int)(s->buf.len - s->used - rest.len);
	s->frame = s->used;
	s->at += more;
	s->used += (size_t)more;
	s->number++;
	s->searched = 0;
	s->tail = TAIL_NONE;
	s->last_ms = f->time_ms;
	return 1;
}

int
segment_skip_all(struct segment *s)
{
	struct frame f;
	int r;

	while ((r = segment_next(s, &f)) > 0)
		;
	return r;
}

static int
by_number(const void *a, const void *b)
{
	const struct segment_file *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/*
 * Sets *first to the number in a segment's name.  Returns 0, or -1 for the name
 * of another file.
 */
static int
number_of(const char *name, uint64_t *first)
{
	char again[NAME_SIZE];

	*first = strtoull(name, NULL, HEX);
	return strcmp(name, name_of(*first, again)) == 0 ? 0 : -1;
}

/* Add the file called name to found, if it is a segment. */
static int
list_entry(int dir, const char *name, struct buf *found)
{
	struct segment_file file;
	struct stat st;

	if (number_of(name, &file.first) < 0)
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISREG(st.st_mode))
		return 0;
	file.size = st.st_size;
	return buf_add(found, &file, sizeof file);
}

int
segment_list(int dir, struct segment_file **list, size_t *n)
{
	DIR *d = path_list(dir);
	struct buf found = { 0 };
	const struct dirent *e;
	int r = 0;

	if (d == NULL)
		return -1;
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL)
		r = list_entry(dir, e->d_name, &found);
	if (r == 0 && errno != 0)
		r = -1;
	closedir(d);
	if (r < 0) {
		buf_free(&found);
		return -1;
	}
	*list = (void *)found.p;
	*n = found.len / sizeof **list;
	if (*n > 0)
		qsort(*list, *n, sizeof **list, by_number);
	return 0;
}

int
segment_newest(int dir, uint64_t *first)
{
	DIR *d = path_list(dir);
	const struct dirent *e;
	uint64_t number;
	int found = 0;

	if (d == NULL)
		return -1;
	while ((errno = 0, e = readdir(d)) != NULL)
		if (number_of(e->d_name, &number) == 0 &&
		    (found == 0 || number > *first)) {
			*first = number;
			found = 1;
		}
	if (errno != 0)
		found = -1;
	closedir(d);
	return found;
}

int
segment_keep_damaged(int dir, uint64_t first)
{
	char name[NAME_SIZE], kept[NAME_SIZE + sizeof "damaged/"];

	snprintf(kept, sizeof kept, "damaged/%s", name_of(first, name));
	if (mkdirat(dir, "damaged", 0700) < 0 && errno != EEXIST)
		return -1;
	return linkat(dir, name, dir, kept, 0) == 0 || errno == EEXIST ? 0 : -1;
}

int
segment_drop_oldest(int dir)
{
	struct segment_file *list;
	size_t n;
	int r = -1;

	if (segment_list(dir, &list, &n) < 0)
		return -1;
	errno = ENOENT;
	if (n >= 2 && spool_dropped_set(dir, list[1].first) == 0)
		r = segment_unlink(dir, list[0].first);
	free(list);
	return r;
}
