/*
 * timestamp - the times in log lines, and how they are written again
 *
 * The parse functions read a stamp that begins at p.  They return where the
 * text goes on, or NULL when there is no stamp before end.  Fractions after a
 * point or comma are kept with the number of digits they had, nine at most.
 */
#ifndef RECORD_TIMESTAMP_H
#define RECORD_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What a stamp did not tell, so that it was taken from a struct zone. */
enum { LACKS_ZONE = 1, LACKS_YEAR = 2, LACKS_DAY = 4 };

struct timestamp {
	int64_t sec;		/* seconds since 1970 UTC; negative before */
	uint32_t nsec;		/* 0 to 999999999, also before 1970 */
	uint8_t digits;		/* how many digits the fraction had, 0 to 9 */
	bool leap;		/* it is 23:59:60; sec is that of 23:59:59 */
	uint8_t lacks;
};

/* The lengths of "29/Jun/2021:10:05:03 +0200", "2021-06-29T" and "Jun 29 ". */
enum { CLF_SIZE = 26, ISO_DAY_SIZE = 11, BSD_DAY_SIZE = 7 };

/*
 * For zone.near: the log is being written, so that its times are near to now.
 */
#define ZONE_NOW INT64_MIN

/* What a stamp without zone or year means.  Begin with zone_set. */
struct zone {
	bool fixed; /* offset_s is used, not the zone of the process */
	int32_t offset_s;	/* seconds; east of Greenwich is positive */
	int year; /* the year; 0 for the one nearest to near */
	int64_t near;		/* seconds since 1970, or ZONE_NOW */
	bool enveloped;		/* near is the time of the line's envelope */
	/*
	 * The results found last are kept here, as the next stamp will be
	 * similar:
	 */
	int64_t slot; /* the quarter of an hour of local time of slot_offset */
	int32_t slot_offset_s;
	int64_t year_near;	/* for this near, month and day */
	bool year_enveloped;
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
 * The least and the greatest local time that zone_to_utc can take for a moment.
 * They differ about the time of a change of clocks.
 */
void zone_from_utc(const struct zone *z, int64_t utc, int64_t *least,
    int64_t *greatest);

/*
 * As zone_to_utc, in a zone of the zone database, by its name (Europe/Berlin).
 * Returns 0, or -1 when there is no such zone.
 */
int zone_named_to_utc(struct span name, int64_t local, int64_t *utc);

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
/* 1624961103.123; more than 11 digits are milli-, micro- or nanoseconds. */
const char *timestamp_epoch(const char *p, const char *end,
    struct timestamp *t);
/*
 * By a format of strptime(3); %f, %L and %N are a fraction, %s and %Q seconds
 * and milliseconds since 1970, %z also takes Z and +02:00.
 */
const char *timestamp_strptime(const char *p, const char *end,
    const char *format, struct zone *z, struct timestamp *t);

/* The same, of the day that puts it nearest to now, as z tells it. */
const char *timestamp_of_day(const char *p, const char *end, struct zone *z,
    struct timestamp *t);
/*
 * A date and a clock in any form that programs write: those above but the
 * epoch, 20210629 100503, 210629 10:05:03, 17/06/09 10:05:03, 06/29/2021
 * 10:05:03 PM, 29.06.2021, 29-Jun-2021, Jun 29, 2021, 06-29 10:05:03 ...
 */
const char *timestamp_at(const char *p, const char *end, struct zone *z,
    struct timestamp *t);
/*
 * The time of a line, in any form, the epoch and a clock alone included, which
 * stands at its front or after a few words; *at is where.
 */
const char *timestamp_find(struct span line, struct zone *z,
    struct timestamp *t, const char **at);

/* The same, but only a date with a clock. */
const char *timestamp_find_date(struct span line, struct zone *z,
    struct timestamp *t, const char **at);

/* The whole of s is a time in one of these forms, or a date alone. */
bool timestamp_any(struct span s, struct zone *z, struct timestamp *t);

/* RFC 3339 in UTC, at most TIMESTAMP_SIZE bytes; returns how many. */
enum { TIMESTAMP_SIZE = 32 };
size_t timestamp_print(char *to, const struct timestamp *t);
/* s, which was read as a time, is what would be printed for it. */
bool timestamp_is_printed(struct span s);

/* Below, equal to or above 0, as a is before, at or after b. */
int timestamp_cmp(const struct timestamp *a, const struct timestamp *b);

#endif
