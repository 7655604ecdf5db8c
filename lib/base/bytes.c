#include "base/bytes.h"

#include <stdint.h>

/*
 * The columns of a block are counted side by side: compilers turn that into
 * SIMD instructions.
 */
enum { COLUMNS = 64, ROWS_MAX = UINT8_MAX };

size_t
count_byte(const char *p, size_t n, char byte)
{
	size_t count = 0;

	while (n >= COLUMNS) {
		size_t rows = n / COLUMNS < ROWS_MAX ? n / COLUMNS : ROWS_MAX;
		uint8_t seen[COLUMNS] = { 0 };

		n -= rows * COLUMNS;
		for (; rows > 0; rows--, p += COLUMNS)
			for (int i = 0; i < COLUMNS; i++)
				seen[i] = (uint8_t)(seen[i] + (p[i] == byte));
		for (int i = 0; i < COLUMNS; i++)
			count += seen[i];
	}
	for (size_t i = 0; i < n; i++)
		count += p[i] == byte;
	return count;
}

static bool
is_trimmed(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && is_trimmed(s.p[s.len - 1]))
		s.len--;
	while (s.len > 0 && is_trimmed(*s.p)) {
		s.p++;
		s.len--;
	}
	return s;
}

char *
trim_string(char *s)
{
	struct span t = span_trim(span_str(s));

	s[(size_t)(t.p - s) + t.len] = '\0';
	return s + (t.p - s);
}
