#include "input/gunzip_pieces.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libdeflate.h>
#include <zlib.h>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "input/deflate_piece.h"
#include "input/gzip_index.h"

/*
 * A piece on its way: some thread reads and unpacks it, then it is given out.
 */
struct slot {
	struct libdeflate_decompressor *unpacker;
	int fd;
	off_t at;
	struct gzip_piece piece;
	unsigned char *in, *out;
	uint32_t crc;
	const char *error;
	struct slot *next;
};

struct gunzip_pieces {
	struct gzip_index index;
	size_t wanted;			/* how many pieces are wanted */
	unsigned threads;
	bool started;			/* the first piece was asked for */
	struct thread_pool *jobs;	/* NULL: one piece is wanted, or none */
	struct slot *idle, *now; /* gunzip_pieces_read gives out now */
	/* Pieces that were begun, bytes of now given out. */
	size_t begun, given;
	uint32_t most_packed, most_unpacked;
	off_t at; /* where the piece to begin next is in the file */
	uint32_t crc, crc_of_all;
	int fd;
	const char *error;
};

static void
decompress_slot(void *arg)
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
add_slot(struct gunzip_pieces *p)
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

struct gunzip_pieces *
gunzip_pieces_new(int fd, unsigned threads)
{
	struct gunzip_pieces *p;

	if ((p = calloc(1, sizeof *p)) == NULL)
		return NULL;
	if (gzip_index_read(&p->index, fd, &p->crc_of_all) < 0) {
		free(p);
		return NULL;
	}
	p->fd = fd;
	p->threads = threads;
	p->wanted = p->index.n;
	p->at = (off_t)p->index.start;
	return p;
}

size_t
gunzip_pieces_choose(struct gunzip_pieces *p, const struct gzip_wanted *wanted,
    int64_t near)
{
	p->wanted = gzip_index_choose(&p->index, wanted, near);
	return p->index.n - p->wanted;
}

/* Make slots, and threads if there is more than one piece.  Returns 0 or -1. */
static int
start(struct gunzip_pieces *p)
{
	unsigned threads =
	    p->threads < p->wanted ? p->threads : (unsigned)p->wanted;
	const struct gzip_piece *e = p->index.piece;

	p->started = true;
	for (size_t i = 0; i < p->index.n; i++, e++) {
		if (e->wanted && e->packed > p->most_packed)
			p->most_packed = e->packed;
		if (e->wanted && e->unpacked > p->most_unpacked)
			p->most_unpacked = e->unpacked;
	}
	if (p->wanted <= 1)
		threads = 0;
	else if ((p->jobs = thread_pool_new(threads, decompress_slot)) == NULL)
		return -1;
	for (unsigned i = 0; p->wanted > 0 && i <= threads; i++)
		if (add_slot(p) < 0)
			return -1;
	return 0;
}

/*
 * Let the threads begin with as many pieces as there are idle slots.  The only
 * piece is unpacked here.
 */
static int
begin(struct gunzip_pieces *p)
{
	const struct gzip_piece *e;
	struct slot *s;

	while ((s = p->idle) != NULL && p->begun < p->index.n) {
		e = &p->index.piece[p->begun++];
		if (!e->wanted) {
			p->at += e->packed;
			progress_add(e->packed);
			continue;
		}
		p->idle = s->next;
		s->piece = *e;
		s->at = p->at;
		p->at += e->packed;
		if (p->jobs == NULL) {
			decompress_slot(s);
			p->now = s;
		} else if (thread_pool_put(p->jobs, s) < 0) {
			slot_free(s);
			p->error = strerror(ENOMEM);
			return -1;
		}
	}
	return 0;
}

/* Make the next piece now.  Returns 1, 0 at the end, -1. */
static int
next_piece(struct gunzip_pieces *p)
{
	if (p->now != NULL) {
		p->now->next = p->idle;
		p->idle = p->now;
		p->now = NULL;
	}
	if (!p->started && start(p) < 0) {
		p->error = strerror(ENOMEM);
		return -1;
	}
	if (begin(p) < 0)
		return -1;
	p->given = 0;
	if (p->jobs != NULL)
		p->now = thread_pool_take(p->jobs);
	if (p->now == NULL) {
		if (p->wanted < p->index.n || p->crc == p->crc_of_all)
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
gunzip_pieces_read(struct gunzip_pieces *p, void *buf, size_t n)
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
gunzip_pieces_error(const struct gunzip_pieces *p)
{
	return p->error;
}

void
gunzip_pieces_free(struct gunzip_pieces *p)
{
	struct slot *s;

	if (p == NULL)
		return;
	if (p->jobs != NULL)
		while ((s = thread_pool_take(p->jobs)) != NULL)
			slot_free(s);
	thread_pool_free(p->jobs);
	while ((s = p->idle) != NULL) {
		p->idle = s->next;
		slot_free(s);
	}
	slot_free(p->now);
	gzip_index_free(&p->index);
	free(p);
}
