/*
 * timestamp - the times in log lines, and how they are written again
 *
 * The parse functions take a stamp that begins at p and return what is behind
 * it, or NULL when there is none before end.  Fractions after a point or comma
 * are kept with the number of digits they had, nine at most.
 */
#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct timestamp {
	int64_t sec;		/* since 1970 UTC; before it negative */
	uint32_t nsec;		/* 0 to 999999999, also before 1970 */
	uint8_t digits;		/* of the fraction that were there, 0 to 9 */
	bool leap;		/* 23:59:60; sec is that of 23:59:59 */
};

/* The bytes of 29/Jun/2021:10:05:03 +0200, 2021-06-29T and "Jun 29 ". */
enum { CLF_SIZE = 26, ISO_DAY_SIZE = 11, BSD_DAY_SIZE = 7 };

/* What a stamp without zone or year means.  Begin with zone_set. */
struct zone {
	bool fixed;		/* offset_s counts, not the zone of the process */
	int32_t offset_s;	/* east of Greenwich is positive */
	int year;		/* 0: the one that puts a stamp nearest to near */
	int64_t near;		/* seconds since 1970 */
	/* What was found last, as the next stamp will be much the same: */
	int64_t slot;		/* for this quarter of an hour of local time */
	int32_t slot_offset_s;
	int64_t year_near;	/* for this near, month and day */
	unsigned year_month, year_day;
	int year_found;		/* 0: none yet */
	char clf[CLF_SIZE];	/* a stamp, and when its day began in UTC */
	int64_t clf_midnight;
	char iso_day[ISO_DAY_SIZE];
	int64_t iso_midnight;	/* local */
	char bsd_day[BSD_DAY_SIZE];
	int bsd_year;		/* with this year and near */
	int64_t bsd_near, bsd_midnight;		/* local */
};

/*
 * name: "local", "UTC", "+02:00", or one of the zone database, which becomes
 * the zone of the process (TZ).  0, or -1 for a zone that is not known.
 */
int zone_set(struct zone *z, const char *name);
/*
 * The UTC of a local time, both in seconds.  When clocks go back, the first of
 * the two; an hour that clocks leave out counts as if they had not.
 */
int64_t zone_to_utc(struct zone *z, int64_t local);

/*
 * 2021-06-29T10:05:03.123456Z and its relatives: a blank for the T, / for -, no
 * zone, +0200, " +02:00", " UTC".
 */
const char *timestamp_iso(const char *p, const char *end, struct zone *z,
    struct timestamp *t);
/* Jun 29 10:05:03, also Jun 29 2021 10:05:03 and ... CST 2021. */
const char *timestamp_bsd(const char *p, const char *end, struct zone *z,
    struct timestamp *t);
/* 29/Jun/2021:10:05:03 +0200 */
const char *timestamp_clf(const char *p, const char *end, struct zone *z,
    struct timestamp *t);
/* Tue Jun 29 10:05:03.123456 2021 */
const char *timestamp_ctime(const char *p, const char *end, struct zone *z,
    struct timestamp *t);
/* Tue, 29 Jun 2021 10:05:03 GMT */
const char *timestamp_rfc822(const char *p, const char *end, struct zone *z,
    struct timestamp *t);
/* 10:05:03.123 alone, of the day that starts at midnight (local seconds). */
const char *timestamp_clock(const char *p, const char *end, int64_t *sec,
    struct timestamp *t);
/* 1624961103.123; more than 11 digits are milli-, micro- or nanoseconds. */
const char *timestamp_epoch(const char *p, const char *end,
    struct timestamp *t);
/*
 * By a format of strptime(3); %f, %L and %N are a fraction, %s and %Q seconds
 * and milliseconds since 1970, %z also takes Z and +02:00.
 */
const char *timestamp_strptime(const char *p, const char *end,
    const char *format, struct zone *z, struct timestamp *t);

/* The whole of s is a time in one of these forms, or a date alone. */
bool timestamp_any(struct span s, struct zone *z, struct timestamp *t);

/* RFC 3339 in UTC, at most TIMESTAMP_SIZE bytes; returns how many. */
enum { TIMESTAMP_SIZE = 32 };
size_t timestamp_print(char *to, const struct timestamp *t);
/* s, which was read as a time, is what would be printed for it. */
bool timestamp_is_printed(struct span s);

/* Below, equal to or above 0, as a is before, at or after b. */
int timestamp_cmp(const struct timestamp *a, const struct timestamp *b);

/* Days since 1970 of a date in the Gregorian calendar; month is 1 to 12. */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
void civil_from_days(int64_t days, int64_t *year, unsigned *month,
    unsigned *day);

#endif
