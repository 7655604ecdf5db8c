#include "store/fetch_index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	HEAD = 1024,		/* bytes that mostly hold an index */
	SMALL = 32 << 10,	/* a smaller object is fetched as a whole */
	TRIES = 32,		/* so many indexes may spare nothing */
};

static uint64_t
count(const uint64_t *n)
{
	return __atomic_load_n(n, __ATOMIC_RELAXED);
}

bool
fetch_may_have_index(const struct fetch *f)
{
	const struct fetcher *r = f->fetcher;

	return r->wanted != NULL && (f->size < 0 || f->size >= SMALL) &&
	    strstr(f->s3 != NULL ? f->key : f->url, ".gz") != NULL &&
	    count(&r->asked) <= TRIES + 5 * count(&r->useful);
}

/*
 * Read the index, of which the first HEAD bytes are there.  Returns 1; 0 when
 * there is none; -1 when it could not be fetched.
 */
static int
read_index(struct fetch *f, struct gzip_index *x)
{
	unsigned char *head = calloc(1, GZ_INDEX_MOST);
	size_t n = 0;
	int r = 0;

	if (head != NULL && pread(f->to, head, HEAD, 0) == HEAD)
		n = gzip_index_header(head);
	if (n > HEAD && n < (uint64_t)f->total) {
		if (!fetch_part(f, HEAD, n))
			r = -1;
		else if (f->whole || pread(f->to, head, n, 0) != (ssize_t)n)
			n = 0;
	}
	if (r == 0 && n > 0 &&
	    gzip_index_parse(x, head, n, (uint64_t)f->total) == 0)
		r = 1;
	free(head);
	return r;
}

/*
 * Give the file its size, and write the sum of the pieces' sizes where a reader
 * looks for it, in the trailer.
 */
static bool
make_holes(struct fetch *f, const struct gzip_index *x)
{
	unsigned char sum[4];
	uint32_t n = 0;

	for (size_t i = 0; i < x->n; i++)
		n += x->piece[i].unpacked;
	for (size_t i = 0; i < sizeof sum; i++)
		sum[i] = (unsigned char)(n >> 8 * i);
	if (ftruncate(f->to, (off_t)f->total) == 0 && pwrite(f->to, sum,
	    sizeof sum, (off_t)(f->total - (int64_t)sizeof sum)) ==
	    (ssize_t)sizeof sum)
		return true;
	snprintf(f->reason, sizeof f->reason, "%s", strerror(errno));
	return false;
}

/* Fetch the pieces that are wanted, those in a row at once. */
static bool
fetch_pieces(struct fetch *f, const struct gzip_index *x)
{
	uint64_t at = x->start, have = f->at, from;
	bool good = make_holes(f, x);

	for (size_t i = 0; i < x->n && good;) {
		for (; i < x->n && !x->piece[i].wanted; i++)
			at += x->piece[i].packed;
		from = at > have ? at : have;
		for (; i < x->n && x->piece[i].wanted; i++)
			at += x->piece[i].packed;
		if (from < at)
			good = fetch_part(f, from, i < x->n ? at : 0);
	}
	return good;
}

bool
fetch_indexed(struct fetch *f)
{
	struct fetcher *r = f->fetcher;
	struct gzip_index x;
	size_t wanted;
	bool good;
	int got;

	__atomic_add_fetch(&r->asked, 1, __ATOMIC_RELAXED);
	if (!fetch_part(f, 0, HEAD) || (got = read_index(f, &x)) < 0)
		return false;
	if (got == 0)
		return fetch_part(f, f->at, 0);
	if (f->changed < 0)	/* the reader gets the same */
		f->changed = (int64_t)time(NULL);
	wanted = gzip_index_choose(&x, r->wanted, f->changed);
	if (wanted < x.n)
		__atomic_add_fetch(&r->useful, 1, __ATOMIC_RELAXED);
	if (wanted == 0)
		__atomic_add_fetch(&r->by_index, 1, __ATOMIC_RELAXED);
	good = fetch_pieces(f, &x);
	gzip_index_free(&x);
	return good;
}
