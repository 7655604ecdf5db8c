/*
 * bytes - kinds of bytes, and how they are found, skipped and counted
 *
 * The kinds are those of ASCII, whatever the locale is.  find_char and
 * find_special look at 16 bytes at a time.  They are for bytes that are mostly
 * near, where a call of memchr(3) costs more than it saves.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buf.h"

/*
 * For a large variable of a hot path, all of which is written before it is
 * read: the compiler's option that zeroes variables leaves it out.
 */
#if defined __has_attribute
#if __has_attribute(uninitialized)
#define UNINITIALIZED __attribute__((uninitialized))
#endif
#endif
#ifndef UNINITIALIZED
#define UNINITIALIZED
#endif

/*
 * Whether a JSON string can't hold c as it is, or c needs a closer look: the
 * control characters, the quote, the backslash, and all bytes from 0x80 on.
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

/*
 * A bit for each of the 16 bytes that is special; the lowest bit is the first
 * byte's.
 */
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

/* Returns where the first c is, or end. */
static inline const char *
find_char(const char *p, const char *end, char c)
{
#ifdef __SSE2__
	__m128i wanted = _mm_set1_epi8(c);
	const char *start = p;
	unsigned bits;

	for (; end - p >= 16; p += 16) {
		bits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(load16(p),
		    wanted));
		if (bits != 0)
			return p + __builtin_ctz(bits);
	}
	if (p > start) { /* the last 16 bytes: some are looked at twice */
		bits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(
		    load16(end - 16), wanted)) >> (16 - (end - p));
		return bits != 0 ? p + __builtin_ctz(bits) : end;
	}
#endif
	while (p < end && *p != c)
		p++;
	return p;
}

/* Returns where the first a or b is, or end. */
static inline const char *
find_either(const char *p, const char *end, char a, char b)
{
#ifdef __SSE2__
	__m128i first = _mm_set1_epi8(a), second = _mm_set1_epi8(b), v;
	unsigned bits;

	for (; end - p >= 16; p += 16) {
		v = load16(p);
		bits = (unsigned)_mm_movemask_epi8(_mm_or_si128(
		    _mm_cmpeq_epi8(v, first), _mm_cmpeq_epi8(v, second)));
		if (bits != 0)
			return p + __builtin_ctz(bits);
	}
#endif
	while (p < end && *p != a && *p != b)
		p++;
	return p;
}

/* Returns where the first special byte is, or end. */
static inline const char *
find_special(const char *p, const char *end)
{
#ifdef __SSE2__
	const char *start = p;
	unsigned bits;

	for (; end - p >= 16; p += 16)
		if ((bits = special_bits(load16(p))) != 0)
			return p + __builtin_ctz(bits);
	if (p > start) { /* the last 16 bytes: some are looked at twice */
		bits = special_bits(load16(end - 16)) >> (16 - (end - p));
		return bits != 0 ? p + __builtin_ctz(bits) : end;
	}
#endif
	while (p < end && !is_special(*p))
		p++;
	return p;
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* The value of a hexadecimal digit, 0 to 15, or -1 when c is none. */
static inline int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline struct span
span_to(const char *p, const char *end)
{
	return span_of(p, (size_t)(end - p));
}

static inline bool
all_digits(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.len > 0;
}

/* The text from p to the next blank, or to end. */
static inline struct span
token_at(const char *p, const char *end)
{
	return span_to(p, find_char(p, end, ' '));
}

/*
 * Returns where the text goes on after what, or NULL when it does not begin
 * with it.
 */
static inline const char *
skip(const char *p, const char *end, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(end - p) >= n && memcmp(p, what, n) == 0 ? p + n :
	    NULL;
}

static inline const char *
skip_spaces(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

static inline const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/*
 * Returns s without the white space (isspace(3) in the C locale) at both ends.
 */
struct span span_trim(struct span s);
char *trim_string(char *s);	/* the same in place; points into s */

/* How often byte occurs in n bytes, at memory speed. */
size_t count_byte(const char *p, size_t n, char byte);

#endif
