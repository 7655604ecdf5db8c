/*
 * Any bytes as times: what is printed is read again as the same time.
 */
#include <stdint.h>
#include <stdlib.h>

#include "record/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
check(const struct timestamp *t, struct zone *z)
{
	char text[TIMESTAMP_SIZE];
	size_t n = timestamp_print(text, t);
	struct timestamp again;

	if (n > sizeof text || timestamp_iso(text, text + n, z, &again) !=
	    text + n || timestamp_cmp(t, &again) != 0 ||
	    t->digits != again.digits)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *lf = n > 0 ? memchr(p, '\n', n) :
	    NULL;
	char text[TIMESTAMP_SIZE];
	struct timestamp t, again;
	struct zone z = { 0 };
	char *format;

	zone_set(&z, "+05:30");
	z.near = 1624961103;
	if (timestamp_any(span_of(p, n), &z, &t)) {
		check(&t, &z);
		if (!timestamp_any(span_of(p, n), &z, &again) ||
		    timestamp_cmp(&t, &again) != 0)
			abort();
		if (timestamp_is_printed(span_of(p, n)) && !span_eq(
		    span_of(text, timestamp_print(text, &t)), span_of(p, n)))
			abort();
	}
	if (lf != NULL && (format = strndup(p, (size_t)(lf - p))) != NULL) {
		if (timestamp_strptime(lf + 1, p + n, format, &z, &t) != NULL)
			check(&t, &z);
		free(format);
	}
	return 0;
}
