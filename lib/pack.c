#include "pack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <libdeflate.h>
#include <zlib.h>

#include "deflate.h"
#include "gzindex.h"
#include "jobs.h"

enum { LOOKAHEAD = 64 * 1024 };	/* where the end of a line is looked for */

/*
 * libdeflate's levels that make no larger files than gzip's.  gzip -9 lies
 * between 7 and 8, which takes twice the time: so every other piece has 8.
 */
static const struct {
	size_t piece;
	int even, odd;
} levels[] = {
	{ 0, 0, 0 },
	{ 1 << 20, 1, 1 }, { 1 << 20, 3, 3 }, { 1 << 20, 4, 4 },
	{ 1 << 20, 5, 5 }, { 1 << 20, 5, 5 }, { 1 << 20, 6, 6 },
	{ 4 << 20, 7, 7 }, { 4 << 20, 8, 7 }, { 4 << 20, 8, 7 },
};

/* One piece on its way: read, compressed by some thread, written. */
struct piece {
	struct deflate *deflate[2];	/* for even ones and odd ones */
	unsigned char *in, *out;
	uint64_t nth;
	size_t n, size;
	uint32_t crc;
	struct piece *next;
};

struct pipeline {
	struct pack *p;
	struct jobs *jobs;
	struct piece *idle;
	uint64_t nth, at;		/* of the piece to fill next */
	size_t ahead;			/* bytes read that belong to it */
	unsigned char lookahead[LOOKAHEAD];
	struct gzindex index;
	unsigned char *header;
	size_t header_size;
};

static void
compress_piece(void *arg)
{
	struct piece *e = arg;

	e->size = deflate_piece(e->deflate[e->nth & 1], e->in, e->n, e->out);
	e->crc = libdeflate_crc32(0, e->in, e->n);
}

static void
piece_free(struct piece *e)
{
	if (e == NULL)
		return;
	if (e->deflate[1] != e->deflate[0])
		deflate_free(e->deflate[1]);
	deflate_free(e->deflate[0]);
	free(e->in);
	free(e->out);
	free(e);
}

