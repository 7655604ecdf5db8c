#include "shape.h"

#include <stdlib.h>
#include <string.h>

#if defined __x86_64__
#include <immintrin.h>
#endif

enum {
	BUCKETS = 8, DEPTH = 3, SHAPES_MAX = 64,
	TARGETS_MAX = 4,	/* more shapes are faster found by buckets */
	CLASSES_MAX = 3,	/* different sets in a shape */
	CANDIDATES = 6,		/* rare bytes to choose a pair from */
	AHEAD = 4096,		/* bytes: what to fetch from memory by now */
};

unsigned finder_without;

/* A place in a shape where the byte is known, but perhaps for its case. */
struct known {
	size_t at;
	unsigned char byte, fold;	/* text | fold == byte */
};

/* A shape in which some bytes are known: it is found by two of them. */
struct target {
	struct known pair[2];
	unsigned char byte[SHAPE_MAX];	/* all that are known of the shape: */
	unsigned char fold[SHAPE_MAX];	/* text | fold == byte */
	unsigned char unknown[SHAPE_MAX];	/* 0xff elsewhere */
	bool all_known;
};

/* A set, by nibbles: lo's bit h is for what has the high nibble h, up to 7. */
struct class {
	const uint64_t *set;
	unsigned char lo[16];
	bool high;		/* it has bytes from 0x80 on */
};

/*
 * A few shapes are targets if there are such bytes in each.  A single one of a
 * few classes is found by these.  Otherwise they are in buckets: table[k][b]
 * has bit i set when byte b can be in place k of a shape in bucket i; lo and hi
 * are the same by nibbles.  The first of these DEPTH places is at[] bytes into
 * the shape.
 */
struct finder {
	size_t n, depth;
	bool by_pairs, folds;
	struct target target[TARGETS_MAX];
	struct class class[CLASSES_MAX];
	size_t n_classes;	/* 0: there are more */
	unsigned char class_of[SHAPE_MAX];
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
	const struct known *k = &f->target[0].pair[0];
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
#define AVX512 __attribute__((target("avx512bw")))
#define LOAD16(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))

/* Whether shape i, a target, is at p, where SHAPE_MAX bytes can be read. */
static inline bool
fits_known(const struct finder *f, size_t i, const char *p, const char *end)
{
	const struct target *t = &f->target[i];
	__m128i same = _mm_cmpeq_epi8(_mm_or_si128(LOAD16(p), LOAD16(t->fold)),
	    LOAD16(t->byte));

	return _mm_movemask_epi8(_mm_or_si128(same, LOAD16(t->unknown))) ==
	    0xffff && (t->all_known || fits(&f->shape[i], p, p, end));
}

/* How a target's pair is looked for. */
struct look {
	size_t at[2];
	__m256i byte[2], fold[2];
};

AVX2 static inline __attribute__((always_inline)) __m256i
pair_at(const char *p, const struct look *l, bool folds)
{
	__m256i a = LOAD(p + l->at[0]), b = LOAD(p + l->at[1]);

	if (folds) {
		a = _mm256_or_si256(a, l->fold[0]);
		b = _mm256_or_si256(b, l->fold[1]);
	}
	return _mm256_and_si256(_mm256_cmpeq_epi8(a, l->byte[0]),
	    _mm256_cmpeq_epi8(b, l->byte[1]));
}

/* Where the pair of any of n targets is; no loop, as n is a constant. */
AVX2 static inline __attribute__((always_inline)) __m256i
pairs_at(const char *p, const struct look l[TARGETS_MAX], size_t n, bool folds)
{
	__m256i r = pair_at(p, &l[0], folds);

	if (n > 1)
		r = _mm256_or_si256(r, pair_at(p, &l[1], folds));
	if (n > 2)
		r = _mm256_or_si256(r, pair_at(p, &l[2], folds));
	if (n > 3)
		r = _mm256_or_si256(r, pair_at(p, &l[3], folds));
	return r;
}

AVX2 static inline struct look
look_of(const struct target *t)
{
	struct look l;

	for (int i = 0; i < 2; i++) {
		l.at[i] = t->pair[i].at;
		l.byte[i] = _mm256_set1_epi8((char)t->pair[i].byte);
		l.fold[i] = _mm256_set1_epi8((char)t->pair[i].fold);
	}
	return l;
}

AVX2 static inline uint64_t
bits_of(__m256i a, __m256i b)
{
	return (unsigned)_mm256_movemask_epi8(a) |
	    (uint64_t)(unsigned)_mm256_movemask_epi8(b) << 32;
}

/* The first place with a target, of those with a bit, from p on; or end. */
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

AVX2 static inline __attribute__((always_inline)) const char *
targets_n(const struct finder *f, const char *p, const char *end, size_t n,
    bool folds)
{
	const struct look l[TARGETS_MAX] = {
		look_of(&f->target[0]), look_of(&f->target[1]),
		look_of(&f->target[2]), look_of(&f->target[3]),
	};
	__m256i m[4], any;
	const char *q;

	for (; end - p >= 128 + SHAPE_MAX; p += 128) {
		_mm_prefetch(p + AHEAD, _MM_HINT_T0);
		_mm_prefetch(p + AHEAD + 64, _MM_HINT_T0);
		m[0] = pairs_at(p, l, n, folds);
		m[1] = pairs_at(p + 32, l, n, folds);
		m[2] = pairs_at(p + 64, l, n, folds);
		m[3] = pairs_at(p + 96, l, n, folds);
		any = _mm256_or_si256(_mm256_or_si256(m[0], m[1]),
		    _mm256_or_si256(m[2], m[3]));
		if (_mm256_testz_si256(any, any))
			continue;
		q = check_targets(f, n, bits_of(m[0], m[1]), p, end);
		if (q == end)
			q = check_targets(f, n, bits_of(m[2], m[3]), p + 64,
			    end);
		if (q != end)
			return q;
	}
	return n == 1 ? pair_plain(f, p, end) : buckets_plain(f, p, end);
}

/* The same, 64 bytes at a time. */
struct look512 {
	size_t at[2];
	__m512i byte[2], fold[2];
};

AVX512 static inline __attribute__((always_inline)) __mmask64
pair512(const char *p, const struct look512 *l, bool folds)
{
	__m512i a = _mm512_loadu_si512((const void *)(p + l->at[0]));
	__m512i b = _mm512_loadu_si512((const void *)(p + l->at[1]));

	if (folds) {
		a = _mm512_or_si512(a, l->fold[0]);
		b = _mm512_or_si512(b, l->fold[1]);
	}
	return _mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(a,
	    l->byte[0]), b, l->byte[1]);
}

