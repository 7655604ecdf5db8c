#include "count.h"

#include <stdint.h>

/* Columns of a block are counted side by side, which compilers turn to SIMD. */
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
