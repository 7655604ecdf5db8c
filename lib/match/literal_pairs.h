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

TARGET static inline __attribute__((always_inline)) MASK
NAME(pair_at)(const char *p, const struct NAME(look) *l, bool folds)
{
	VECTOR a = LOAD_AT(p + l->at[0]), b = LOAD_AT(p + l->at[1]);

	if (folds) {
		a = OR(a, l->fold[0]);
		b = OR(b, l->fold[1]);
	}
	return BOTH(a, l->byte[0], b, l->byte[1]);
}

/*
 * A bit for each place where the pair of any of n targets is.  There is no
 * loop, as n is a constant.
 */
TARGET static inline __attribute__((always_inline)) MASK
NAME(pairs_at)(const char *p, const struct NAME(look) l[TARGETS_MAX], size_t n,
    bool folds)
{
	MASK r = NAME(pair_at)(p, &l[0], folds);

	if (n > 1)
		r = EITHER(r, NAME(pair_at)(p, &l[1], folds));
	if (n > 2)
		r = EITHER(r, NAME(pair_at)(p, &l[2], folds));
	if (n > 3)
		r = EITHER(r, NAME(pair_at)(p, &l[3], folds));
	return r;
}

TARGET static inline __attribute__((always_inline)) struct NAME(look)
NAME(look_of)(const struct target *t)
{
	const struct known *k = t->pair;

	return (struct NAME(look)){ .at = { k[0].at, k[1].at },
	    .byte = { SET((char)k[0].byte), SET((char)k[1].byte) },
	    .fold = { SET((char)k[0].fold), SET((char)k[1].fold) } };
}

TARGET static inline __attribute__((always_inline)) const char *
NAME(targets_n)(const struct finder *f, const char *p, const char *end,
    size_t n, bool folds)
{
	const struct NAME(look) l[TARGETS_MAX] = {
		NAME(look_of)(&f->target[0]), NAME(look_of)(&f->target[1]),
		NAME(look_of)(&f->target[2]), NAME(look_of)(&f->target[3]),
	};
	const char *q;

	for (; end - p >= 128 + SHAPE_MAX; p += 128) {
		__builtin_prefetch(p + AHEAD);
		__builtin_prefetch(p + AHEAD + 64);
		MASK a = NAME(pairs_at)(p, l, n, folds);
		MASK b = NAME(pairs_at)(p + WIDTH, l, n, folds);
		MASK c = WIDTH == 64 ? a :
		    NAME(pairs_at)(p + 2 * WIDTH, l, n, folds);
		MASK d = WIDTH == 64 ? b :
		    NAME(pairs_at)(p + 3 * WIDTH, l, n, folds);

		if (IS_NONE(EITHER(EITHER(a, b), EITHER(c, d))))
			continue;
		q = check_targets(f, n, LOW_64(a, b), p, end);
		if (q == end)
			q = check_targets(f, n, HIGH_64(b, c, d), p + 64, end);
		if (q != end)
			return q;
	}
	return n == 1 ? pair_plain(f, p, end) : buckets_plain(f, p, end);
}

TARGET const char *
NAME(targets)(const struct finder *f, const char *p, const char *end)
{
	switch (f->n) {
	case 1: return f->folds ? NAME(targets_n)(f, p, end, 1, true) :
		NAME(targets_n)(f, p, end, 1, false);
	case 2: return f->folds ? NAME(targets_n)(f, p, end, 2, true) :
		NAME(targets_n)(f, p, end, 2, false);
	case 3: return NAME(targets_n)(f, p, end, 3, false);
	default: return NAME(targets_n)(f, p, end, 4, false);
	}
}

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
