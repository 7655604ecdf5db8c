/*
 * The part of literal_finder that searches byte by byte.
 */
#include "match/literal_search.h"

const char *
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

const char *
pair_plain(const struct finder *f, const char *p, const char *end)
{
	const struct known *k = &f->target[0].pair[0];
	const char *stop, *q;

	if ((size_t)(end - p) < f->shape[0].len)
		return end;
	/* The last place where the shape can begin. */
	stop = end - f->shape[0].len;
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

const char *
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

const char *
buckets_plain(const struct finder *f, const char *p, const char *end)
{
	return buckets_from(f, p, p, end);
}
