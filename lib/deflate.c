/*
 * libdeflate compresses three times as fast as zlib, but makes whole streams
 * only: the last block of each is marked as the last.  So we walk over what it
 * made, without unpacking it, take that mark away, and add what zlib calls a
 * full flush: an empty stored block, which fills up the last byte.
 */
#include "deflate.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <libdeflate.h>

enum {
	MAX_BITS = 15,		/* of a code */
	LENGTHS = 19,		/* symbols of the code for code lengths */
	LITERALS = 288,
	DISTANCES = 32,
	SLACK = 24,		/* what may be read past the end */
	FLUSH = 1 + 4,		/* header and length of an empty stored block */

	/* What a table tells of a symbol; 0: there is no such code. */
	SKIP = 0x1f,		/* bits of its code and what belongs to it */
	MATCH = 0x20,		/* a distance follows */
	END = 0x40,
};

struct bits {
	const unsigned char *p;
	size_t at, end;		/* in bits */
};

struct table {
	unsigned bits;		/* how many to look up */
	uint8_t of[1 << MAX_BITS];
};

struct deflate {
	struct libdeflate_compressor *c;
	struct table literals, distances;
};

struct deflate *
deflate_new(int level)
{
	struct deflate *d;

	if ((d = malloc(sizeof *d)) == NULL)
		return NULL;
	if ((d->c = libdeflate_alloc_compressor(level)) == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

size_t
deflate_bound(size_t n)
{
	return libdeflate_deflate_compress_bound(NULL, n) + FLUSH + SLACK;
}

/* At least 57 bits, the next one lowest. */
static uint64_t
peek(const struct bits *b)
{
	uint64_t w;

	memcpy(&w, b->p + b->at / 8, sizeof w);
	return le64toh(w) >> b->at % 8;
}

static unsigned
take(struct bits *b, unsigned n)
{
	unsigned v = (unsigned)(peek(b) & ((1u << n) - 1));

	b->at += n;
	return v;
}

static unsigned
reversed(unsigned code, unsigned len)
{
	unsigned r = 0;

	while (len-- > 0) {
		r = r << 1 | (code & 1);
		code >>= 1;
	}
	return r;
}

/* The canonical code of RFC 1951, 3.2.2: tells[s] at all that begins with s. */
static void
fill(struct table *t, const uint8_t *len, const uint8_t *tells, unsigned n)
{
	unsigned count[MAX_BITS + 1] = { 0 }, next[MAX_BITS + 1], code = 0;

	for (unsigned s = 0; s < n; s++)
		count[len[s]]++;
	for (t->bits = MAX_BITS; t->bits > 1 && count[t->bits] == 0; )
		t->bits--;
	for (unsigned i = 1; i <= MAX_BITS; i++) {
		next[i] = code;
		code = (code + count[i]) << 1;
	}
	memset(t->of, 0, (size_t)1 << t->bits);
	for (unsigned s = 0; s < n; s++) {
		if (len[s] == 0)
			continue;
		code = reversed(next[len[s]]++, len[s]);
		for (; code < 1u << t->bits; code += 1u << len[s])
			t->of[code] = tells[s];
	}
}

/* Both tables from the lengths of literals and, at distance, of distances. */
static void
fill_both(struct deflate *d, const uint8_t *len, unsigned literals,
    unsigned distances)
{
	uint8_t tells[LITERALS];
	unsigned s;

	for (s = 0; s < literals; s++)
		if (s < 256)
			tells[s] = len[s];
		else if (s == 256)
			tells[s] = END | len[s];
		else if (s < 265 || s == 285)
			tells[s] = MATCH | len[s];
		else
			tells[s] = (uint8_t)(MATCH | (len[s] + (s - 261) / 4));
	fill(&d->literals, len, tells, literals);
	len += literals;
	for (s = 0; s < distances; s++)
		tells[s] = (uint8_t)(len[s] + (s < 4 ? 0 : (s - 2) / 2));
	fill(&d->distances, len, tells, distances);
}

static void
read_fixed(struct deflate *d)
{
	uint8_t len[LITERALS + DISTANCES];

	memset(len, 8, 144);
	memset(len + 144, 9, 112);
	memset(len + 256, 7, 24);
	memset(len + 280, 8, 8);
	memset(len + LITERALS, 5, DISTANCES);
	fill_both(d, len, LITERALS, DISTANCES);
}

/* The codes at the head of a dynamic block (RFC 1951, 3.2.7). */
static bool
read_dynamic(struct deflate *d, struct bits *b)
{
	static const uint8_t order[LENGTHS] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
	};
	uint8_t len[LITERALS + DISTANCES + 138], tells[LENGTHS], v;
	uint8_t lenlen[LENGTHS] = { 0 };
	unsigned literals = take(b, 5) + 257, distances = take(b, 5) + 1;
	unsigned n = take(b, 4) + 4, times;

	for (unsigned i = 0; i < n; i++)
		lenlen[order[i]] = (uint8_t)take(b, 3);
	for (unsigned s = 0; s < LENGTHS; s++)
		tells[s] = (uint8_t)(s << 3 | lenlen[s]);
	fill(&d->literals, lenlen, tells, LENGTHS);
	for (n = 0; n < literals + distances; n += times) {
		v = d->literals.of[peek(b) & ((1u << d->literals.bits) - 1)];
		if ((v & 7) == 0 || b->at >= b->end)
			return false;
		b->at += v & 7;
		v >>= 3;
		times = v < 16 ? 1 : v == 16 ? 3 + take(b, 2) :
		    v == 17 ? 3 + take(b, 3) : 11 + take(b, 7);
		if (v == 16 && n == 0)
			return false;
		memset(len + n, v < 16 ? v : v == 16 ? len[n - 1] : 0, times);
	}
	if (n != literals + distances || literals > LITERALS)
		return false;
	fill_both(d, len, literals, distances);
	return true;
}

/* Over the symbols of a block, up to its end. */
static bool
skip_symbols(const struct deflate *d, struct bits *b)
{
	const uint64_t lmask = (1u << d->literals.bits) - 1;
	const uint64_t dmask = (1u << d->distances.bits) - 1;
	unsigned tells, more;
	uint64_t w;

	while (b->at < b->end) {
		w = peek(b);
		tells = d->literals.of[w & lmask];
		if (tells == 0)
			return false;
		b->at += tells & SKIP;
		if (tells & MATCH) {
			more = d->distances.of[w >> (tells & SKIP) & dmask];
			if (more == 0)
				return false;
			b->at += more;
		} else if (tells & END) {
			return true;
		}
	}
	return false;
}

/* Over one block, after its three bits of header. */
static bool
skip_block(struct deflate *d, struct bits *b, unsigned type)
{
	switch (type) {
	case 0:
		b->at = (b->at + 7) / 8 * 8;
		if (b->at + 32 > b->end)
			return false;
		b->at += 32 + (size_t)(peek(b) & 0xffff) * 8;
		return true;
	case 1:
		read_fixed(d);
		return skip_symbols(d, b);
	case 2:
		return read_dynamic(d, b) && skip_symbols(d, b);
	default:
		return false;
	}
}

size_t
deflate_piece(struct deflate *d, const void *in, size_t n, void *out)
{
	unsigned char *p = out;
	size_t size, header;
	struct bits b = { .p = p };
	bool last;

	size = libdeflate_deflate_compress(d->c, in, n, out,
	    deflate_bound(n) - FLUSH - SLACK);
	memset(p + size, 0, SLACK);
	b.end = size * 8;
	do {
		header = b.at;
		if (b.at >= b.end)
			return 0;
		last = take(&b, 1);
		if (!skip_block(d, &b, take(&b, 2)) || b.at > b.end)
			return 0;
	} while (!last);
	p[header / 8] &= (unsigned char)~(1u << header % 8);
	size = (b.at + 3 + 7) / 8;
	memcpy(p + size, "\0\0\xff\xff", 4);
	return size + 4;
}

void
deflate_free(struct deflate *d)
{
	if (d == NULL)
		return;
	libdeflate_free_compressor(d->c);
	free(d);
}
