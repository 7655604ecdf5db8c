/* servererror: whole blocks hold the errors that their lines are, one by one */
#include <stdlib.h>

#include "servererror.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct span rest = span_of((const char *)p, n), line, found = { 0 };
	const char *end = rest.p + n, *lf, *rule = "";
	struct buf copy = { 0 };

	for (; rest.len > 0; rest.p += line.len + (lf != NULL),
	    rest.len = (size_t)(end - rest.p)) {
		lf = memchr(rest.p, '\n', rest.len);
		line = span_of(rest.p, (size_t)((lf != NULL ? lf : end) -
		    rest.p));
		if (rule != NULL && found.p < line.p)
			rule = server_error_next(rest, &found, &copy);
		if (server_error(line) != (rule != NULL && found.p == line.p ?
		    rule : NULL))
			abort();
	}
	buf_free(&copy);
	return 0;
}
