#include "clftimes.h"

#include "timestamp.h"

/* The time of a line that ends at end, or false. */
static bool
time_of(const char *p, const char *end, struct zone *zone, int64_t *sec)
{
	struct timestamp t;

	for (int field = 0; field < 3; field++) {
		if (*p == '{' || *p == '"' || *p == '[' || *p == ' ')
			return false;
		if ((p = memchr(p, ' ', (size_t)(end - p))) == NULL ||
		    ++p == end)
			return false;
	}
	/* With its zone: a time without one would be the reader's. */
	if (*p++ != '[' || end - p < 26 || (p[21] != '+' && p[21] != '-') ||
	    (p = timestamp_clf(p, end, zone, &t)) == NULL ||
	    end - p < 3 || memcmp(p, "] \"", 3) != 0)
		return false;
	*sec = t.sec;
	return t.sec > 0 && t.sec <= UINT32_MAX;
}

bool
clftimes(struct span block, uint32_t *first, uint32_t *last)
{
	struct zone zone = { .fixed = true };
	const char *p = block.p, *end = p + block.len, *lf;
	int64_t sec, least = INT64_MAX, most = 0;

	for (; p < end; p = lf + 1) {
		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL ||
		    lf == p || !time_of(p, lf, &zone, &sec))
			return false;
		least = sec < least ? sec : least;
		most = sec > most ? sec : most;
	}
	*first = (uint32_t)least;
	*last = (uint32_t)most;
	return most > 0;
}
