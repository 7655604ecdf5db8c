/*
 * A format string (or a pattern) and a line behind it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "format/scanner.h"
#include "format/user_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *lf = n > 0 ? memchr(p, '\n', n) :
	    NULL;
	struct user_formats *c = user_formats_new();
	struct scanner *s = scanner_new();
	struct record r = { 0 };
	struct buf format = { 0 }, why = { 0 };

	if (lf != NULL && c != NULL && s != NULL) {
		buf_add(&format, p, (size_t)(lf - p));
		if (user_formats_log_format(c, buf_str(&format), &why) == 0) {
			scanner_custom(s, c);
			scan_line(s, span_of(lf + 1, n - (size_t)(lf + 1 - p)),
			    &r);
		}
	}
	record_free(&r);
	scanner_free(s);
	user_formats_free(c);
	buf_free(&format);
	buf_free(&why);
	return 0;
}
