/* names of files as anybody may choose them */
#include <stdint.h>
#include <stdlib.h>

#include "stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const formats[] = {
		"%s", "%s%N", "%s.%N", "%FT%T%z", "%d%b%y-%H", "%%%s-%Z",
	};
	struct log_name r;
	struct buf b = { 0 };

	if (n < 1 || n > 300)
		return 0;
	buf_add(&b, p + 1, n - 1);
	if (buf_str(&b) == NULL)
		return 0;
	r = log_name_split(b.p, formats[p[0] % 6], "1624977000");
	if (r.base > r.stem || r.stem > r.whole || r.whole > b.len ||
	    r.rotated != (r.stem < r.whole))
		abort();
	buf_free(&b);
	return 0;
}
