#include "segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>

enum { CHUNK = 256 * 1024, NAME_SIZE = 32, HEX = 16 };

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

/* Read more behind what buf holds.  1, 0 at the end of the file, -1. */
static int
fill(struct segment *s)
{
	ssize_t got;

	s->buf.len -= s->used;
	if (s->used > 0)
		memmove(s->buf.p, s->buf.p + s->used, s->buf.len);
	s->used = 0;
	if (buf_reserve(&s->buf, CHUNK) < 0)
		return -1;
	do {
		got = pread(s->fd, s->buf.p + s->buf.len, CHUNK,
		    s->at + (off_t)s->buf.len);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		s->buf.len += (size_t)got;
	return got < 0 ? -1 : got > 0;
}

int
segment_next(struct segment *s, struct frame *f)
{
	bool fresh = s->buf.len == s->used;
	struct span rest;
	int r;

	for (;;) {
		rest = span_of(s->buf.p + s->used, s->buf.len - s->used);
		if ((r = frame_unpack(f, &rest)) > 0)
			break;
		if (r < 0 && fresh)
			goto none;
		if (r < 0) {	/* a writer may have mended it: look again */
			s->buf.len = s->used = 0;
			fresh = true;
		}
		if ((r = fill(s)) < 0)
			return -1;
		if (r == 0)
			goto none;
	}
	s->at += (off_t)(FRAME_HEAD + f->data.len);
	s->used += FRAME_HEAD + f->data.len;
	s->number++;
	return 1;
none:
	s->buf.len = s->used = 0;
	return 0;
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

/* The number in a segment's name; -1 for another file's. */
static int
number_of(const char *name, uint64_t *first)
{
	char again[NAME_SIZE];

	*first = strtoull(name, NULL, HEX);
	return strcmp(name, name_of(*first, again)) == 0 ? 0 : -1;
}

/* Add what the folder's next entry is, if it is a segment. */
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
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct buf found = { 0 };
	const struct dirent *e;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
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
