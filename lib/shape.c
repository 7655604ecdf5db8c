#include "shape.h"

#include <stdlib.h>
#include <string.h>

#if defined __x86_64__
#include <immintrin.h>
#endif

enum { BUCKETS = 8, DEPTH = 3, SHAPES_MAX = 64 };

/*
 * One shape in which two bytes are known (but perhaps for their case) is found
 * by these.  Other shapes are in buckets: table[k][b] has bit i set when byte b
 * can be in place k of a shape in bucket i; lo and hi are the same by nibbles.
 * The first of these DEPTH places is at[] bytes into the shape.
 */
struct finder {
	size_t n, depth;
	bool by_pair;
	size_t first, second;		/* where the two bytes are */
	unsigned char byte[2], fold[2];	/* text | fold == byte */
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

/* Whether a shape is where the pair was found. */
static bool
check_pair(const struct finder *f, const char *p, const char *end)
{
	return fits(&f->shape[0], p, p, end);
}

static bool
check_buckets(const struct finder *f, unsigned buckets, const char *p,
    const char *start, const char *end)
{
	for (; buckets != 0; buckets &= buckets - 1)
		for (size_t i = (size_t)__builtin_ctz(buckets); i < f->n;
		    i += BUCKETS)
			if (fits(&f->shape[i], p - f->at[i], start, end))
				return true;
	return false;
}

static const char *
pair_plain(const struct finder *f, const char *p, const char *end)
{
	const char *q;

	if ((size_t)(end - p) < f->shape[0].len)
		return end;
	end -= f->shape[0].len - 1;	/* here no shape can begin */
	for (; p < end; p++) {
		if (f->fold[0] != 0) {
			if ((p[f->first] | f->fold[0]) != f->byte[0])
				continue;
		} else {
			q = memchr(p + f->first, f->byte[0],
			    (size_t)(end - p));
			if (q == NULL)
				break;
			p = q - f->first;
		}
		if (fits(&f->shape[0], p, p, p + f->shape[0].len))
			return p;
	}
	return end + f->shape[0].len - 1;
}

static const char *
buckets_from(const struct finder *f, const char *start, const char *p,
    const char *end)
{
	const unsigned char *u;
	unsigned found;

	for (; (size_t)(end - p) >= f->depth; p++) {
		u = (const unsigned char *)p;
		found = f->table[0][u[0]];
		for (size_t k = 1; k < f->depth; k++)
			found &= f->table[k][u[k]];
		if (found != 0 && check_buckets(f, found, p, start, end))
			return p;
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

AVX2 static inline __m256i
pair_at(const char *p, const struct finder *f, const __m256i v[4])
{
	return _mm256_and_si256(
	    _mm256_cmpeq_epi8(_mm256_or_si256(LOAD(p + f->first), v[2]), v[0]),
	    _mm256_cmpeq_epi8(_mm256_or_si256(LOAD(p + f->second), v[3]),
	    v[1]));
}

AVX2 static const char *
pair_avx2(const struct finder *f, const char *p, const char *end)
{
	const __m256i v[4] = {
		_mm256_set1_epi8((char)f->byte[0]),
		_mm256_set1_epi8((char)f->byte[1]),
		_mm256_set1_epi8((char)f->fold[0]),
		_mm256_set1_epi8((char)f->fold[1]),
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

				if (check_pair(f, q, end))
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
			if (check_buckets(f, found[q - p], q, start, end))
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

/* The two rarest bytes that the one shape must have; false: there is none. */
static bool
choose_pair(struct finder *f, const double freq[256])
{
	const struct shape *s = &f->shape[0];
	double w, best[2] = { 2, 2 };
	unsigned char byte, fold;

	for (size_t i = 0; f->n == 1 && i < s->len; i++) {
		if (!is_one_byte(s->set[i], &byte, &fold) ||
		    (w = weight(s->set[i], freq)) >= best[1])
			continue;
		if (w < best[0]) {
			best[1] = best[0];
			f->second = f->first;
			f->byte[1] = f->byte[0];
			f->fold[1] = f->fold[0];
		}
		int k = w < best[0] ? 0 : 1;

		best[k] = w;
		*(k == 0 ? &f->first : &f->second) = i;
		f->byte[k] = byte;
		f->fold[k] = fold;
	}
	if (best[0] < 2 && best[1] == 2) {
		f->second = f->first;
		f->byte[1] = f->byte[0];
		f->fold[1] = f->fold[0];
	}
	return best[0] < 2;
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
	double freq[256], n = 256 + (double)(end - p);

	for (int b = 0; b < 256; b++)
		freq[b] = 1 / n;
	for (; p < end; p++)
		freq[(unsigned char)*p] += 1 / n;
	f->by_pair = choose_pair(f, freq);
	if (!f->by_pair)
		fill_buckets(f, freq);
	choose_search(f);
}

const char *
finder_next(const struct finder *f, const char *p, const char *end)
{
	return f->search(f, p, end);
}
