/*
 * burst - data that came close together, and when it is over
 */
#ifndef TRIGGER_BURST_H
#define TRIGGER_BURST_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { BURST_NEVER = -1 };	/* a time that does not come */

/* Start with { 0 }.  Times in ms are of the caller's monotonic clock. */
struct burst {
	bool pending;		/* there is a burst */
	uint64_t lines, bytes;
	bool open_line;		/* the last line has no LF yet */
	/* When its data came, by the calendar clock. */
	struct timespec first, last;
	int64_t first_ms, last_ms;
};

/* Say that data came just now; it is counted once it is known. */
void burst_came(struct burst *b, int64_t now_ms);
void burst_count(struct burst *b, const char *p, size_t n);

void burst_end_line(struct burst *b);	/* the open line, if any, has ended */

/* Begin a burst whose data is not known, only when it came. */
void burst_begin(struct burst *b, const struct timespec *since, int64_t now_ms);

/*
 * Returns when the burst is over: quiet_ms after its last data, but at most
 * max_ms (0 is no limit) after the first.  BURST_NEVER when there is none.
 */
int64_t burst_due_ms(const struct burst *b, int64_t quiet_ms, int64_t max_ms);

/*
 * Set LOGQUIET_LINES, _BYTES, _FIRST, _LAST in the environment.  Returns 0, or
 * -1.
 */
int burst_setenv(const struct burst *b);

#endif
