/*
 * literal_nibbles - the searches for classes and for buckets, by tables that
 * the halves of each byte are looked up in
 *
 * A template for vectors of 32 bytes, as literal_pairs.h is one for those of
 * any width, and included before it, as it needs the same definitions and more.
 */

/* A bit for each of the 64 bytes at p that are of the class, or may be. */
TARGET static inline uint64_t
NAME(class_bits)(const struct class *c, const char *p)
{
	static const unsigned char bit[16] = { 1, 2, 4, 8, 16, 32, 64, 128 };
	const VECTOR lo = TABLE(c->lo), hi = TABLE(bit);
	VECTOR v[2], m[2];

	for (int i = 0; i < 2; i++) {
		v[i] = LOAD_AT(p + i * 32);
		m[i] = AND(AT(lo, LOW(v[i])), AT(hi, HIGH(v[i])));
		m[i] = IS_ZERO(m[i]);
	}
	return ~bits_of(m[0], m[1]) | (c->high ? TOPS(v[0], v[1]) : 0);
}

TARGET const char *
NAME(classes)(const struct finder *f, const char *p, const char *end)
{
	const struct shape *s = &f->shape[0];
	uint64_t bits[CLASSES_MAX] = { 0 }, found;

	for (; end - p >= 64; p += 65 - s->len) {
		__builtin_prefetch(p + AHEAD);
		for (size_t i = 0; i < f->n_classes; i++)
			bits[i] = NAME(class_bits)(&f->class[i], p);
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
TARGET static inline VECTOR
NAME(buckets_at)(const char *p, size_t depth, const VECTOR lo[DEPTH],
    const VECTOR hi[DEPTH])
{
	VECTOR r = SET((char)-1), v;

	for (size_t k = 0; k < depth; k++) {
		v = LOAD_AT(p + k);
		r = AND(r, AND(AT(lo[k], LOW(v)), AT(hi[k], HIGH(v))));
	}
	return r;
}

TARGET static inline __attribute__((always_inline)) const char *
NAME(buckets_depth)(const struct finder *f, const char *start,
    const char *end, size_t depth)
{
	const char *p = start, *q;
	VECTOR lo[DEPTH], hi[DEPTH], r;
	unsigned char found[32];

	for (size_t k = 0; k < depth; k++) {
		lo[k] = TABLE(f->lo[k]);
		hi[k] = TABLE(f->hi[k]);
	}
	for (; end - p >= 32 + DEPTH; p += 32) {
		__builtin_prefetch(p + AHEAD);
		r = NAME(buckets_at)(p, depth, lo, hi);
		if (IS_NONE(r))
			continue;
		STORE(found, r);
		r = IS_ZERO(r);
		for (uint32_t bits = ~(uint32_t)bits_of(r, r); bits != 0;
		    bits &= bits - 1) {
			q = p + __builtin_ctz(bits);
			q = check_buckets(f, found[q - p], q, start, end);
			if (q != NULL)
				return q;
		}
	}
	return buckets_from(f, start, p, end);
}

TARGET const char *
NAME(buckets)(const struct finder *f, const char *p, const char *end)
{
	switch (f->depth) {
	case 1: return NAME(buckets_depth)(f, p, end, 1);
	case 2: return NAME(buckets_depth)(f, p, end, 2);
	default: return NAME(buckets_depth)(f, p, end, 3);
	}
}

#undef STORE
#undef AND
#undef IS_ZERO
#undef TOPS
#undef TABLE
#undef AT
#undef LOW
#undef HIGH
