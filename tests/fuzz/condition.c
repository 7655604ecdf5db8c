/* a condition of -W, and a JSON line that it is asked of */
#include <stdint.h>
#include <string.h>

#include "format/scanner.h"
#include "match/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *lf = n > 0 ? memchr(p, '\n', n) :
	    NULL;
	struct scanner *s = scanner_new();
	struct buf expr = { 0 }, why = { 0 };
	struct condition *c = NULL;
	struct record r = { 0 };

	if (lf != NULL && s != NULL) {
		buf_add(&expr, p, (size_t)(lf - p));
		c = condition_new(buf_str(&expr), &why);
	}
	if (c != NULL) {
		scan_line(s, span_of(lf + 1, n - (size_t)(lf + 1 - p)), &r);
		condition_holds(c, &r);
	}
	condition_free(c);
	record_free(&r);
	scanner_free(s);
	buf_free(&expr);
	buf_free(&why);
	return 0;
}
