#include "input/lines.h"

#include <stdlib.h>
#include <string.h>

#include "input/octet_framing.h"

enum { FIRST_SIZE = 256 * 1024, MAP_SIZE = 1 << 20 };

struct lines {
	ssize_t (*read)(void *arg, void *p, size_t n);
	void *arg;
	/* The argument of read if it is an input, else NULL. */
	struct input *in;
	char *buf;
	size_t cap, max;	/* the size of buf now, and at most */
	size_t have;		/* how many bytes buf has */
	size_t used;		/* how many of them were given out */
	size_t seen;		/* no LF is between used and this place */
	/* The rest of the block that line_next walks through. */
	struct span rest;
	bool ended, cutting;
	bool mapping; /* nothing was read yet: the file can be mapped */
	bool frames, is_frame;
	/* The next byte follows a frame: an LF would belong to it. */
	bool behind_frame;
	uint64_t cut;
};

struct lines *
lines_of(ssize_t (*read)(void *arg, void *p, size_t n), void *arg,
    size_t max_line)
{
	struct lines *l;

	if ((l = calloc(1, sizeof *l)) == NULL)
		return NULL;
	l->read = read;
	l->arg = arg;
	l->max = max_line + 1;	/* 1 for its LF */
	l->cap = l->max < FIRST_SIZE ? l->max : FIRST_SIZE;
	if ((l->buf = malloc(l->cap)) == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

static ssize_t
read_input(void *in, void *p, size_t n)
{
	return input_read(in, p, n);
}

struct lines *
lines_new(struct input *in, size_t max_line)
{
	struct lines *l = lines_of(read_input, in, max_line);

	if (l != NULL)
		l->in = in;
	return l;
}

void
lines_frames(struct lines *l)
{
	l->frames = true;
}

bool
lines_is_frame(const struct lines *l)
{
	return l->is_frame;
}

/* Make room to read into.  Returns 0, or -1 without memory. */
static int
make_room(struct lines *l)
{
	size_t cap = l->cap > l->max / 2 ? l->max : l->cap * 2;
	char *p;

	memmove(l->buf, l->buf + l->used, l->have - l->used);
	l->have -= l->used;
	l->seen -= l->used;
	l->used = 0;
	if (l->have < l->cap || l->cap == l->max)
		return 0;
	if ((p = realloc(l->buf, cap)) == NULL)
		return -1;
	l->buf = p;
	l->cap = cap;
	return 0;
}

/*
 * Give the n bytes at p as the block; the bytes before end were given out then.
 */
static bool
give(struct lines *l, char *p, size_t n, const char *end, struct span *block)
{
	*block = span_of(p, n);
	l->used = l->seen = (size_t)(end - l->buf);
	return true;
}

/*
 * Frames become lines where they stand: their counts make room for the LFs.  A
 * frame with an LF inside is a block of its own.
 */
static bool
take_frames(struct lines *l, struct span *block, enum octets *r)
{
	char *start = l->buf + l->used, *p = start, *to = start;
	const char *end = l->buf + l->have;
	struct span m;
	bool has_lf;

	while ((*r = octets_frame(p, end, l->max - 1, &m)) == OCTETS_FRAME) {
		has_lf = m.p[m.len - 1] == '\n';
		m.len -= has_lf;
		l->is_frame = memchr(m.p, '\n', m.len) != NULL;
		if (l->is_frame && to > start)
			break;
		p += (size_t)(m.p - p) + m.len + has_lf;
		memmove(to, m.p, m.len);
		to += m.len;
		l->behind_frame = !has_lf && p == end;
		p += !has_lf && p < end && *p == '\n';
		if (l->is_frame)
			return give(l, start, m.len, p, block);
		*to++ = '\n';
	}
	l->is_frame = false;
	return to > start && give(l, start, (size_t)(to - start), p, block);
}

/* Give a block of the bytes that were read; false when it is not whole yet. */
static bool
take(struct lines *l, struct span *block)
{
	char *start = l->buf + l->used, *end = l->buf + l->have, *lf;
	const char *stop, *frame = NULL;
	enum octets r = OCTETS_NONE;

	l->is_frame = false;
	if (l->behind_frame && start < end) {
		start += *start == '\n';
		give(l, start, 0, start, block);
		l->behind_frame = false;
	}
	if (l->frames && !l->cutting && take_frames(l, block, &r))
		return true;
	if (r == OCTETS_MORE && !l->ended && l->have - l->used < l->max)
		return false;
	lf = memrchr(l->buf + l->seen, '\n', l->have - l->seen);
	if (lf == NULL) {
		l->seen = l->have;
		return l->ended && start < end &&
		    give(l, start, (size_t)(end - start), end, block);
	}
	l->cutting = false;
	stop = lf + 1;
	if (l->frames)
		frame = octets_find((char *)memchr(start, '\n',
		    (size_t)(end - start)) + 1, stop);
	if (frame != NULL)
		stop = frame;
	return give(l, start, (size_t)(stop - start), stop, block);
}

void
lines_map(struct lines *l)
{
	l->mapping = l->in != NULL;
}

bool
lines_gone(struct lines *l)
{
	if (!l->mapping || !input_unskip(l->in))
		return false;
	l->mapping = false;
	return true;
}

/* Give a block without reading it; false if that can't be. */
static bool
map_block(struct lines *l, struct span *block)
{
	size_t n = l->max < MAP_SIZE ? l->max : MAP_SIZE;
	const char *p = input_map(l->in, &n), *lf;

	if (p == NULL || (lf = memrchr(p, '\n', n)) == NULL)
		return false;
	*block = span_of(p, (size_t)(lf + 1 - p));
	input_skip(l->in, block->len);
	return true;
}

int
lines_block(struct lines *l, struct span *block)
{
	ssize_t got;

	if (l->mapping && (l->mapping = map_block(l, block)))
		return 1;
	while (!take(l, block)) {
		if (l->ended)
			return 0;
		if (make_room(l) < 0)
			return -1;
		if (l->have == l->max) {	/* a full buffer without LF */
			l->cut += !l->cutting;
			l->cutting = true;
			give(l, l->buf, l->max - 1, l->buf + l->max - 1,
			    block);
			return 1;
		}
		got = l->read(l->arg, l->buf + l->have, l->cap - l->have);
		if (got < 0)
			return -1;
		l->ended = got == 0;
		l->have += (size_t)got;
	}
	return 1;
}

int
line_next(struct lines *l, struct span *line, bool *has_lf)
{
	const char *lf;
	int r;

	if (l->rest.len == 0 && (r = lines_block(l, &l->rest)) <= 0)
		return r;
	lf = memchr(l->rest.p, '\n', l->rest.len);
	*line = span_of(l->rest.p,
	    lf != NULL ? (size_t)(lf - l->rest.p) : l->rest.len);
	if (has_lf != NULL)
		*has_lf = lf != NULL;
	l->rest.p += line->len + (lf != NULL);
	l->rest.len -= line->len + (lf != NULL);
	return 1;
}

uint64_t
lines_cut(const struct lines *l)
{
	return l->cut;
}

void
lines_free(struct lines *l)
{
	if (l == NULL)
		return;
	free(l->buf);
	free(l);
}
