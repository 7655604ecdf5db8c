#include "pack.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <libdeflate.h>
#include <zlib.h>

#include "clftimes.h"
#include "deflate.h"
#include "gzindex.h"
#include "jobs.h"
#include "rival.h"

enum {
	LOOKAHEAD = 64 * 1024,	/* where the end of a line is looked for */
	LEAST = 64 * 1024,	/* of a piece, with rsyncable */
	WINDOW = 64,		/* bytes that decide there */
	GROUP = 48 << 20,	/* bytes in pieces, of which one is tried: */
	TRIED = 256 * 1024,	/* so many bytes of it */
};

/*
 * libdeflate's levels that make no larger files than gzip's.  Where these lie
 * between two of them, a part of the pieces has the higher one: none, one, two
 * or all of three, as the lower makes what is tried less than so many
 * thousandths of gzip's size.  (Pieces lose a little by being independent, and
 * what is tried may be one percent better than the whole.)
 */
static const struct level {
	size_t piece;
	int low, high;
	int none, one, two;
} levels[] = {
	{ .piece = 0 },
	{ 1 << 20, 1, 1, 0, 0, 0 },
	{ 1 << 20, 3, 3, 0, 0, 0 },
	{ 1 << 20, 4, 4, 0, 0, 0 },
	{ 1 << 20, 5, 5, 0, 0, 0 },
	{ 1 << 20, 5, 5, 0, 0, 0 },
	{ 2 << 20, 5, 6, 985, 1000, 1030 },
	{ 4 << 20, 7, 7, 0, 0, 0 },
	{ 4 << 20, 7, 8, 985, 1015, 1030 },	/* as 9 */
	{ 4 << 20, 7, 8, 985, 1015, 1030 },
};

/* One piece on its way: read, compressed by some thread, written. */
struct piece {
	struct packer *packer;
	unsigned char *bytes;	/* n of input, then size of output */
	uint64_t nth;
	int level;		/* libdeflate's */
	size_t n, size;
	int error;		/* when size is 0 */
	uint32_t crc, out_crc;
	uint32_t first, last;	/* times, for the index */
	struct piece *next;
};

/* What a thread needs to compress a piece. */
struct tool {
	struct deflate *deflate;
	unsigned char *room;
	struct tool *next;
};

struct packer {
	struct jobs *jobs;
	const struct level *level;
	unsigned high;			/* of three pieces have that level */
	size_t room;			/* bytes for a piece */
	pthread_mutex_t lock;		/* for tools */
	struct tool *tools;		/* of which each thread takes one */
	struct piece *idle, *now;	/* now: what pack_room fills */
	size_t want;			/* so long it is at least */
	uint64_t nth, at;		/* of the piece after it */
	struct gzindex index;
	unsigned char *header;
	size_t header_size;
	uint32_t out_crc;		/* of all after the header */
};

static void
tool_free(struct tool *tool)
{
	if (tool == NULL)
		return;
	deflate_free(tool->deflate);
	free(tool->room);
	free(tool);
}

static int
add_tool(struct packer *k)
{
	struct tool *tool;

	if ((tool = calloc(1, sizeof *tool)) == NULL)
		return -1;
	tool->next = k->tools;
	k->tools = tool;
	tool->deflate = deflate_new();
	tool->room = malloc(k->room);
	return tool->deflate == NULL || tool->room == NULL ? -1 : 0;
}

static struct tool *
take_tool(struct packer *k)
{
	struct tool *tool;

	pthread_mutex_lock(&k->lock);
	tool = k->tools;
	k->tools = tool->next;
	pthread_mutex_unlock(&k->lock);
	return tool;
}

static void
give_tool(struct packer *k, struct tool *tool)
{
	pthread_mutex_lock(&k->lock);
	tool->next = k->tools;
	k->tools = tool;
	pthread_mutex_unlock(&k->lock);
}

static void
compress_piece(void *arg)
{
	struct piece *e = arg;
	struct packer *k = e->packer;
	struct tool *tool = take_tool(k);
	unsigned char *in = e->bytes;

	e->size = deflate_piece(tool->deflate, e->level, in, e->n, tool->room);
	e->error = errno;
	e->out_crc = libdeflate_crc32(0, tool->room, e->size);
	e->crc = libdeflate_crc32(0, in, e->n);
	if (k->index.room == 0 || !clftimes(span_of((const char *)in, e->n),
	    &e->first, &e->last))
		e->first = e->last = 0;
	e->bytes = tool->room;
	tool->room = in;
	give_tool(k, tool);
}

static void
piece_free(struct piece *e)
{
	if (e == NULL)
		return;
	free(e->bytes);
	free(e);
}

