#include "line.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 256 * 1024, MAP_SIZE = 1 << 20 };

struct lines {
	struct input *in;
	char *buf;
	size_t cap, max;	/* bytes buf holds now; at most max */
	size_t have;		/* bytes in buf */
	size_t used;		/* bytes of it that were given out as a block */
	struct span rest;	/* of the block that line_next walks through */
	bool ended, cutting;
	bool mapping;		/* nothing was read yet */
	uint64_t cut;
};

struct lines *
lines_new(struct input *in, size_t max_line)
{
	struct lines *l;

	if ((l = calloc(1, sizeof *l)) == NULL)
		return NULL;
	l->in = in;
	l->max = max_line + 1;	/* and its LF */
	l->cap = l->max < FIRST_SIZE ? l->max : FIRST_SIZE;
	if ((l->buf = malloc(l->cap)) == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

/* Room to read into: 0, or -1 without memory. */
static int
make_room(struct lines *l)
{
	size_t cap = l->cap > l->max / 2 ? l->max : l->cap * 2;
	char *p;

	if (l->have < l->cap)
		return 0;
	if ((p = realloc(l->buf, cap)) == NULL)
		return -1;
	l->buf = p;
	l->cap = cap;
	return 0;
}

static int
give(struct lines *l, size_t n, struct span *block)
{
	*block = span_of(l->buf, n);
	l->used = n;
	return 1;
}

void
lines_map(struct lines *l)
{
	l->mapping = true;
}

bool
lines_gone(struct lines *l)
{
	if (!l->mapping || !input_unskip(l->in))
		return false;
	l->mapping = false;
	return true;
}

/* A block without reading it; false if that can't be. */
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
	char *lf = NULL;
	ssize_t got;

	if (l->mapping && (l->mapping = map_block(l, block)))
		return 1;
	memmove(l->buf, l->buf + l->used, l->have - l->used);
	l->have -= l->used;
	l->used = 0;
	while (!l->ended) {
		if (l->have == l->max) {	/* a full buffer without LF */
			l->cut += !l->cutting;
			l->cutting = true;
			return give(l, l->max - 1, block);
		}
		if (make_room(l) < 0)
			return -1;
		got = input_read(l->in, l->buf + l->have, l->cap - l->have);
		if (got < 0)
			return -1;
		if (got == 0)
			l->ended = true;
		else
			lf = memrchr(l->buf + l->have, '\n', (size_t)got);
		l->have += (size_t)got;
		if (lf != NULL) {
			l->cutting = false;
			return give(l, (size_t)(lf - l->buf) + 1, block);
		}
	}
	return l->have > 0 ? give(l, l->have, block) : 0;
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
