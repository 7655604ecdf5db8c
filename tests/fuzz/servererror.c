/* servererror: whole blocks hold the errors that their lines are, one by one */
#include <stdlib.h>

#include "servererror.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct span rest = span_of((const char *)p, n), line, found = { 0 };
	struct span alone;
	const char *end = rest.p + n, *lf, *rule = "", *want;
	struct server_errors e = { 0 }, one = { 0 };

	for (; rest.len > 0; rest.p += line.len,
	    rest.len = (size_t)(end - rest.p)) {
		lf = memchr(rest.p, '\n', rest.len);
		line = span_of(rest.p, (size_t)((lf != NULL ? lf + 1 : end) -
		    rest.p));
		if (rule != NULL && found.p < line.p)
			rule = server_errors_next(&e, rest, &found);
		want = server_errors_next(&one, line, &alone);
		if (want != (rule != NULL && found.p == line.p ? rule : NULL))
			abort();
	}
	buf_free(&e.line);
	buf_free(&one.line);
	return 0;
}
