/* names of files as anybody may choose them */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "rotate/log_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const formats[] = {
		"%s", "%s%N", "%s.%N", "%FT%T%z", "%d%b%y-%H", "%%%s-%Z",
	};
	static const struct log_base bases[] = {
		{ "a.log", true, false }, { "*", false, false },
		{ "*.log", false, true },
	};
	const struct log_base *base;
	struct log_name r;
	struct buf b = { 0 };

	if (n < 1 || n > 300)
		return 0;
	buf_add(&b, p + 1, n - 1);
	if (buf_str(&b) == NULL)
		return 0;
	base = p[0] / 6 % 4 < 3 ? &bases[p[0] / 6 % 4] : NULL;
	r = log_name_split(b.p, formats[p[0] % 6], "1624977000", base);
	if (r.stem > r.cut || r.cut > r.tail || r.tail > r.whole ||
	    r.whole > b.len || (r.kind >= LOG_NAME_ROTATED) != (r.stem < r.cut))
		abort();
	buf_free(&b);
	return 0;
}