AVX512 static inline __attribute__((always_inline)) __mmask64
pairs512(const char *p, const struct look512 l[TARGETS_MAX], size_t n,
    bool folds)
{
	__mmask64 r = pair512(p, &l[0], folds);

	if (n > 1)
		r |= pair512(p, &l[1], folds);
	if (n > 2)
		r |= pair512(p, &l[2], folds);
	if (n > 3)
		r |= pair512(p, &l[3], folds);
	return r;
}

AVX512 static inline struct look512
look512_of(const struct target *t)
{
	struct look512 l;

	for (int i = 0; i < 2; i++) {
		l.at[i] = t->pair[i].at;
		l.byte[i] = _mm512_set1_epi8((char)t->pair[i].byte);
		l.fold[i] = _mm512_set1_epi8((char)t->pair[i].fold);
	}
	return l;
}

AVX512 static inline __attribute__((always_inline)) const char *
targets512_n(const struct finder *f, const char *p, const char *end, size_t n,
    bool folds)
{
	const struct look512 l[TARGETS_MAX] = {
		look512_of(&f->target[0]), look512_of(&f->target[1]),
		look512_of(&f->target[2]), look512_of(&f->target[3]),
	};
	__mmask64 a, b;
	const char *q;

	for (; end - p >= 128 + SHAPE_MAX; p += 128) {
		_mm_prefetch(p + AHEAD, _MM_HINT_T0);
		_mm_prefetch(p + AHEAD + 64, _MM_HINT_T0);
		a = pairs512(p, l, n, folds);
		b = pairs512(p + 64, l, n, folds);
		if ((a | b) == 0)
			continue;
		q = check_targets(f, n, a, p, end);
		if (q == end)
			q = check_targets(f, n, b, p + 64, end);
		if (q != end)
			return q;
	}
	return n == 1 ? pair_plain(f, p, end) : buckets_plain(f, p, end);
}

#define TARGETS(name, target, targets)					\
target static const char *						\
name(const struct finder *f, const char *p, const char *end)		\
{									\
	switch (f->n) {							\
	case 1: return f->folds ? targets(f, p, end, 1, true) :		\
		targets(f, p, end, 1, false);				\
	case 2: return f->folds ? targets(f, p, end, 2, true) :		\
		targets(f, p, end, 2, false);				\
	case 3: return targets(f, p, end, 3, false);			\
	default: return targets(f, p, end, 4, false);			\
	}								\
}

TARGETS(targets_avx2, AVX2, targets_n)
TARGETS(targets_avx512, AVX512, targets512_n)

/* Which of the 64 bytes at p are of the class, or may be: a bit for each. */
AVX2 static inline uint64_t
class_bits(const struct class *c, const char *p)
{
	const __m256i low = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
	const __m256i hi = _mm256_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128,
	    0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, -128,
	    0, 0, 0, 0, 0, 0, 0, 0);
	const __m256i lo = _mm256_broadcastsi128_si256(LOAD16(c->lo));
	__m256i v[2], m[2];

	for (int i = 0; i < 2; i++) {
		v[i] = LOAD(p + i * 32);
		m[i] = _mm256_and_si256(_mm256_shuffle_epi8(lo, v[i]),
		    _mm256_shuffle_epi8(hi, _mm256_and_si256(
		    _mm256_srli_epi16(v[i], 4), low)));
		m[i] = _mm256_cmpeq_epi8(m[i], zero);
	}
	return ~bits_of(m[0], m[1]) | (c->high ? bits_of(v[0], v[1]) : 0);
}

