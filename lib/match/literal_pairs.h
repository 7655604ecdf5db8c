/*
 * literal_pairs - the search for a few targets by pairs of bytes, for
 * vectors of any width
 *
 * A template for literal_finder_*.c, which include it once for each width.
 * Before, they define what a vector is and does; the definitions end here.
 */

/* The vectors by which the pair of a target is looked for. */
struct NAME(look) {
	size_t at[2];
	VECTOR byte[2], fold[2];
};

/* A bit for each place where the pair of a target is. */
TARGET static inline __attribute__((always_inline)) MASK
NAME(pair_at)(const char *p, const struct NAME(look) *l)
{
	return BOTH(LOAD_AT(p + l->at[0]), l->byte[0], LOAD_AT(p + l->at[1]),
	    l->byte[1]);
}

/* The same, in either case. */
TARGET static inline __attribute__((always_inline)) MASK
NAME(folded_at)(const char *p, const struct NAME(look) *l)
{
	return BOTH(OR(LOAD_AT(p + l->at[0]), l->fold[0]), l->byte[0],
	    OR(LOAD_AT(p + l->at[1]), l->fold[1]), l->byte[1]);
}

/* A bit for each place where the pair of any of the first targets is. */
#define PAIRS_1(p) NAME(pair_at)(p, &l[0])
#define PAIRS_2(p) EITHER(PAIRS_1(p), NAME(pair_at)(p, &l[1]))
#define PAIRS_3(p) EITHER(PAIRS_2(p), NAME(pair_at)(p, &l[2]))
#define PAIRS_4(p) EITHER(PAIRS_3(p), NAME(pair_at)(p, &l[3]))
#define FOLDED_1(p) NAME(folded_at)(p, &l[0])
#define FOLDED_2(p) EITHER(FOLDED_1(p), NAME(folded_at)(p, &l[1]))

TARGET static inline __attribute__((always_inline)) struct NAME(look)
NAME(look_of)(const struct target *t)
{
	const struct known *k = t->pair;

	return (struct NAME(look)){ .at = { k[0].at, k[1].at },
	    .byte = { SET((char)k[0].byte), SET((char)k[1].byte) },
	    .fold = { SET((char)k[0].fold), SET((char)k[1].fold) } };
}

/* Defines the search for n targets, whose pairs are found by pairs_at. */
#define SEARCH(name, n, pairs_at)					\
TARGET static const char *						\
NAME(name)(const struct finder *f, const char *p, const char *end)	\
{									\
	const struct NAME(look) l[TARGETS_MAX] = {			\
		NAME(look_of)(&f->target[0]),				\
		NAME(look_of)(&f->target[1]),				\
		NAME(look_of)(&f->target[2]),				\
		NAME(look_of)(&f->target[3]),				\
	};								\
	const char *q;							\
									\
	for (; end - p >= 128 + SHAPE_MAX; p += 128) {			\
		__builtin_prefetch(p + AHEAD);				\
		__builtin_prefetch(p + AHEAD + 64);			\
		MASK a = pairs_at(p), b = pairs_at(p + WIDTH);		\
		MASK c = WIDTH == 64 ? a : pairs_at(p + 2 * WIDTH);	\
		MASK d = WIDTH == 64 ? b : pairs_at(p + 3 * WIDTH);	\
									\
		if (IS_NONE(EITHER(EITHER(a, b), EITHER(c, d))))	\
			continue;					\
		q = check_targets(f, n, LOW_64(a, b), p, end);		\
		if (q == end)						\
			q = check_targets(f, n, HIGH_64(b, c, d), p + 64, \
			    end);					\
		if (q != end)						\
			return q;					\
	}								\
	return n == 1 ? pair_plain(f, p, end) : buckets_plain(f, p, end); \
}

SEARCH(one, 1, PAIRS_1)
SEARCH(two, 2, PAIRS_2)
SEARCH(three, 3, PAIRS_3)
SEARCH(four, 4, PAIRS_4)
SEARCH(one_folded, 1, FOLDED_1)
SEARCH(two_folded, 2, FOLDED_2)

TARGET const char *
NAME(targets)(const struct finder *f, const char *p, const char *end)
{
	switch (f->n) {
	case 1: return f->folds ? NAME(one_folded)(f, p, end) :
		NAME(one)(f, p, end);
	case 2: return f->folds ? NAME(two_folded)(f, p, end) :
		NAME(two)(f, p, end);
	case 3: return NAME(three)(f, p, end);
	default: return NAME(four)(f, p, end);
	}
}

#undef PAIRS_1
#undef PAIRS_2
#undef PAIRS_3
#undef PAIRS_4
#undef FOLDED_1
#undef FOLDED_2
#undef SEARCH
#undef NAME
#undef TARGET
#undef WIDTH
#undef VECTOR
#undef MASK
#undef LOAD_AT
#undef SET
#undef OR
#undef BOTH
#undef EITHER
#undef IS_NONE
#undef LOW_64
#undef HIGH_64
