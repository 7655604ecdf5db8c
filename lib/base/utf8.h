/*
 * utf8 - which bytes are UTF-8 (RFC 3629), and what stands for those that are
 * not
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd"		/* U+FFFD */

/*
 * Look at the character at p, which is before end.  Where it is good UTF-8,
 * *good is set and its length, 1 to 4, is returned.  Where not, *good is
 * cleared, and the result says how many bytes one U+FFFD stands for: the
 * longest piece that could have begun a character, as browsers do it.
 */
static inline size_t
utf8_next(const char *p, const char *end, bool *good)
{
	const unsigned char *u = (const unsigned char *)p;
	unsigned char c = u[0], low = 0x80, high = 0xbf;
	size_t n, i;

	*good = c < 0x80;
	if (c < 0xc2 || c > 0xf4)
		return 1;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (c == 0xe0)
		low = 0xa0;		/* no overlong forms */
	else if (c == 0xed)
		high = 0x9f;		/* no surrogates */
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;		/* nothing above U+10FFFF */
	for (i = 1; i < n; i++) {
		if ((size_t)(end - p) == i || u[i] < low || u[i] > high)
			return i;
		low = 0x80;
		high = 0xbf;
	}
	*good = true;
	return n;
}

/*
 * Writes the character c as 1 to 4 bytes and returns how many.  A surrogate
 * becomes U+FFFD.
 */
static inline size_t
utf8_put(char *to, uint32_t c)
{
	if (c >= 0xd800 && c < 0xe000)
		c = 0xfffd;
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

#endif
