/*
 * timestamp_parts - the pieces of a stamp: digits, months, clocks and zones
 *
 * For timestamp*.c and zone.c only.  As in timestamp.h, the functions that read
 * something at p return where the text goes on, or NULL.
 */
#ifndef RECORD_TIMESTAMP_PARTS_H
#define RECORD_TIMESTAMP_PARTS_H

#include <endian.h>
#include <time.h>

#include "base/bytes.h"
#include "record/calendar.h"
#include "record/timestamp.h"

/* The parts of a stamp that have been read. */
struct parts {
	int64_t year;
	unsigned month, day; /* from 1; day is 0 when none was given */
	unsigned hour, minute, second;
	uint32_t nsec;
	uint8_t digits;
	bool zoned;
	int32_t offset_s;
};

extern const uint32_t power_of_10[10];

/* Whether RFC 3339 can print the year: it has the years 0000 to 9999. */
static inline bool
is_instant(int64_t sec)
{
	return sec >= -62167219200 && sec <= 253402300799;
}

/* Reads exactly n digits; false when there are fewer. */
static inline bool
digits(const char *p, const char *end, int n, unsigned *v)
{
	*v = 0;
	if (end - p < n)
		return false;
	for (int i = 0; i < n; i++) {
		if (!is_digit(p[i]))
			return false;
		*v = *v * 10 + (unsigned)(p[i] - '0');
	}
	return true;
}

/* Reads a fraction: digits after a point or comma, if there are any. */
static inline const char *
fraction(const char *p, const char *end, struct parts *t)
{
	const char *d = p + 1;

	t->nsec = 0;
	t->digits = 0;
	if (end - p < 2 || (*p != '.' && *p != ',') || !is_digit(*d))
		return p;
	if (end - d > 3 && is_digit(d[1]) && is_digit(d[2]) &&
	    !is_digit(d[3])) {		/* milliseconds, as most have */
		t->nsec = (uint32_t)((d[0] - '0') * 100 + (d[1] - '0') * 10 +
		    (d[2] - '0')) * 1000000;
		t->digits = 3;
		return d + 3;
	}
	for (; d < end && is_digit(*d); d++)
		if (t->digits < 9) {
			t->nsec = t->nsec * 10 + (uint32_t)(*d - '0');
			t->digits++;
		}
	t->nsec *= power_of_10[9 - t->digits];
	return d;
}

/* Reads the eight bytes of 10:05:03 all at once. */
static inline bool
clock8(const char *p, struct parts *t)
{
	uint64_t v;

	memcpy(&v, p, 8);
	/* Digits become 0 to 9, colons 0. */
	v = le64toh(v) ^ 0x30303a30303a3030;
	if (((v | (v + 0x76767f76767f7676)) & 0x8080808080808080) != 0)
		return false;
	v = v * 10 + (v >> 8);
	t->hour = v & 0xff;
	t->minute = v >> 24 & 0xff;
	t->second = v >> 48 & 0xff;
	return t->hour < 24 && t->minute < 60 && t->second <= 60;
}

/* Reads 10:05:03 or 10:05, and a fraction. */
const char *clock_time(const char *p, const char *end, struct parts *t);

static inline int64_t
seconds_of(const struct parts *t)
{
	return (int64_t)(t->hour * 3600 + t->minute * 60 + t->second);
}

/* "Jan" to "Dec" give 1 to 12, anything else 0. */
unsigned month_of(const char *p, const char *end);
/*
 * Reads the short name of a month in another language and the point after it;
 * a blank must follow.
 */
const char *foreign_month(const char *p, const char *end, unsigned *month);
/* Whether the text is "Sun" to "Sat". */
bool is_weekday(const char *p, const char *end);
/* Skips letters at p, of which there must be one at least. */
const char *skip_letters(const char *p, const char *end);

/* Reads Z, UTC, GMT, +0200, +02:00 or +02.  Returns p when there is no zone. */
const char *zone_suffix(const char *p, const char *end, struct parts *t);
/* The same after at most one blank, in text that is not empty. */
const char *zone_after_blank(const char *p, const char *end, struct parts *t);
/* The same, also in an empty text. */
static inline const char *
zone_behind(const char *p, const char *end, struct parts *t)
{
	char c = p == end ? '\0' : *p != ' ' ? *p : end - p > 1 ? p[1] : '\0';

	if (c == 'Z' || c == 'z' || c == '+' || c == '-' || c == 'U' ||
	    c == 'G')
		return zone_after_blank(p, end, t);
	t->zoned = false;
	t->offset_s = 0;
	return p;
}

/* The year that two digits mean: 69 is 1969, 68 is 2068. */
static inline int64_t
year_of_century(unsigned two)
{
	return two < 69 ? 2000 + two : 1900 + two;
}

/*
 * Makes *t of the parts, which are complete.  Returns p, or NULL when they are
 * no date.
 */
const char *parts_finish(const char *p, const struct parts *d, struct zone *z,
    struct timestamp *t);
/* The same of parts that lack the year, which follows from z. */
const char *parts_finish_yearless(const char *p, struct parts *d,
    struct zone *z, struct timestamp *t);
/*
 * The time that stamps without a year are near to.  When it is the present, it
 * is rounded to the hour.
 */
static inline int64_t
zone_near(const struct zone *z)
{
	time_t now;

	if (z->near != ZONE_NOW)
		return z->near;
	now = time(NULL);
	return now - now % 3600;
}

#endif
