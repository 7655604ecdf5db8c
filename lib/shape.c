#include "shape.h"

#include <stdlib.h>
#include <string.h>

#if defined __x86_64__
#include <immintrin.h>
#endif

enum {
	BUCKETS = 8, DEPTH = 3, SHAPES_MAX = 64,
	CANDIDATES = 6,		/* rare bytes to choose a pair from */
};

/* A place in a shape where the byte is known, but perhaps for its case. */
struct known {
	size_t at;
	unsigned char byte, fold;	/* text | fold == byte */
};

/*
 * One shape in which a byte is known is found by two such bytes, the pair.
 * Other shapes are in buckets: table[k][b] has bit i set when byte b can be in
 * place k of a shape in bucket i; lo and hi are the same by nibbles.  The first
 * of these DEPTH places is at[] bytes into the shape.
 */
struct finder {
	size_t n, depth;
	bool by_pair;
	struct known pair[2];
	unsigned char byte[SHAPE_MAX];	/* all that are known of the shape: */
	unsigned char fold[SHAPE_MAX];	/* text | fold == byte */
	unsigned char unknown[SHAPE_MAX];	/* 0xff elsewhere */
	bool all_known;
	unsigned char table[DEPTH][256];
	unsigned char lo[DEPTH][16], hi[DEPTH][16];
	const char *(*search)(const struct finder *f, const char *p,
	    const char *end);
	unsigned char at[SHAPES_MAX];
	struct shape shape[];
};

static bool
fits(const struct shape *s, const char *p, const char *start, const char *end)
{
	if (p < start || (size_t)(end - p) < s->len)
		return false;
	for (size_t i = 0; i < s->len; i++)
		if (!set_has(s->set[i], (unsigned char)p[i]))
			return false;
	return true;
}

/* Where a shape of these buckets begins that has its places at p; or NULL. */
static const char *
check_buckets(const struct finder *f, unsigned buckets, const char *p,
    const char *start, const char *end)
{
	for (; buckets != 0; buckets &= buckets - 1)
		for (size_t i = (size_t)__builtin_ctz(buckets); i < f->n;
		    i += BUCKETS)
			if (fits(&f->shape[i], p - f->at[i], start, end))
				return p - f->at[i];
	return NULL;
}

static const char *
pair_plain(const struct finder *f, const char *p, const char *end)
{
	const struct known *k = &f->pair[0];
	const char *stop, *q;

	if ((size_t)(end - p) < f->shape[0].len)
		return end;
	stop = end - f->shape[0].len;	/* the last place for one */
	for (; p <= stop; p++) {
		if (k->fold != 0) {
			if ((p[k->at] | k->fold) != k->byte)
				continue;
		} else {
			q = memchr(p + k->at, k->byte, (size_t)(stop - p) + 1);
			if (q == NULL)
				break;
			p = q - k->at;
		}
		if (fits(&f->shape[0], p, p, end))
			return p;
	}
	return end;
}

static const char *
buckets_from(const struct finder *f, const char *start, const char *p,
    const char *end)
{
	const unsigned char *u;
	const char *q;
	unsigned found;

	for (; (size_t)(end - p) >= f->depth; p++) {
		u = (const unsigned char *)p;
		found = f->table[0][u[0]];
		for (size_t k = 1; k < f->depth; k++)
			found &= f->table[k][u[k]];
		if (found != 0 && (q = check_buckets(f, found, p, start,
		    end)) != NULL)
			return q;
	}
	return end;
}

static const char *
buckets_plain(const struct finder *f, const char *p, const char *end)
{
	return buckets_from(f, p, p, end);
}

#if defined __x86_64__

#define AVX2 __attribute__((target("avx2")))
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))

/* Whether the shape is at p, where SHAPE_MAX bytes can be read. */
static inline bool
fits_known(const struct finder *f, const char *p, const char *end)
{
#define LOAD16(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
	__m128i same = _mm_cmpeq_epi8(_mm_or_si128(LOAD16(p), LOAD16(f->fold)),
	    LOAD16(f->byte));

	return _mm_movemask_epi8(_mm_or_si128(same, LOAD16(f->unknown))) ==
	    0xffff && (f->all_known || fits(&f->shape[0], p, p, end));
}

AVX2 static inline __m256i
pair_at(const char *p, const struct finder *f, const __m256i v[4])
{
	return _mm256_and_si256(
	    _mm256_cmpeq_epi8(_mm256_or_si256(LOAD(p + f->pair[0].at), v[2]),
	    v[0]),
	    _mm256_cmpeq_epi8(_mm256_or_si256(LOAD(p + f->pair[1].at), v[3]),
	    v[1]));
}

