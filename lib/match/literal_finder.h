/*
 * literal_finder - a few bytes in a row, each from a set; and looking for them
 */
#ifndef MATCH_LITERAL_FINDER_H
#define MATCH_LITERAL_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHAPE_MAX = 16 };

struct shape {
	size_t len;			/* 1 to SHAPE_MAX */
	uint64_t set[SHAPE_MAX][4];	/* bit b % 64 of word b / 64 */
};

static inline bool
set_has(const uint64_t set[4], unsigned char b)
{
	return set[b >> 6] >> (b & 63) & 1;
}

/*
 * Looks for any of some shapes.  It is tuned by a sample of text that is like
 * the text to search.
 */
struct finder;

struct finder *finder_new(const struct shape *shapes, size_t n); /* or NULL */
void finder_free(struct finder *f);

/* Choose which bytes to look for first, by how often each is in p to end. */
void finder_tune(struct finder *f, const char *p, const char *end);

/*
 * For a test, before finder_tune: 1 means without AVX-512, 2 also without AVX2
 * and NEON.
 */
extern unsigned finder_without;

/*
 * Returns where a shape begins, in the first line from p on (lines end at LF)
 * that holds one, or end.  Of a single shape, it is the first place.  Only the
 * last set of a shape may hold LF.
 */
const char *finder_next(const struct finder *f, const char *p, const char *end);

#endif
