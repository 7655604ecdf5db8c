#include "match/literal_finder.h"

#include <stdlib.h>

#include "match/literal_search.h"

enum {
	CANDIDATES = 6,		/* how many rare bytes a pair is chosen from */
};

unsigned finder_without;

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
#elif defined __AARCH64EL__
	if (finder_without < 2)
		f->search = f->by_pairs ? targets_neon :
		    f->n_classes > 0 ? classes_neon : buckets_neon;
#endif
}

/* Whether the set is of one byte, or of a letter in both cases. */
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

/*
 * Set which bytes of a shape are known.  Returns how many there are, the rarest
 * first.
 */
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
 * Choose the two bytes of a shape that are least often together in the sample.
 * Returns false when no byte of it is known.
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

/*
 * Whether the target is looked for by one byte that is frequent: then the sets
 * of all its places tell more.
 */
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

/*
 * The number of the class of a set, or CLASSES_MAX when there is no room for
 * one more.
 */
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