AVX2 static const char *
pair_avx2(const struct finder *f, const char *p, const char *end)
{
	const __m256i v[4] = {
		_mm256_set1_epi8((char)f->pair[0].byte),
		_mm256_set1_epi8((char)f->pair[1].byte),
		_mm256_set1_epi8((char)f->pair[0].fold),
		_mm256_set1_epi8((char)f->pair[1].fold),
	};
	__m256i m[4];
	uint64_t bits[2];

	for (; end - p >= 128 + SHAPE_MAX; p += 128) {
		for (int i = 0; i < 4; i++)
			m[i] = pair_at(p + 32 * i, f, v);
		if (_mm256_testz_si256(_mm256_or_si256(m[0], m[1]),
		    _mm256_set1_epi8(-1)) &&
		    _mm256_testz_si256(_mm256_or_si256(m[2], m[3]),
		    _mm256_set1_epi8(-1)))
			continue;
		for (int i = 0; i < 2; i++)
			bits[i] = (unsigned)_mm256_movemask_epi8(m[2 * i]) |
			    (uint64_t)(unsigned)_mm256_movemask_epi8(
			    m[2 * i + 1]) << 32;
		for (int i = 0; i < 2; i++)
			for (; bits[i] != 0; bits[i] &= bits[i] - 1) {
				const char *q = p + 64 * i +
				    __builtin_ctzll(bits[i]);

				if (fits_known(f, q, end))
					return q;
			}
	}
	return pair_plain(f, p, end);
}

/* Eight bits for each byte: the buckets whose shapes may be there. */
AVX2 static inline __m256i
buckets_at(const char *p, size_t depth, const __m256i lo[DEPTH],
    const __m256i hi[DEPTH])
{
	const __m256i low = _mm256_set1_epi8(15);
	__m256i r = _mm256_set1_epi8(-1), v;

	for (size_t k = 0; k < depth; k++) {
		v = LOAD(p + k);
		r = _mm256_and_si256(r, _mm256_and_si256(
		    _mm256_shuffle_epi8(lo[k], _mm256_and_si256(v, low)),
		    _mm256_shuffle_epi8(hi[k], _mm256_and_si256(
		    _mm256_srli_epi16(v, 4), low))));
	}
	return r;
}

AVX2 static inline __attribute__((always_inline)) const char *
buckets_depth(const struct finder *f, const char *start, const char *end,
    size_t depth)
{
	const char *p = start, *q;
	const __m256i zero = _mm256_setzero_si256();
	__m256i lo[DEPTH], hi[DEPTH], r;
	unsigned char found[32];
	unsigned bits;

	for (size_t k = 0; k < depth; k++) {
		lo[k] = _mm256_broadcastsi128_si256(_mm_loadu_si128(
		    (const __m128i *)(const void *)f->lo[k]));
		hi[k] = _mm256_broadcastsi128_si256(_mm_loadu_si128(
		    (const __m128i *)(const void *)f->hi[k]));
	}
	for (; end - p >= 32 + DEPTH; p += 32) {
		r = buckets_at(p, depth, lo, hi);
		bits = ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(r,
		    zero));
		if (bits == 0)
			continue;
		_mm256_storeu_si256((__m256i *)(void *)found, r);
		for (; bits != 0; bits &= bits - 1) {
			q = p + __builtin_ctz(bits);
			q = check_buckets(f, found[q - p], q, start, end);
			if (q != NULL)
				return q;
		}
	}
	return buckets_from(f, start, p, end);
}

AVX2 static const char *
buckets_avx2(const struct finder *f, const char *p, const char *end)
{
	switch (f->depth) {
	case 1: return buckets_depth(f, p, end, 1);
	case 2: return buckets_depth(f, p, end, 2);
	default: return buckets_depth(f, p, end, 3);
	}
}

#endif

static void
choose_search(struct finder *f)
{
	f->search = f->by_pair ? pair_plain : buckets_plain;
#if defined __x86_64__
	if (__builtin_cpu_supports("avx2"))
		f->search = f->by_pair ? pair_avx2 : buckets_avx2;
#endif
}

/* A set of one byte, or of a letter in both cases. */
static bool
is_one_byte(const uint64_t set[4], unsigned char *byte, unsigned char *fold)
{
	int n = 0, b = 0, first = 0;

	for (; b < 256; b++)
		if (set_has(set, (unsigned char)b)) {
			if (n++ == 0)
				first = b;
			else if (n > 2 || b != (first | 0x20))
				return false;
			else
				*byte = (unsigned char)b;
		}
	if (n == 1)
		*byte = (unsigned char)first;
	*fold = n == 2 ? 0x20 : 0;
	return n > 0;
}

