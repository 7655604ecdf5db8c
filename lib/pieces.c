#include "pieces.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libdeflate.h>
#include <zlib.h>

#include "deflate.h"
#include "gzindex.h"
#include "jobs.h"
#include "progress.h"

/* A piece on its way: read and unpacked by some thread, then given out. */
struct slot {
	struct libdeflate_decompressor *unpacker;
	int fd;
	off_t at;
	struct gzpiece piece;
	unsigned char *in, *out;
	uint32_t crc;
	const char *error;
	struct slot *next;
};

struct pieces {
	struct gzindex index;
	struct jobs *jobs;
	struct slot *idle, *now;	/* now: what pieces_read gives out */
	size_t begun, given;		/* pieces put, bytes of now given out */
	uint32_t most_packed, most_unpacked;
	off_t at;			/* of the piece to begin next */
	int64_t from, until;		/* of the times that are wanted */
	bool skipped;			/* some piece was left out */
	uint32_t crc;
	int fd;
	const char *error;
};

static void
unpack_slot(void *arg)
{
	struct slot *s = arg;
	size_t n = s->piece.packed;
	ssize_t got = pread(s->fd, s->in, n, s->at);

	s->error = NULL;
	if (got < 0) {
		s->error = strerror(errno);
		return;
	}
	memcpy(s->in + n, DEFLATE_END, DEFLATE_END_SIZE);
	if ((size_t)got < n)
		s->error = "unexpected end of the compressed data";
	else if (libdeflate_deflate_decompress(s->unpacker, s->in,
	    n + DEFLATE_END_SIZE, s->out, s->piece.unpacked, NULL) != 0)
		s->error = "bad compressed data";
	else
		s->crc = libdeflate_crc32(0, s->out, s->piece.unpacked);
}

static void
slot_free(struct slot *s)
{
	if (s == NULL)
		return;
	if (s->unpacker != NULL)
		libdeflate_free_decompressor(s->unpacker);
	free(s->in);
	free(s->out);
	free(s);
}

static int
add_slot(struct pieces *p)
{
	struct slot *s;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return -1;
	s->fd = p->fd;
	s->unpacker = libdeflate_alloc_decompressor();
	s->in = malloc((size_t)p->most_packed + DEFLATE_END_SIZE);
	s->out = malloc((size_t)p->most_unpacked + 1);
	if (s->unpacker == NULL || s->in == NULL || s->out == NULL) {
		slot_free(s);
		return -1;
	}
	s->next = p->idle;
	p->idle = s;
	return 0;
}

struct pieces *
pieces_new(int fd, unsigned threads)
{
	struct gzindex index;
	struct pieces *p;

	if (gzindex_read(&index, fd) < 0)
		return NULL;
	if ((p = calloc(1, sizeof *p)) == NULL) {
		gzindex_free(&index);
		return NULL;
	}
	p->fd = fd;
	p->from = INT64_MIN;
	p->until = INT64_MAX;
	p->index = index;
	p->at = index.start;
	for (size_t i = 0; i < index.n; i++) {
		if (index.piece[i].packed > p->most_packed)
			p->most_packed = index.piece[i].packed;
		if (index.piece[i].unpacked > p->most_unpacked)
			p->most_unpacked = index.piece[i].unpacked;
	}
	if (threads > index.n)
		threads = (unsigned)index.n;
	if ((p->jobs = jobs_new(threads, unpack_slot)) == NULL)
		goto fail;
	for (unsigned i = 0; i <= threads; i++)
		if (add_slot(p) < 0)
			goto fail;
	return p;
fail:
	pieces_free(p);
	return NULL;
}

void
pieces_between(struct pieces *p, int64_t from, int64_t until)
{
	p->from = from;
	p->until = until;
}

/*
 * Is the next piece not wanted?  Only if the one behind it has its own times:
 * a line without one has that of the line before it.
 */
static bool
is_outside(const struct pieces *p)
{
	const struct gzpiece *e = &p->index.piece[p->begun];

	return e->first != 0 && (e->last < p->from || e->first >= p->until) &&
	    (p->begun + 1 == p->index.n || e[1].first != 0);
}

/* Let the threads begin with as many pieces as there are idle slots. */
static int
begin(struct pieces *p)
{
	struct slot *s;

	while ((s = p->idle) != NULL && p->begun < p->index.n) {
		if (is_outside(p)) {
			p->at += p->index.piece[p->begun++].packed;
			p->skipped = true;
			continue;
		}
		p->idle = s->next;
		s->piece = p->index.piece[p->begun++];
		s->at = p->at;
		p->at += s->piece.packed;
		if (jobs_put(p->jobs, s) < 0) {
			slot_free(s);
			p->error = strerror(ENOMEM);
			return -1;
		}
	}
	return 0;
}

/* The next piece is now: 1, 0 at the end, -1. */
static int
next_piece(struct pieces *p)
{
	if (p->now != NULL) {
		p->now->next = p->idle;
		p->idle = p->now;
		p->now = NULL;
	}
	if (begin(p) < 0)
		return -1;
	p->given = 0;
	if ((p->now = jobs_take(p->jobs)) == NULL) {
		if (p->skipped || p->crc == p->index.crc)
			return 0;
		p->error = "incorrect data check";	/* zlib's words */
		return -1;
	}
	if ((p->error = p->now->error) != NULL)
		return -1;
	p->crc = (uint32_t)crc32_combine(p->crc, p->now->crc,
	    (z_off_t)p->now->piece.unpacked);
	progress_add(p->now->piece.packed);
	return 1;
}

ssize_t
pieces_read(struct pieces *p, void *buf, size_t n)
{
	int r;

	if (p->error != NULL)
		return -1;
	while (p->now == NULL || p->given == p->now->piece.unpacked)
		if ((r = next_piece(p)) <= 0)
			return r;
	if (n > p->now->piece.unpacked - p->given)
		n = p->now->piece.unpacked - p->given;
	memcpy(buf, p->now->out + p->given, n);
	p->given += n;
	return (ssize_t)n;
}

const char *
pieces_error(const struct pieces *p)
{
	return p->error;
}

void
pieces_free(struct pieces *p)
{
	struct slot *s;

	if (p == NULL)
		return;
	if (p->jobs != NULL)
		while ((s = jobs_take(p->jobs)) != NULL)
			slot_free(s);
	jobs_free(p->jobs);
	while ((s = p->idle) != NULL) {
		p->idle = s->next;
		slot_free(s);
	}
	slot_free(p->now);
	gzindex_free(&p->index);
	free(p);
}
