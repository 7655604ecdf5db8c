#include "base/visible.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

/*
 * Whether the n bytes at p are a control character: below blank, DEL, or U+0080
 * to U+009F.
 */
static bool
is_control(const char *p, size_t n)
{
	unsigned char c = (unsigned char)*p;

	return n == 1 ? c < 0x20 || c == 0x7f :
	    n == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0;
}

size_t
visible_put(char *to, struct span s)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *p = s.p, *end = s.p + s.len;
	char *start = to;
	bool good;
	size_t n;

	for (; p < end; p += n) {
		n = utf8_next(p, end, &good);
		if (good && !is_control(p, n)) {
			memcpy(to, p, n);
			to += n;
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			*to++ = '\\';
			*to++ = 'x';
			*to++ = digits[(unsigned char)p[i] >> 4];
			*to++ = digits[p[i] & 0xf];
		}
	}
	return (size_t)(to - start);
}