static double
weight(const uint64_t set[4], const double freq[256])
{
	double sum = 0;

	for (int b = 0; b < 256; b++)
		if (set_has(set, (unsigned char)b))
			sum += freq[b];
	return sum;
}

/* What is known of the one shape; the rarest bytes of it, how many. */
static size_t
find_known(struct finder *f, const double freq[256],
    struct known rare[CANDIDATES])
{
	const struct shape *s = &f->shape[0];
	double w, weights[CANDIDATES];
	struct known k;
	size_t n = 0, i;

	f->all_known = true;
	memset(f->unknown, 0xff, sizeof f->unknown);
	for (k.at = 0; k.at < s->len; k.at++) {
		if (!is_one_byte(s->set[k.at], &k.byte, &k.fold)) {
			f->all_known = false;
			continue;
		}
		f->byte[k.at] = k.byte;
		f->fold[k.at] = k.fold;
		f->unknown[k.at] = 0;
		w = weight(s->set[k.at], freq);
		if (n == CANDIDATES && w >= weights[n - 1])
			continue;
		for (i = n < CANDIDATES ? n++ : n - 1; i > 0 &&
		    weights[i - 1] > w; i--) {
			weights[i] = weights[i - 1];
			rare[i] = rare[i - 1];
		}
		weights[i] = w;
		rare[i] = k;
	}
	return n;
}

/*
 * The two bytes of the one shape that are least often together in the sample;
 * false: it has no byte that is known.
 */
static bool
choose_pair(struct finder *f, const double freq[256], const char *p,
    const char *end)
{
	size_t together[CANDIDATES][CANDIDATES] = { 0 }, n, least = SIZE_MAX;
	struct known rare[CANDIDATES];
	unsigned here;

	if (f->n != 1 || (n = find_known(f, freq, rare)) == 0)
		return false;
	for (; end - p >= SHAPE_MAX; p++) {
		here = 0;
		for (size_t i = 0; i < n; i++)
			if (((unsigned char)p[rare[i].at] | rare[i].fold) ==
			    rare[i].byte)
				here |= 1u << i;
		for (size_t i = 0; here >> i > 1; i++)
			for (size_t k = i + 1; k < n; k++)
				together[i][k] += here >> i & here >> k & 1;
	}
	f->pair[0] = f->pair[1] = rare[0];
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (together[i][k] < least) {
				least = together[i][k];
				f->pair[0] = rare[i];
				f->pair[1] = rare[k];
			}
	return true;
}

/* Put the shapes into buckets, by the places in each that are rarest. */
static void
fill_buckets(struct finder *f, const double freq[256])
{
	double w, best;

	f->depth = DEPTH;
	for (size_t i = 0; i < f->n; i++)
		if (f->shape[i].len < f->depth)
			f->depth = f->shape[i].len;
	memset(f->table, 0, sizeof f->table);
	memset(f->lo, 0, sizeof f->lo);
	memset(f->hi, 0, sizeof f->hi);
	for (size_t i = 0; i < f->n; i++) {
		const struct shape *s = &f->shape[i];
		unsigned char bit = (unsigned char)(1u << i % BUCKETS);

		best = 2;
		for (size_t at = 0; at + f->depth <= s->len; at++) {
			w = 1;
			for (size_t k = 0; k < f->depth; k++)
				w *= weight(s->set[at + k], freq);
			if (w < best) {
				best = w;
				f->at[i] = (unsigned char)at;
			}
		}
		for (size_t k = 0; k < f->depth; k++)
			for (int b = 0; b < 256; b++)
				if (set_has(s->set[f->at[i] + k],
				    (unsigned char)b)) {
					f->table[k][b] |= bit;
					f->lo[k][b & 15] |= bit;
					f->hi[k][b >> 4] |= bit;
				}
	}
}

struct finder *
finder_new(const struct shape *shapes, size_t n)
{
	struct finder *f;

	if (n > SHAPES_MAX ||
	    (f = calloc(1, sizeof *f + n * sizeof *shapes)) == NULL)
		return NULL;
	f->n = n;
	memcpy(f->shape, shapes, n * sizeof *shapes);
	finder_tune(f, NULL, NULL);
	return f;
}

void
finder_free(struct finder *f)
{
	free(f);
}

void
finder_tune(struct finder *f, const char *p, const char *end)
{
	const char *start = p;
	double freq[256], n = 256 + (double)(end - p);

	for (int b = 0; b < 256; b++)
		freq[b] = 1 / n;
	for (; p < end; p++)
		freq[(unsigned char)*p] += 1 / n;
	f->by_pair = choose_pair(f, freq, start, end);
	if (!f->by_pair)
		fill_buckets(f, freq);
	choose_search(f);
}

const char *
finder_next(const struct finder *f, const char *p, const char *end)
{
	return f->search(f, p, end);
}
