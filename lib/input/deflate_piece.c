/*
 * libdeflate compresses three times as fast as zlib, but makes whole streams
 * only: the last block of each is marked as the last.  We take that mark away
 * and add what zlib calls a full flush: an empty stored block, which fills up
 * the last byte.
 *
 * The last block is looked for from the end, where it can only be known by bits
 * that look like its header.  These may be the wrong ones, or there are none:
 * then the piece does not unpack, and we walk over all blocks from the start to
 * the last.
 */
#include "input/deflate_piece.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <libdeflate.h>

enum {
	MAX_BITS = 15,		/* the most bits of a code */
	LENGTHS = 19,		/* symbols of the code for code lengths */
	LITERALS = 288,
	DISTANCES = 32,
	SLACK = 24,		/* how many bytes may be read past the end */
	FLUSH = 1 + 4,		/* header and length of an empty stored block */
	STEP = 4,		/* how many bytes are looked at together */
	/*
	 * How far back the last block is looked for: about twice the size of a
	 * log's block.
	 */
	LOOK_BACK = 128 << 10,
	LEVELS = 12,

	/* The entry of a table for a symbol; 0 when there is no such code. */
	SKIP = 0x1f, /* the bits of its code and of the extra bits after it */
	MATCH = 0x20,		/* set when a distance follows */
	END = 0x40,
};

struct bits {
	const unsigned char *p;
	size_t at, end;		/* both count bits */
};

struct table {
	unsigned bits;		/* the bits that are looked up at once */
	uint8_t of[1 << MAX_BITS];
};

struct deflate {
	struct libdeflate_compressor *compressor[LEVELS + 1];
	struct libdeflate_decompressor *decompressor;
	unsigned char *unpacked; /* the memory that a piece is unpacked to */
	size_t room;
	struct table literals, distances;
	/*
	 * How much of a code three code lengths of 3 bits each take, in parts
	 * of 128.
	 */
	uint8_t part[1 << 9];
};

struct deflate *
deflate_new(void)
{
	struct deflate *d;

	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	if ((d->decompressor = libdeflate_alloc_decompressor()) == NULL) {
		free(d);
		errno = ENOMEM;
		return NULL;
	}
	for (unsigned i = 0; i < 1 << 9; i++)
		for (unsigned len = i; len != 0; len >>= 3)
			if ((len & 7) != 0)
				d->part[i] += (uint8_t)(128 >> (len & 7));
	return d;
}

size_t
deflate_bound(size_t n)
{
	return libdeflate_deflate_compress_bound(NULL, n) + FLUSH + SLACK;
}

/* Returns at least 57 bits, the next one lowest. */
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

/*
 * Fill a table with the canonical code of RFC 1951, 3.2.2: each entry whose
 * bits begin with the code of symbol s gets tells[s].  Returns how much of the
 * code is used, which is ALL for a complete one.
 */
enum { ALL = 1 << (MAX_BITS + 1) };
static unsigned
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
	if (code > ALL)
		return code;
	memset(t->of, 0, (size_t)1 << t->bits);
	for (unsigned s = 0; s < n; s++) {
		if (len[s] == 0)
			continue;
		for (unsigned c = reversed(next[len[s]]++, len[s]);
		    c < 1u << t->bits; c += 1u << len[s])
			t->of[c] = tells[s];
	}
	return code;
}

/*
 * Fill both tables from the lengths of literals and, from distance on, of
 * distances.
 */
static bool
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
	if (fill(&d->literals, len, tells, literals) != ALL)
		return false;
	len += literals;
	for (s = 0; s < distances; s++)
		tells[s] = (uint8_t)(len[s] + (s < 4 ? 0 : (s - 2) / 2));
	/* One distance alone leaves half of the code unused. */
	return fill(&d->distances, len, tells, distances) <= ALL;
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

/* Read the codes at the head of a dynamic block (RFC 1951, 3.2.7). */
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
	if (fill(&d->literals, lenlen, tells, LENGTHS) != ALL)
		return false;
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
	return n == literals + distances && literals <= LITERALS &&
	    len[256] != 0 && fill_both(d, len, literals, distances);
}

/* Skip the symbols of a block, up to its end. */
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

/* Skip one block, after the three bits of its header. */
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

/* Find the start of the last block; b->at becomes its end. */
static bool
walk(struct deflate *d, struct bits *b, size_t *start)
{
	bool last = false;

	for (b->at = 0; !last; ) {
		*start = b->at;
		if (b->at >= b->end)
			return false;
		last = take(b, 1);
		if (!skip_block(d, b, take(b, 2)) || b->at > b->end)
			return false;
	}
	return true;
}

