#include "pack/gzip_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <libdeflate.h>
#include <zlib.h>

#include "base/thread_pool.h"
#include "input/deflate_piece.h"
#include "input/gzip_index.h"
#include "pack/piece_facts.h"

enum {
	LOOKAHEAD = 64 * 1024,	/* how far the end of a line is looked for */
	LEAST = 64 * 1024,	/* the smallest piece with rsyncable */
	WINDOW = 64,		/* how many bytes decide where it ends */
	/*
	 * So many packed pieces are held back, until it is known how large the
	 * index has to be; if there are more, and nobody knows how many, it has
	 * room for so many pieces.
	 */
	HELD = 8,
	RESERVED = 340,
};

/*
 * For each of gzip's levels, how many bytes make a piece, and the levels of
 * libdeflate that the pieces take in turn.  They are the lowest that make no
 * larger files of logs than gzip, and they take no longer than pigz.  Only at
 * 3, 8 and 9 no single level does both.
 */
static const struct level {
	size_t piece;
	int deflate[2];
} levels[] = {
	{ 0, { 0, 0 } },
	{ 1 << 20, { 1, 1 } },
	{ 1 << 20, { 1, 1 } },
	{ 1 << 20, { 3, 1 } },
	{ 1 << 20, { 4, 4 } },
	{ 1 << 20, { 5, 5 } },
	{ 2 << 20, { 6, 6 } },
	{ 4 << 20, { 7, 7 } },
	{ 4 << 20, { 8, 7 } },
	{ 4 << 20, { 8, 7 } },
};

/* A piece on its way: it is read, compressed by some thread, and written. */
struct piece {
	struct packer *packer;
	unsigned char *bytes; /* n bytes of input, then size bytes of output */
	uint64_t nth;
	int level;		/* the level of libdeflate */
	size_t n, size;
	int error;		/* an errno, when size is 0 */
	uint32_t crc, out_crc;
	bool looked_at;		/* it has facts, for the index */
	struct buf fields;	/* see piece_read */
	struct piece_facts facts;
	struct piece *next;
};

/* The compressor and the memory that a thread uses for a piece. */
struct tool {
	struct deflate *deflate;
	struct piece_reader *reader;	/* NULL: there is no index */
	unsigned char *room;
	struct tool *next;
};

struct packer {
	struct thread_pool *jobs;
	const struct level *level;
	size_t room;			/* the bytes of memory for a piece */
	pthread_mutex_t lock;		/* protects tools */
	struct tool *tools;		/* each thread takes one */
	struct piece *idle, *now;	/* pack_room fills now */
	size_t want;			/* the least length of the piece now */
	uint64_t nth, at; /* the number and the offset of the next piece */
	bool indexed;
	struct gzip_index index;
	struct piece_chain chain;
	struct buf fields;		/* the last of the pieces so far */
	struct buf held;		/* packed pieces, before the header */
	unsigned char *header;		/* NULL: it was not written yet */
	size_t header_size;
	uint32_t out_crc; /* the CRC-32 of all bytes after the header */
};

static void
tool_free(struct tool *tool)
{
	if (tool == NULL)
		return;
	deflate_free(tool->deflate);
	piece_reader_free(tool->reader);
	free(tool->room);
	free(tool);
}

static int
add_tool(struct packer *k, const struct pack *p)
{
	/* At these levels reading all lines would take longer than packing. */
	bool hasty = p->level <= 2;
	struct tool *tool;

	if ((tool = calloc(1, sizeof *tool)) == NULL)
		return -1;
	tool->next = k->tools;
	k->tools = tool;
	tool->deflate = deflate_new();
	tool->room = malloc(k->room);
	if (k->indexed &&
	    (tool->reader = piece_reader_new(p->near, hasty)) == NULL)
		return -1;
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
	if (e->looked_at)
		piece_read(tool->reader, span_of((const char *)in, e->n),
		    buf_span(&e->fields), &e->facts);
	e->bytes = tool->room;
	tool->room = in;
	give_tool(k, tool);
}

static void
piece_free(struct piece *e)
{
	if (e == NULL)
		return;
	buf_free(&e->fields);
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

/*
 * Write the header, with the index if it has pieces, and the pieces that were
 * held back.  The header has no name and no time, so that the same contents
 * give the same bytes.
 */
static int
put_header(struct pack *p)
{
	struct packer *k = p->packer;
	bool indexed = k->index.n > 0;

	k->header_size = indexed ? gzip_index_size(&k->index) : GZ_HEADER;
	if ((k->header = calloc(1, k->header_size)) == NULL)
		return -1;
	memcpy(k->header, "\x1f\x8b\x08", 3);
	k->header[8] = p->level == 9 ? 2 : p->level == 1 ? 4 : 0;
	k->header[9] = 3;	/* the system: Unix */
	if (indexed)
		gzip_index_put(&k->index, k->header);
	if (put(p, k->header, k->header_size) < 0 ||
	    (k->held.len > 0 && put(p, k->held.p, k->held.len) < 0))
		return -1;
	buf_free(&k->held);
	return 0;
}

/*
 * Write the header before there are more pieces than can be held back: with
 * room for the index, if it can be written again.
 */
static int
put_early_header(struct pack *p)
{
	struct packer *k = p->packer;
	struct gzip_index few = k->index;
	size_t piece = k->level->piece;
	int r;

	k->index = (struct gzip_index){ .run = 1 };
	if (p->again == NULL) {
		k->indexed = false;
		r = 0;
	} else if ((r = gzip_index_new(&k->index, p->size > 0 ?
	    (p->size + piece - 1) / piece : RESERVED)) == 0) {
		for (size_t i = 0; i < few.n; i++)
			gzip_index_add(&k->index, i, &few.piece[i]);
	}
	gzip_index_free(&few);
	return r < 0 ? -1 : put_header(p);
}

/* Complete a header that was written early. */
static int
put_index(struct pack *p)
{
	struct packer *k = p->packer;

	gzip_index_put(&k->index, k->header);
	return p->again(p->arg, k->header, k->header_size);
}

/* Add a packed piece to the index. */
static void
add_to_index(struct packer *k, struct piece *e)
{
	struct gzip_index *x = &k->index;

	if (!piece_chain_add(&k->chain, &e->facts) && x->n > 0)
		piece_unknown(&x->piece[x->n - 1]);
	e->facts.range.packed = (uint32_t)e->size;
	e->facts.range.unpacked = (uint32_t)e->n;
	gzip_index_add(x, e->nth, &e->facts.range);
}

/* Write a packed piece, or hold it back. */
static int
put_piece(struct pack *p, struct piece *e)
{
	struct packer *k = p->packer;
	unsigned most = p->again != NULL ? HELD : 1;

	if (k->header == NULL && e->nth >= most && put_early_header(p) < 0)
		return -1;
	if (k->indexed)
		add_to_index(k, e);
	if (k->header != NULL)
		return put(p, e->bytes, e->size);
	return buf_add(&k->held, e->bytes, e->size);
}

/* Extend crc by the CRC-32 of the next n bytes. */
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
	add_crc(
	    &p->packer->out_crc, libdeflate_crc32(0, t, sizeof t), sizeof t);
	return put(p, t, sizeof t);
}