AVX2 static const char *
classes_avx2(const struct finder *f, const char *p, const char *end)
{
	const struct shape *s = &f->shape[0];
	uint64_t bits[CLASSES_MAX] = { 0 }, found;

	for (; end - p >= 64; p += 65 - s->len) {
		_mm_prefetch(p + AHEAD, _MM_HINT_T0);
		for (size_t i = 0; i < f->n_classes; i++)
			bits[i] = class_bits(&f->class[i], p);
		found = bits[0];
		for (size_t i = 1; i < s->len; i++)
			found &= bits[f->class_of[i]] >> i;
		for (; found != 0; found &= found - 1)
			if (fits(s, p + __builtin_ctzll(found), p, end))
				return p + __builtin_ctzll(found);
	}
	return buckets_plain(f, p, end);
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
		_mm_prefetch(p + AHEAD, _MM_HINT_T0);
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
	f->search = f->by_pairs && f->n == 1 ? pair_plain : buckets_plain;
#if defined __x86_64__
	if (finder_without < 2 && __builtin_cpu_supports("avx2"))
		f->search = f->by_pairs ? targets_avx2 :
		    f->n_classes > 0 ? classes_avx2 : buckets_avx2;
	if (finder_without < 1 && f->by_pairs &&
	    __builtin_cpu_supports("avx512bw"))
		f->search = targets_avx512;
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

/* What is known of a shape; the rarest bytes of it, how many. */
static size_t
find_known(struct target *t, const struct shape *s, const double freq[256],
    struct known rare[CANDIDATES])
{
	double w, weights[CANDIDATES];
	struct known k;
	size_t n = 0, i;

	t->all_known = true;
	memset(t->unknown, 0xff, sizeof t->unknown);
	for (k.at = 0; k.at < s->len; k.at++) {
		if (!is_one_byte(s->set[k.at], &k.byte, &k.fold)) {
			t->all_known = false;
			continue;
		}
		t->byte[k.at] = k.byte;
		t->fold[k.at] = k.fold;
		t->unknown[k.at] = 0;
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
 * The two bytes of a shape that are least often together in the sample; false:
 * it has no byte that is known.
 */
static bool
choose_pair(struct target *t, const struct shape *s, const double freq[256],
    const char *p, const char *end)
{
	size_t together[CANDIDATES][CANDIDATES] = { 0 }, n, least = SIZE_MAX;
	struct known rare[CANDIDATES];
	unsigned here;

	if ((n = find_known(t, s, freq, rare)) == 0)
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
	t->pair[0] = t->pair[1] = rare[0];
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (together[i][k] < least) {
				least = together[i][k];
				t->pair[0] = rare[i];
				t->pair[1] = rare[k];
			}
	return true;
}

static bool
choose_pairs(struct finder *f, const double freq[256], const char *p,
    const char *end)
{
	f->folds = false;
	if (f->n > TARGETS_MAX)
		return false;
	for (size_t i = 0; i < f->n; i++) {
		const struct known *k = f->target[i].pair;

		if (!choose_pair(&f->target[i], &f->shape[i], freq, p, end))
			return false;
		f->folds |= k[0].fold != 0 || k[1].fold != 0;
	}
	return f->n <= 2 || !f->folds;
}

/* A byte alone that is everywhere: then all the places tell more than it. */
static bool
is_vague(const struct finder *f, const double freq[256])
{
	const struct known *k = f->target[0].pair;

	return f->n_classes > 0 && k[0].at == k[1].at &&
	    freq[k[0].byte] > 1.0 / 256;
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

/* The number of the class of a set; CLASSES_MAX: no room for one more. */
static size_t
class_of(struct finder *f, const uint64_t set[4])
{
	struct class *c = f->class;
	size_t i = 0;

	for (; i < f->n_classes; i++, c++)
		if (memcmp(c->set, set, 4 * sizeof *set) == 0)
			return i;
	if (i == CLASSES_MAX)
		return i;
	c->set = set;
	c->high = (set[2] | set[3]) != 0;
	for (unsigned char b = 0; b < 0x80; b++)
		if (set_has(set, b))
			c->lo[b & 15] |= (unsigned char)(1u << (b >> 4));
	return f->n_classes++;
}

static void
find_classes(struct finder *f)
{
	size_t class;

	for (size_t i = 0; f->n == 1 && i < f->shape[0].len; i++) {
		if ((class = class_of(f, f->shape[0].set[i])) == CLASSES_MAX) {
			f->n_classes = 0;
			return;
		}
		f->class_of[i] = (unsigned char)class;
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
	find_classes(f);
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
	f->by_pairs = choose_pairs(f, freq, start, end) && !is_vague(f, freq);
	fill_buckets(f, freq);
	choose_search(f);
}

const char *
finder_next(const struct finder *f, const char *p, const char *end)
{
	return f->search(f, p, end);
}
