#include "burst.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "count.h"

void
burst_begin(struct burst *b, const struct timespec *since, int64_t now_ms)
{
	if (b->pending) {
		if (since->tv_sec < b->first.tv_sec)
			b->first = *since;
		return;
	}
	*b = (struct burst){ .pending = true, .first = *since, .last = *since,
		.first_ms = now_ms, .last_ms = now_ms };
}

void
burst_add(struct burst *b, const char *p, size_t n, int64_t now_ms)
{
	struct timespec now;

	if (n == 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	burst_begin(b, &now, now_ms);
	b->last = now;
	b->last_ms = now_ms;
	b->bytes += n;
	b->lines += count_byte(p, n, '\n');
	b->open_line = p[n - 1] != '\n';
}

int64_t
burst_due_ms(const struct burst *b, int64_t quiet_ms, int64_t max_ms)
{
	int64_t due;

	if (!b->pending)
		return BURST_NEVER;
	due = b->last_ms + quiet_ms;
	if (max_ms > 0 && b->first_ms + max_ms < due)
		due = b->first_ms + max_ms;
	return due;
}

static int
set_number(const char *name, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, v);
	return setenv(name, text, 1);
}

/* RFC 3339, in UTC, to the microsecond. */
static int
set_time(const char *name, const struct timespec *t)
{
	char text[40];
	struct tm tm;
	size_t n;

	if (gmtime_r(&t->tv_sec, &tm) == NULL)
		return -1;
	n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof text - n, ".%06ldZ", t->tv_nsec / 1000);
	return setenv(name, text, 1);
}

int
burst_setenv(const struct burst *b)
{
	if (set_number("LOGQUIET_LINES", b->lines + b->open_line) < 0 ||
	    set_number("LOGQUIET_BYTES", b->bytes) < 0 ||
	    set_time("LOGQUIET_FIRST", &b->first) < 0 ||
	    set_time("LOGQUIET_LAST", &b->last) < 0)
		return -1;
	return 0;
}
