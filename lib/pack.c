#include "pack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <libdeflate.h>
#include <zlib.h>

#include "deflate.h"
#include "jobs.h"

enum { HEADER_SIZE = 10, TRAILER_SIZE = 8 };

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
	size_t n, size;
	bool odd;
	uint32_t crc;
	struct piece *next;
};

struct pipeline {
	struct pack *p;
	struct jobs *jobs;
	struct piece *idle;
};

static void
compress_piece(void *arg)
{
	struct piece *e = arg;

	e->size = deflate_piece(e->deflate[e->odd], e->in, e->n, e->out);
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
	e->in = malloc(levels[level].piece);
	e->out = malloc(deflate_bound(levels[level].piece));
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

static int
put_header(struct pack *p)
{
	/* No name, no time: the same contents give the same bytes. */
	unsigned char h[HEADER_SIZE] = { 0x1f, 0x8b, 8, [9] = 3 };

	h[8] = p->level == 9 ? 2 : p->level == 1 ? 4 : 0;
	return put(p, h, sizeof h);
}

static int
put_trailer(struct pack *p)
{
	unsigned char t[DEFLATE_END_SIZE + TRAILER_SIZE] = DEFLATE_END;

	for (int i = 0; i < 4; i++) {
		t[DEFLATE_END_SIZE + i] = (unsigned char)(p->crc >> 8 * i);
		t[DEFLATE_END_SIZE + 4 + i] = (unsigned char)(p->in >> 8 * i);
	}
	return put(p, t, sizeof t);
}

/* Fill e from the source: 1, 0 when there is nothing more, -1. */
static int
fill_piece(struct pack *p, struct piece *e)
{
	ssize_t got;

	for (e->n = 0; e->n < levels[p->level].piece; e->n += (size_t)got) {
		got = p->source(p->arg, e->in + e->n,
		    levels[p->level].piece - e->n);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
	}
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
	return put(p, e->out, e->size);
}

static int
run(struct pipeline *l)
{
	struct pack *p = l->p;
	struct piece *e;
	bool odd = false;
	int r;

	do {
		while ((l->idle == NULL || jobs_count(l->jobs) > p->threads) &&
		    jobs_count(l->jobs) > 0)
			if (put_oldest(l) < 0)
				return -1;
		e = l->idle;
		if ((r = fill_piece(p, e)) < 0)
			return -1;
		if (r > 0) {
			l->idle = e->next;
			e->odd = odd;
			odd = !odd;
			if (jobs_put(l->jobs, e) < 0) {
				piece_free(e);
				return -1;
			}
		}
	} while (r > 0);
	while (jobs_count(l->jobs) > 0)
		if (put_oldest(l) < 0)
			return -1;
	return 0;
}

int
pack_run(struct pack *p)
{
	struct pipeline l = { .p = p };
	struct piece *e;
	int r = -1, saved;

	p->in = p->out = 0;
	p->crc = 0;
	if ((l.jobs = jobs_new(p->threads, compress_piece)) == NULL)
		return -1;
	for (unsigned i = 0; i < p->threads + 2; i++) {
		if ((e = piece_new(p->level)) == NULL)
			goto done;
		e->next = l.idle;
		l.idle = e;
	}
	if (put_header(p) == 0 && run(&l) == 0 && put_trailer(p) == 0)
		r = 0;
done:
	saved = errno;
	while ((e = jobs_take(l.jobs)) != NULL)
		piece_free(e);
	jobs_free(l.jobs);
	while ((e = l.idle) != NULL) {
		l.idle = e->next;
		piece_free(e);
	}
	errno = saved;
	return r;
}