static struct piece *
piece_new(struct packer *k)
{
	struct piece *e;

	if ((e = calloc(1, sizeof *e)) == NULL)
		return NULL;
	e->packer = k;
	if ((e->bytes = malloc(k->room)) != NULL)
		return e;
	piece_free(e);
	errno = ENOMEM;
	return NULL;
}

static int
put(struct pack *p, const void *bytes, size_t n)
{
	if (p->sink(p->arg, bytes, n) < 0)
		return -1;
	p->out += n;
	return 0;
}

/* No name, no time: the same contents give the same bytes. */
static int
put_header(struct pack *p)
{
	struct packer *k = p->packer;
	size_t piece = k->level->piece;

	k->header_size = GZ_HEADER;
	if (p->again != NULL && !p->rsyncable && p->size > piece) {
		if (gzindex_new(&k->index, (p->size + piece - 1) / piece) < 0)
			return -1;
		k->header_size = gzindex_size(&k->index);
	}
	if ((k->header = calloc(1, k->header_size)) == NULL)
		return -1;
	memcpy(k->header, "\x1f\x8b\x08", 3);
	k->header[8] = p->level == 9 ? 2 : p->level == 1 ? 4 : 0;
	k->header[9] = 3;	/* Unix */
	return put(p, k->header, k->header_size);
}

/* Complete the header, now that the index is known. */
static int
put_index(struct pack *p)
{
	struct packer *k = p->packer;

	if (k->index.room == 0)
		return 0;
	gzindex_put(&k->index, k->header);
	return p->again(p->arg, k->header, k->header_size);
}

/* Let the CRC-32 of n bytes follow the one in crc. */
static void
add_crc(uint32_t *crc, uint32_t next, uint64_t n)
{
	*crc = (uint32_t)crc32_combine(*crc, next, (z_off_t)n);
}

static int
put_trailer(struct pack *p)
{
	unsigned char t[DEFLATE_END_SIZE + GZ_TRAILER] = DEFLATE_END;

	for (int i = 0; i < 4; i++) {
		t[DEFLATE_END_SIZE + i] = (unsigned char)(p->crc >> 8 * i);
		t[DEFLATE_END_SIZE + 4 + i] = (unsigned char)(p->in >> 8 * i);
	}
	add_crc(&p->packer->out_crc, libdeflate_crc32(0, t, sizeof t), sizeof t);
	return put(p, t, sizeof t);
}

/* Write the oldest piece, once it is compressed. */
static int
put_oldest(struct pack *p)
{
	struct packer *k = p->packer;
	struct piece *e = jobs_take(k->jobs);

	e->next = k->idle;
	k->idle = e;
	if (e->size == 0) {
		errno = e->error;
		return -1;
	}
	add_crc(&p->crc, e->crc, e->n);
	add_crc(&k->out_crc, e->out_crc, e->size);
	p->in += e->n;
	if (k->index.room > 0)
		gzindex_add(&k->index, e->nth, &(struct gzpiece){
		    (uint32_t)e->size, (uint32_t)e->n,
		    e->first, e->last });
	return put(p, e->bytes, e->size);
}

/* A piece to fill, after writing until there is one.  NULL with errno. */
static struct piece *
idle_piece(struct pack *p)
{
	struct packer *k = p->packer;
	struct piece *e;

	while (jobs_count(k->jobs) > p->threads + 1)
		if (put_oldest(p) < 0)
			return NULL;
	if ((e = k->idle) == NULL)
		return piece_new(k);
	k->idle = e->next;
	return e;
}

/* Begin a piece with the n bytes that were read too far. */
static int
begin_piece(struct pack *p, const void *ahead, size_t n)
{
	struct packer *k = p->packer;
	struct piece *e;

	if ((e = idle_piece(p)) == NULL)
		return -1;
	memcpy(e->bytes, ahead, n);
	e->n = n;
	e->nth = k->nth++;
	k->want = k->level->piece;
	if (!p->rsyncable)
		k->want = (size_t)(k->nth * k->want - k->at);
	k->now = e;
	return 0;
}

/* With rsyncable: a piece's length, of n bytes at p; 192 KiB on average. */
static size_t
cut_by_contents(const unsigned char *p, size_t n)
{
	uint64_t hash = 0;	/* each byte is shifted out after 64 more */

	for (size_t i = LEAST - WINDOW; i < n; i++) {
		hash = (hash << 1) + (p[i] + 1) * UINT64_C(0x9e3779b97f4a7c15);
		if (i >= LEAST && hash >> 47 == 0)
			return i + 1;
	}
	return n;
}

