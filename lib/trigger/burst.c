#include "trigger/burst.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

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
burst_came(struct burst *b, int64_t now_ms)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	burst_begin(b, &now, now_ms);
	b->last = now;
	b->last_ms = now_ms;
}

void
burst_count(struct burst *b, const char *p, size_t n)
{
	if (n == 0)
		return;
	b->bytes += n;
	b->lines += count_byte(p, n, '\n');
	b->open_line = p[n - 1] != '\n';
}

void
burst_end_line(struct burst *b)
{
	b->lines += b->open_line;
	b->open_line = false;
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

/* Prints the time by RFC 3339, in UTC, to the microsecond. */
static void
print_time(char *text, size_t size, const char *name, const struct timespec *t)
{
	char date[32];
	struct tm tm = { 0 };

	gmtime_r(&t->tv_sec, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, size, "%s=%s.%06ldZ", name, date, t->tv_nsec / 1000);
}

int
burst_setenv(const struct burst *b)
{
	/* putenv keeps these; setenv would lose its memory at each burst. */
	static char env[4][64];

	snprintf(env[0], sizeof env[0], "LOGQUIET_LINES=%" PRIu64,
	    b->lines + b->open_line);
	snprintf(env[1], sizeof env[1], "LOGQUIET_BYTES=%" PRIu64, b->bytes);
	print_time(env[2], sizeof env[2], "LOGQUIET_FIRST", &b->first);
	print_time(env[3], sizeof env[3], "LOGQUIET_LAST", &b->last);
	for (int i = 0; i < 4; i++)
		if (putenv(env[i]) != 0)
			return -1;
	return 0;
}
