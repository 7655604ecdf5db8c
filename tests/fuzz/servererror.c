/*
 * servererror: what is found in a block are the lines that are found when each
 * is a block of its own, which is always read, after the same lines before it
 */
#include <stdlib.h>
#include <string.h>

#include "match/server_error.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct span rest = span_of((const char *)p, n), line, found = { 0 };
	struct span alone;
	const char *end = rest.p + n, *lf;
	struct server_errors *e = server_errors_new(), *one =
	    server_errors_new();
	static const char *const carried[] = { "#", "out P", "err P",
	    "__CURSOR=" };
	bool more = true, want, apart = true;

	/*
	 * A block that begins as another format is not searched for lines on
	 * which those after them depend.
	 */
	for (size_t i = 0; i < sizeof carried / sizeof *carried; i++)
		apart &= memmem(p, n, carried[i], strlen(carried[i])) == NULL;
	if (!apart)
		rest.len = 0;

	for (; rest.len > 0; rest.p += line.len,
	    rest.len = (size_t)(end - rest.p)) {
		lf = memchr(rest.p, '\n', rest.len);
		line = span_of(rest.p, (size_t)((lf != NULL ? lf + 1 : end) -
		    rest.p));
		if (more && found.p < line.p)
			more = server_errors_next(e, rest, &found);
		server_errors_block(one);
		want = server_errors_next(one, line, &alone);
		if (want != (more && found.p == line.p))
			abort();
	}
	server_errors_free(e);
	server_errors_free(one);
	return 0;
}