/* The first line that ends at n or behind, in all bytes at p; else n. */
static size_t
cut_by_line(const unsigned char *p, size_t n, size_t all)
{
	const unsigned char *lf = NULL;

	if (n < all)
		lf = memchr(p + n - 1, '\n', all - n + 1);
	return lf != NULL ? (size_t)(lf + 1 - p) : n;
}

/*
 * The level of the piece.  It depends on the contents and, with rsyncable, on
 * nothing else: not on where in the file the piece is.
 */
static int
set_level(struct pack *p, struct piece *e)
{
	struct packer *k = p->packer;
	const struct level *l = k->level;
	int size;

	if (l->none > 0 && !p->rsyncable && e->n >= l->piece &&
	    e->nth % (GROUP / l->piece) == 0) {
		size = rival_compare(e->bytes, TRIED, l->low,
		    p->level == 6 ? 6 : 9);
		if (size < 0)
			return -1;
		k->high = (size >= l->none) + (size >= l->one) +
		    (size >= l->two);
	}
	e->level = p->rsyncable || e->nth % 3 < k->high ? l->high : l->low;
	return 0;
}

/* Hand the piece to the threads, up to where it ends, and begin another. */
static int
cut_piece(struct pack *p)
{
	struct packer *k = p->packer;
	struct piece *e = k->now;
	size_t all = e->n, n = all < k->want ? all : k->want;

	e->n = p->rsyncable ? cut_by_contents(e->bytes, n) :
	    cut_by_line(e->bytes, n, all);
	k->at += e->n;
	if (set_level(p, e) < 0)
		return -1;
	if (begin_piece(p, e->bytes + e->n, all - e->n) < 0)
		return -1;
	if (jobs_put(k->jobs, e) == 0)
		return 0;
	piece_free(e);
	return -1;
}

int
pack_begin(struct pack *p)
{
	struct packer *k;

	p->in = p->out = 0;
	p->crc = p->out_crc = 0;
	if ((p->packer = k = calloc(1, sizeof *k)) == NULL)
		return -1;
	k->level = &levels[p->level];
	k->high = 3;
	k->room = deflate_bound(k->level->piece + LOOKAHEAD);
	pthread_mutex_init(&k->lock, NULL);
	for (unsigned i = 0; i < p->threads; i++)
		if (add_tool(k) < 0)
			return -1;
	if ((k->jobs = jobs_new(p->threads, compress_piece)) == NULL ||
	    put_header(p) < 0)
		return -1;
	return begin_piece(p, "", 0);
}

void *
pack_room(struct pack *p, size_t *n)
{
	struct packer *k = p->packer;

	if (k->now->n == k->want + LOOKAHEAD && cut_piece(p) < 0)
		return NULL;
	*n = k->want + LOOKAHEAD - k->now->n;
	return k->now->bytes + k->now->n;
}

void
pack_filled(struct pack *p, size_t n)
{
	p->packer->now->n += n;
}

int
pack_add(struct pack *p, const void *bytes, size_t n)
{
	const char *from = bytes;
	size_t room;
	void *to;

	for (; n > 0; n -= room, from += room) {
		if ((to = pack_room(p, &room)) == NULL)
			return -1;
		room = n < room ? n : room;
		memcpy(to, from, room);
		pack_filled(p, room);
	}
	return 0;
}

int
pack_end(struct pack *p)
{
	while (p->packer->now->n > 0)
		if (cut_piece(p) < 0)
			return -1;
	while (jobs_count(p->packer->jobs) > 0)
		if (put_oldest(p) < 0)
			return -1;
	if (put_trailer(p) < 0 || put_index(p) < 0)
		return -1;
	p->out_crc = libdeflate_crc32(0, p->packer->header,
	    p->packer->header_size);
	add_crc(&p->out_crc, p->packer->out_crc,
	    p->out - p->packer->header_size);
	return 0;
}

void
pack_free(struct pack *p)
{
	struct packer *k = p->packer;
	struct tool *tool;
	struct piece *e;

	if (k == NULL)
		return;
	while (k->jobs != NULL && (e = jobs_take(k->jobs)) != NULL)
		piece_free(e);
	jobs_free(k->jobs);
	while ((e = k->idle) != NULL) {
		k->idle = e->next;
		piece_free(e);
	}
	piece_free(k->now);
	while ((tool = k->tools) != NULL) {
		k->tools = tool->next;
		tool_free(tool);
	}
	pthread_mutex_destroy(&k->lock);
	gzindex_free(&k->index);
	free(k->header);
	free(k);
	p->packer = NULL;
}
