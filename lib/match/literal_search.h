/*
 * literal_search - a finder's insides, and the ways to search with it
 *
 * For literal_finder*.c only.
 */
#ifndef MATCH_LITERAL_SEARCH_H
#define MATCH_LITERAL_SEARCH_H

#include <string.h>

#include "match/literal_finder.h"

enum {
	BUCKETS = 8, DEPTH = 3, SHAPES_MAX = 64,
	TARGETS_MAX = 4,	/* with more shapes, buckets are faster */
	CLASSES_MAX = 3,	/* the most different sets in a shape */
	AHEAD = 4096,		/* how many bytes ahead memory is fetched */
};

/* A place in a shape where the byte is known, but perhaps for its case. */
struct known {
	size_t at;
	unsigned char byte, fold;	/* text | fold == byte */
};

/* A shape in which some bytes are known: it is found by two of them. */
struct target {
	struct known pair[2];
	unsigned char byte[SHAPE_MAX];	/* all known bytes of the shape */
	unsigned char fold[SHAPE_MAX];	/* text | fold == byte */
	/* 0xff where a byte is not known, else 0. */
	unsigned char unknown[SHAPE_MAX];
	bool all_known;
};

/*
 * A set of bytes, by their nibbles: bit h of lo is for the bytes whose high
 * nibble is h, up to 7.
 */
struct class {
	const uint64_t *set;
	unsigned char lo[16];
	bool high;		/* the set has bytes from 0x80 on */
};

/*
 * A few shapes are targets if some bytes of each are known.  A single shape of
 * a few classes is found by these.  Otherwise shapes are in buckets:
 * table[k][b] has bit i set when byte b can be in place k of a shape in bucket
 * i; lo and hi are the same by nibbles.  The first of these DEPTH places is
 * at[] bytes into the shape.
 */
struct finder {
	size_t n, depth;
	bool by_pairs, folds;
	struct target target[TARGETS_MAX];
	struct class class[CLASSES_MAX];
	size_t n_classes;	/* 0 when there are too many */
	unsigned char class_of[SHAPE_MAX];
	unsigned char table[DEPTH][256];
	unsigned char lo[DEPTH][16], hi[DEPTH][16];
	const char *(*search)(const struct finder *f, const char *p,
	    const char *end);
	unsigned char at[SHAPES_MAX];
	struct shape shape[];
};

/* Whether a shape is at p. */
static inline bool
fits(const struct shape *s, const char *p, const char *start, const char *end)
{
	if (p < start || (size_t)(end - p) < s->len)
		return false;
	for (size_t i = 0; i < s->len; i++)
		if (!set_has(s->set[i], (unsigned char)p[i]))
			return false;
	return true;
}

/*
 * Whether shape i, which is a target, is at p, where SHAPE_MAX bytes can be
 * read.
 */
static inline bool
fits_known(const struct finder *f, size_t i, const char *p, const char *end)
{
	const struct target *t = &f->target[i];
	unsigned char differ = 0;

	for (size_t k = 0; k < SHAPE_MAX; k++)
		differ |= (((unsigned char)p[k] | t->fold[k]) ^ t->byte[k]) &
		    (unsigned char)~t->unknown[k];
	return differ == 0 && (t->all_known || fits(&f->shape[i], p, p, end));
}

/*
 * Returns the first place from p on that has a bit and holds one of the first n
 * targets; or end.
 */
static inline const char *
check_targets(const struct finder *f, size_t n, uint64_t bits, const char *p,
    const char *end)
{
	for (; bits != 0; bits &= bits - 1)
		for (size_t i = 0; i < n; i++)
			if (fits_known(f, i, p + __builtin_ctzll(bits), end))
				return p + __builtin_ctzll(bits);
	return end;
}

/*
 * Returns where a shape of these buckets begins whose DEPTH places are at p; or
 * NULL.
 */
const char *check_buckets(const struct finder *f, unsigned buckets,
    const char *p, const char *start, const char *end);

/*
 * As finder_next, on any machine: for a single target, and for buckets.  The
 * last function goes on at p, with shapes that begin from start on.
 */
const char *pair_plain(const struct finder *f, const char *p, const char *end);
const char *buckets_plain(const struct finder *f, const char *p,
    const char *end);
const char *buckets_from(const struct finder *f, const char *start,
    const char *p, const char *end);

#if defined __x86_64__
/* The same with AVX2 or AVX-512, on machines that have them. */
const char *targets_avx2(const struct finder *f, const char *p,
    const char *end);
const char *targets_avx512(const struct finder *f, const char *p,
    const char *end);
const char *classes_avx2(const struct finder *f, const char *p,
    const char *end);
const char *buckets_avx2(const struct finder *f, const char *p,
    const char *end);
#elif defined __AARCH64EL__
/* The same with NEON. */
const char *targets_neon(const struct finder *f, const char *p,
    const char *end);
const char *classes_neon(const struct finder *f, const char *p,
    const char *end);
const char *buckets_neon(const struct finder *f, const char *p,
    const char *end);
#endif

#endif