/*
 * Whether a last, dynamic block that goes on to the end begins at start; b->at
 * is set as by walk.
 */
static bool
is_last(struct deflate *d, struct bits *b, size_t start)
{
	unsigned n, parts = 0;
	uint64_t lengths;

	b->at = start + 3 + 5 + 5;
	n = take(b, 4) + 4;
	lengths = peek(b) & ((UINT64_C(1) << 3 * n) - 1);
	for (; lengths != 0; lengths >>= 9)
		parts += d->part[lengths & 0x1ff];
	if (parts != 128)
		return false;
	b->at = start + 3;
	return skip_block(d, b, 2) && b->at <= b->end && b->end - b->at < 8 &&
	    b->p[b->end / 8 - 1] >> (8 - (b->end - b->at)) == 0;
}

/*
 * Returns a bit for each place in the low 32 bits of w where a last, dynamic
 * block may begin.  Its header is 1, 0, 1, then five bits each for the numbers
 * of codes, which are below 30.
 */
static uint64_t
candidates(uint64_t w)
{
	uint64_t literals = w >> 4 & w >> 5 & w >> 6 & w >> 7;
	uint64_t distances = w >> 9 & w >> 10 & w >> 11 & w >> 12;

	return w & ~(w >> 1) & w >> 2 & ~literals & ~distances & UINT32_MAX;
}

/* Does what walk does, most likely, if the last block is a dynamic one. */
static bool
look_back(struct deflate *d, struct bits *b, size_t *start)
{
	size_t size = b->end / 8, at = size;
	uint64_t maybe;
	unsigned bit;

	while (at > 0 && size - at < LOOK_BACK) {
		at = at > STEP ? at - STEP : 0;
		b->at = at * 8;
		for (maybe = candidates(peek(b)); maybe != 0;
		    maybe ^= UINT64_C(1) << bit) {
			bit = 63 - (unsigned)__builtin_clzll(maybe);
			*start = at * 8 + bit;
			if (is_last(d, b, *start))
				return true;
		}
	}
	return false;
}

/*
 * Change the last block, from start to b->at, so that another piece can follow.
 * Returns the new size.
 */
static size_t
open_end(unsigned char *p, const struct bits *b, size_t start)
{
	size_t size = (b->at + 3 + 7) / 8;

	p[start / 8] ^= (unsigned char)(1u << start % 8);
	memcpy(p + size, "\0\0\xff\xff", 4);
	return size + 4;
}

/* Whether the piece, all its size bytes, unpacks to the n bytes at in. */
static bool
is_good(struct deflate *d, unsigned char *p, size_t size, const void *in,
    size_t n)
{
	size_t used, got;

	memcpy(p + size, DEFLATE_END, DEFLATE_END_SIZE);
	size += DEFLATE_END_SIZE;
	return libdeflate_deflate_decompress_ex(d->decompressor, p, size,
	    d->unpacked, n, &used, &got) == LIBDEFLATE_SUCCESS &&
	    used == size && got == n && memcmp(d->unpacked, in, n) == 0;
}

/* Get ready for a piece of n bytes; false with errno. */
static bool
get_ready(struct deflate *d, int level, size_t n)
{
	if (n > d->room) {
		free(d->unpacked);
		d->unpacked = malloc(n);
		d->room = d->unpacked != NULL ? n : 0;
	}
	if (d->compressor[level] == NULL)
		d->compressor[level] = libdeflate_alloc_compressor(level);
	errno = ENOMEM;
	return d->room > 0 && d->compressor[level] != NULL;
}

size_t
deflate_piece(struct deflate *d, int level, const void *in, size_t n, void *out)
{
	unsigned char *p = out;
	struct bits b = { .p = p };
	size_t made, size, start;

	if (!get_ready(d, level, n))
		return 0;
	made = libdeflate_deflate_compress(d->compressor[level], in, n, out,
	    deflate_bound(n) - FLUSH - SLACK);
	memset(p + made, 0, SLACK);
	b.end = made * 8;
	if (look_back(d, &b, &start)) {
		size = open_end(p, &b, start);
		if (is_good(d, p, size, in, n))
			return size;
		p[start / 8] ^= (unsigned char)(1u << start % 8);
		memset(p + made, 0, SLACK);
	}
	if (walk(d, &b, &start)) {
		size = open_end(p, &b, start);
		if (is_good(d, p, size, in, n))
			return size;
	}
	errno = EIO;
	return 0;
}

void
deflate_free(struct deflate *d)
{
	if (d == NULL)
		return;
	for (int level = 0; level <= LEVELS; level++)
		libdeflate_free_compressor(d->compressor[level]);
	libdeflate_free_decompressor(d->decompressor);
	free(d->unpacked);
	free(d);
}
