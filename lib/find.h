/*
 * find - bytes of a kind, 16 at a time
 *
 * For what is mostly near: there memchr(3) costs more than it saves.
 */
#ifndef FIND_H
#define FIND_H

#include <stdbool.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * What a JSON string can't hold as it is, or what needs a look: control
 * characters, the quote, the backslash, and all from 0x80 on.
 */
static inline bool
is_special(char c)
{
	return (signed char)c < 0x20 || c == '"' || c == '\\';
}

#ifdef __SSE2__
static inline __m128i
load16(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* A bit for each byte, the first one's the lowest. */
static inline unsigned
special_bits(__m128i v)
{
	/* Signed: bytes from 0x80 on are below 0x20 as well. */
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(
	    _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)),
	    _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
	    _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')))));
}
#endif

/* The first c, or end. */
static inline const char *
find_char(const char *p, const char *end, char c)
{
#ifdef __SSE2__
	__m128i wanted = _mm_set1_epi8(c);
	unsigned bits;

	for (; end - p >= 16; p += 16) {
		bits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(load16(p),
		    wanted));
		if (bits != 0)
			return p + __builtin_ctz(bits);
	}
#endif
	while (p < end && *p != c)
		p++;
	return p;
}

/* The first special byte, or end. */
static inline const char *
find_special(const char *p, const char *end)
{
#ifdef __SSE2__
	const char *start = p;
	unsigned bits;

	for (; end - p >= 16; p += 16)
		if ((bits = special_bits(load16(p))) != 0)
			return p + __builtin_ctz(bits);
	if (p > start) {	/* the rest and some that were looked at */
		bits = special_bits(load16(end - 16)) >> (16 - (end - p));
		return bits != 0 ? p + __builtin_ctz(bits) : end;
	}
#endif
	while (p < end && !is_special(*p))
		p++;
	return p;
}

#endif