/* Write the oldest piece, once it is compressed. */
static int
put_oldest(struct pack *p)
{
	struct packer *k = p->packer;
	struct piece *e = thread_pool_take(k->jobs);

	e->next = k->idle;
	k->idle = e;
	if (e->size == 0) {
		errno = e->error;
		return -1;
	}
	add_crc(&p->crc, e->crc, e->n);
	add_crc(&k->out_crc, e->out_crc, e->size);
	p->in += e->n;
	return put_piece(p, e);
}

/*
 * Get a piece to fill, after writing others until there is one.  Returns NULL
 * with errno.
 */
static struct piece *
idle_piece(struct pack *p)
{
	struct packer *k = p->packer;
	struct piece *e;

	while (thread_pool_count(k->jobs) > p->threads + 1)
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
	/*
	 * With rsyncable, the bytes before a piece must not change its output.
	 */
	e->level = k->level->deflate[p->rsyncable ? 0 : e->nth % 2];
	k->want = k->level->piece;
	if (!p->rsyncable)
		k->want = (size_t)(k->nth * k->want - k->at);
	k->now = e;
	return 0;
}

/*
 * Returns a piece's length with rsyncable, of n bytes at p; 192 KiB on average.
 */
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

/*
 * Returns where the first line ends that ends at n or after, in all bytes at p;
 * else n.
 */
static size_t
cut_by_line(const unsigned char *p, size_t n, size_t all)
{
	const unsigned char *lf = NULL;

	if (n < all)
		lf = memchr(p + n - 1, '\n', all - n + 1);
	return lf != NULL ? (size_t)(lf + 1 - p) : n;
}

/* Let the threads look for what the index says of a piece.  0, or -1. */
static int
prepare_look(struct pack *p, struct piece *e)
{
	struct packer *k = p->packer;
	struct span fields;

	e->looked_at = k->indexed && (p->again != NULL || e->nth == 0);
	if (!e->looked_at)
		return 0;
	buf_clear(&e->fields);
	buf_addspan(&e->fields, buf_span(&k->fields));
	if (piece_fields(span_of((const char *)e->bytes, e->n), &fields)) {
		buf_clear(&k->fields);
		buf_addspan(&k->fields, fields);
	}
	return e->fields.failed || k->fields.failed ? -1 : 0;
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
	if (prepare_look(p, e) < 0)
		return -1;
	if (begin_piece(p, e->bytes + e->n, all - e->n) < 0)
		return -1;
	if (thread_pool_put(k->jobs, e) == 0)
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
	k->room = deflate_bound(k->level->piece + LOOKAHEAD);
	pthread_mutex_init(&k->lock, NULL);
	k->indexed = p->indexed && !p->rsyncable;
	for (unsigned i = 0; i < p->threads; i++)
		if (add_tool(k, p) < 0)
			return -1;
	if ((k->jobs = thread_pool_new(p->threads, compress_piece)) == NULL ||
	    (k->indexed ? gzip_index_new(&k->index, HELD) :
	    put_header(p)) < 0)
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

/* Write the trailer, and the header if that is not complete yet. */
static int
put_end(struct pack *p)
{
	struct packer *k = p->packer;

	if (k->header != NULL)
		return put_trailer(p) < 0 || (k->indexed && put_index(p) < 0) ?
		    -1 : 0;
	k->index.room = k->index.n;
	return put_header(p) < 0 || put_trailer(p) < 0 ? -1 : 0;
}

int
pack_end(struct pack *p)
{
	while (p->packer->now->n > 0)
		if (cut_piece(p) < 0)
			return -1;
	while (thread_pool_count(p->packer->jobs) > 0)
		if (put_oldest(p) < 0)
			return -1;
	if (put_end(p) < 0)
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
	while (k->jobs != NULL && (e = thread_pool_take(k->jobs)) != NULL)
		piece_free(e);
	thread_pool_free(k->jobs);
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
	gzip_index_free(&k->index);
	buf_free(&k->fields);
	buf_free(&k->held);
	free(k->header);
	free(k);
	p->packer = NULL;
}
