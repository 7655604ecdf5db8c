#include "count.h"

#include <stdint.h>
#include <string.h>

/*
 * Eight bytes at a time: the top bit of each byte of x is set that is not zero
 * in v, and the bytes of acc count, up to 255 of them.
 */
size_t
count_byte(const char *p, size_t n, char byte)
{
	const uint64_t ones = 0x0101010101010101u, low = 0x7f * ones;
	const uint64_t want = (unsigned char)byte * ones;
	size_t count = 0;

	while (n >= 8) {
		size_t words = n / 8 < 255 ? n / 8 : 255;
		uint64_t acc = 0, even;

		for (size_t i = 0; i < words; i++) {
			uint64_t v, x;

			memcpy(&v, p + 8 * i, 8);
			v ^= want;
			x = ((v & low) + low) | v;
			acc += ~x >> 7 & ones;
		}
		even = (acc & 0x00ff00ff00ff00ffu) +
		    (acc >> 8 & 0x00ff00ff00ff00ffu);
		count += even * 0x0001000100010001u >> 48;
		p += 8 * words;
		n -= 8 * words;
	}
	for (size_t i = 0; i < n; i++)
		count += p[i] == byte;
	return count;
}