static struct piece *
piece_new(int level)
{
	int even = levels[level].even, odd = levels[level].odd;
	struct piece *e;

	if ((e = calloc(1, sizeof *e)) == NULL)
		return NULL;
	e->in = malloc(levels[level].piece + LOOKAHEAD);
	e->out = malloc(deflate_bound(levels[level].piece + LOOKAHEAD));
	e->deflate[0] = deflate_new(even);
	e->deflate[1] = even == odd ? e->deflate[0] : deflate_new(odd);
	if (e->in != NULL && e->out != NULL && e->deflate[0] != NULL &&
	    e->deflate[1] != NULL)
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
put_header(struct pipeline *l)
{
	const struct pack *p = l->p;
	size_t piece = levels[p->level].piece;

	l->header_size = GZ_HEADER;
	if (p->again != NULL && p->size > piece) {
		if (gzindex_new(&l->index, (p->size + piece - 1) / piece) < 0)
			return -1;
		l->header_size = gzindex_size(&l->index);
	}
	if ((l->header = calloc(1, l->header_size)) == NULL)
		return -1;
	memcpy(l->header, "\x1f\x8b\x08", 3);
	l->header[8] = p->level == 9 ? 2 : p->level == 1 ? 4 : 0;
	l->header[9] = 3;	/* Unix */
	return put(l->p, l->header, l->header_size);
}

/* Complete the header, now that the index is known. */
static int
put_index(struct pipeline *l)
{
	if (l->index.room == 0)
		return 0;
	gzindex_put(&l->index, l->header);
	return l->p->again(l->p->arg, l->header, l->header_size);
}

static int
put_trailer(struct pack *p)
{
	unsigned char t[DEFLATE_END_SIZE + GZ_TRAILER] = DEFLATE_END;

	for (int i = 0; i < 4; i++) {
		t[DEFLATE_END_SIZE + i] = (unsigned char)(p->crc >> 8 * i);
		t[DEFLATE_END_SIZE + 4 + i] = (unsigned char)(p->in >> 8 * i);
	}
	return put(p, t, sizeof t);
}

/* Read until e holds n bytes, or the source has no more. */
static int
read_up_to(struct pack *p, struct piece *e, size_t n)
{
	ssize_t got;

	while (e->n < n) {
		if ((got = p->source(p->arg, e->in + e->n, n - e->n)) < 0)
			return -1;
		if (got == 0)
			break;
		e->n += (size_t)got;
	}
	return 0;
}

/*
 * Fill e: 1, 0 when there is nothing more, -1.  The nth piece ends with the
 * first line that ends at nth + 1 times the size of a piece, or behind.
 */
static int
fill_piece(struct pipeline *l, struct piece *e)
{
	size_t n = (size_t)((l->nth + 1) * levels[l->p->level].piece - l->at);
	const unsigned char *lf;

	memcpy(e->in, l->lookahead, l->ahead);
	e->n = l->ahead;
	l->ahead = 0;
	if (read_up_to(l->p, e, n + LOOKAHEAD) < 0)
		return -1;
	if (e->n > n) {
		if ((lf = memchr(e->in + n - 1, '\n', e->n - n + 1)) != NULL)
			n = (size_t)(lf + 1 - e->in);
		l->ahead = e->n - n;
		memcpy(l->lookahead, e->in + n, l->ahead);
		e->n = n;
	}
	e->nth = l->nth++;
	l->at += e->n;
	return e->n > 0;
}

/* Write the oldest piece, once it is compressed. */
static int
put_oldest(struct pipeline *l)
{
	struct piece *e = jobs_take(l->jobs);
	struct pack *p = l->p;

	e->next = l->idle;
	l->idle = e;
	if (e->size == 0) {
		errno = EIO;
		return -1;
	}
	p->crc = (uint32_t)crc32_combine(p->crc, e->crc, (z_off_t)e->n);
	p->in += e->n;
	if (l->index.room > 0)
		gzindex_add(&l->index, e->nth, &(struct gzpiece){
		    (uint32_t)e->size, (uint32_t)e->n, 0, 0 });
	return put(p, e->out, e->size);
}

/* A piece to fill, after writing until there is one.  NULL with errno. */
static struct piece *
idle_piece(struct pipeline *l)
{
	struct piece *e;

	while (jobs_count(l->jobs) > l->p->threads)
		if (put_oldest(l) < 0)
			return NULL;
	if ((e = l->idle) == NULL)
		return piece_new(l->p->level);
	l->idle = e->next;
	return e;
}

static int
run(struct pipeline *l)
{
	struct piece *e;
	int r;

	do {
		if ((e = idle_piece(l)) == NULL)
			return -1;
		if ((r = fill_piece(l, e)) > 0) {
			if (jobs_put(l->jobs, e) == 0)
				continue;
			r = -1;
		}
		piece_free(e);
	} while (r > 0);
	while (r == 0 && jobs_count(l->jobs) > 0)
		r = put_oldest(l);
	return r;
}

int
pack_run(struct pack *p)
{
	struct pipeline *l;
	struct piece *e;
	int r = -1, saved;

	p->in = p->out = 0;
	p->crc = 0;
	if ((l = calloc(1, sizeof *l)) == NULL)
		return -1;
	l->p = p;
	if ((l->jobs = jobs_new(p->threads, compress_piece)) != NULL &&
	    put_header(l) == 0 && run(l) == 0 && put_trailer(p) == 0)
		r = put_index(l);
	saved = errno;
	while (l->jobs != NULL && (e = jobs_take(l->jobs)) != NULL)
		piece_free(e);
	jobs_free(l->jobs);
	while ((e = l->idle) != NULL) {
		l->idle = e->next;
		piece_free(e);
	}
	gzindex_free(&l->index);
	free(l->header);
	free(l);
	errno = saved;
	return r;
}
