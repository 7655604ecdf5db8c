#include "timestamp.h"

#include <endian.h>
#include <stdlib.h>
#include <strings.h>

enum { DAY_S = 86400, DAY_MIN = 1440 };

/* RFC 3339 can say no more: the years 0000 to 9999. */
static const int64_t FIRST_SEC = -62167219200, LAST_SEC = 253402300799;

static const uint32_t power_of_10[] = { 1, 10, 100, 1000, 10000, 100000,
    1000000, 10000000, 100000000, 1000000000 };

/* The parts of a stamp while it is read. */
struct parts {
	int64_t year;
	unsigned month, day;		/* from 1; day 0: none was given */
	unsigned hour, minute, second;
	uint32_t nsec;
	uint8_t digits;
	bool zoned;
	int32_t offset_s;
};

int64_t
days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t era;
	unsigned of_era, of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = (unsigned)(year - era * 400);
	of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * 146097 + (int64_t)(of_era * 365 + of_era / 4 -
	    of_era / 100 + of_year) - 719468;
}

void
civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t era;
	unsigned of_era, y, of_year, m;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	of_era = (unsigned)(days - era * 146097);
	y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * y + y / 4 - y / 100);
	m = (5 * of_year + 2) / 153;
	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = era * 400 + y + (*month <= 2);
}

static bool
is_leap_year(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static bool
is_date(int64_t year, unsigned month, unsigned day)
{
	static const unsigned char days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
	};

	return month >= 1 && month <= 12 && day >= 1 &&
	    (day <= days[month - 1] ||
	    (month == 2 && day == 29 && is_leap_year(year)));
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly n digits, or false. */
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

/* "Jan" to "Dec": 1 to 12, or 0. */
static unsigned
month_of(const char *p, const char *end)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	/* The sum of the second and third letter is another for each. */
	static const unsigned char by_sum[32] = {
		[1] = 7, [2] = 4, [3] = 6, [5] = 11, [7] = 2, [8] = 12, [15] =
		1, [19] = 3, [21] = 9, [23] = 10, [26] = 5, [28] = 8
	};
	char low[3];
	unsigned m;

	if (end - p < 3)
		return 0;
	for (int i = 0; i < 3; i++)
		low[i] = (char)(p[i] | 0x20);
	m = by_sum[(low[1] + low[2]) & 31];
	return m > 0 && memcmp(names + (m - 1) * 3, low, 3) == 0 ? m : 0;
}

static bool
is_weekday(const char *p, const char *end)
{
	static const char names[] = "SunMonTueWedThuFriSat";

	if (end - p < 3)
		return false;
	for (int i = 0; i < 21; i += 3)
		if (memcmp(names + i, p, 3) == 0)
			return true;
	return false;
}

/* Digits behind a point or comma, if they are there. */
static const char *
fraction(const char *p, const char *end, struct parts *t)
{
	const char *d = p + 1;

	t->nsec = 0;
	t->digits = 0;
	if (end - p < 2 || (*p != '.' && *p != ',') || !is_digit(*d))
		return p;
	for (; d < end && is_digit(*d); d++)
		if (t->digits < 9) {
			t->nsec = t->nsec * 10 + (uint32_t)(*d - '0');
			t->digits++;
		}
	t->nsec *= power_of_10[9 - t->digits];
	return d;
}

/* The eight bytes 10:05:03, all at once. */
static inline bool
clock8(const char *p, struct parts *t)
{
	uint64_t v;

	memcpy(&v, p, 8);
	v = le64toh(v) ^ 0x30303a30303a3030;	/* digits 0 to 9, colons 0 */
	if (((v | (v + 0x76767f76767f7676)) & 0x8080808080808080) != 0)
		return false;
	v = v * 10 + (v >> 8);
	t->hour = v & 0xff;
	t->minute = v >> 24 & 0xff;
	t->second = v >> 48 & 0xff;
	return t->hour < 24 && t->minute < 60 && t->second <= 60;
}

/* 10:05:03, 10:05, and a fraction */
static const char *
clock_time(const char *p, const char *end, struct parts *t)
{
	t->digits = 0;
	t->nsec = 0;
	if (end - p >= 8 && clock8(p, t))
		return fraction(p + 8, end, t);
	if (!digits(p, end, 2, &t->hour) || end - p < 5 || p[2] != ':' ||
	    !digits(p + 3, end, 2, &t->minute) || t->hour > 23 ||
	    t->minute > 59)
		return NULL;
	p += 5;
	t->second = 0;
	if (end - p < 3 || *p != ':')
		return p;
	if (!digits(p + 1, end, 2, &t->second) || t->second > 60)
		return NULL;
	return fraction(p + 3, end, t);
}

/* Z, UTC, GMT, +0200, +02:00, +02; p when there is none. */
static const char *
zone_suffix(const char *p, const char *end, struct parts *t)
{
	unsigned h, m = 0;
	const char *z = p + 1;

	t->zoned = true;
	t->offset_s = 0;
	if (end - p >= 3 && (memcmp(p, "UTC", 3) == 0 ||
	    memcmp(p, "GMT", 3) == 0))
		return p + 3;
	if (p < end && (*p == 'Z' || *p == 'z'))
		return p + 1;
	t->zoned = p < end && (*p == '+' || *p == '-') &&
	    digits(z, end, 2, &h) && h < 24;
	if (!t->zoned)
		return p;
	z += 2;
	if (z < end && *z == ':' && digits(z + 1, end, 2, &m))
		z += 3;
	else if (digits(z, end, 2, &m))
		z += 2;
	else
		m = 0;
	t->offset_s = (int32_t)(h * 3600 + m * 60) * (*p == '-' ? -1 : 1);
	return z;
}

/* Zone suffix behind at most one blank. */
static const char *
zone_behind(const char *p, const char *end, struct parts *t)
{
	const char *z = p + (p < end && *p == ' '), *after;

	after = zone_suffix(z, end, t);
	if (after == z || (after < end && after[-1] >= 'A' && *after >= 'A')) {
		t->zoned = false;
		return p;
	}
	return after;
}

static inline int64_t
seconds_of(const struct parts *t)
{
	return (int64_t)(t->hour * 3600 + t->minute * 60 + t->second);
}

/* Everything is there: p, or NULL when it is no date. */
static const char *
finish(const char *p, const struct parts *t, struct zone *z,
    struct timestamp *out)
{
	int64_t local;

	if (p == NULL || !is_date(t->year, t->month, t->day))
		return NULL;
	out->leap = t->second == 60;
	local = days_from_civil(t->year, t->month, t->day) * DAY_S +
	    seconds_of(t) - out->leap;
	out->sec = t->zoned ? local - t->offset_s : zone_to_utc(z, local);
	out->nsec = t->nsec;
	out->digits = t->digits;
	return out->sec >= FIRST_SEC && out->sec <= LAST_SEC ? p : NULL;
}

/* "2021-06-29T" or the like, when the stamp before had the same. */
static bool
is_day_of_iso(const char *p, const char *end, const struct zone *z)
{
	return end - p >= ISO_DAY_SIZE + 8 && p[4] == p[7] && *p != '\0' &&
	    memcmp(p, z->iso_day, ISO_DAY_SIZE) == 0;
}

static const char *
next_of_iso(const char *p, const char *end, struct zone *z,
    struct timestamp *t)
{
	struct parts d;
	int64_t local;

	if (!is_day_of_iso(p, end, z) || !clock8(p + ISO_DAY_SIZE, &d) ||
	    d.second > 59)
		return NULL;
	p = fraction(p + ISO_DAY_SIZE + 8, end, &d);
	p = zone_behind(p, end, &d);
	local = z->iso_midnight + seconds_of(&d);
	*t = (struct timestamp){ .nsec = d.nsec, .digits = d.digits,
	    .sec = d.zoned ? local - d.offset_s : zone_to_utc(z, local) };
	return p;
}

const char *
timestamp_iso(const char *p, const char *end, struct zone *z,
    struct timestamp *t)
{
	const char *start = p, *behind = next_of_iso(p, end, z, t);
	struct parts d;
	unsigned year;

	if (behind != NULL)
		return behind;
	if (end - p < 16 || !digits(p, end, 4, &year) || p[4] != p[7] ||
	    (p[4] != '-' && p[4] != '/') || !digits(p + 5, end, 2, &d.month) ||
	    !digits(p + 8, end, 2, &d.day) ||
	    (p[10] != 'T' && p[10] != ' ' && p[10] != 't'))
		return NULL;
	d.year = year;
	if ((p = clock_time(p + 11, end, &d)) == NULL)
		return NULL;
	p = finish(zone_behind(p, end, &d), &d, z, t);
	if (p != NULL && year >= 1970 && year < 9999) {
		memcpy(z->iso_day, start, ISO_DAY_SIZE);
		z->iso_midnight = days_from_civil(year, d.month, d.day) *
		    DAY_S;
	}
	return p;
}

static bool
is_day_of_clf(const char *p, const char *end, const struct zone *z)
{
	return end - p >= CLF_SIZE && p[2] == '/' &&
	    memcmp(p, z->clf, 12) == 0 &&
	    memcmp(p + 20, z->clf + 20, CLF_SIZE - 20) == 0;
}

/* The same day and zone as in the stamp at p, whose time is t. */
static void
keep_day_of_clf(const char *p, struct zone *z, const struct parts *d,
    const struct timestamp *t)
{
	memcpy(z->clf, p, CLF_SIZE);
	z->clf_midnight = t->sec - seconds_of(d);
}

const char *
timestamp_clf(const char *p, const char *end, struct zone *z,
    struct timestamp *t)
{
	const char *start = p;
	struct parts d;
	unsigned year;

	if (is_day_of_clf(p, end, z) && clock8(p + 12, &d) && d.second < 60) {
		*t = (struct timestamp){ .sec = z->clf_midnight +
		    seconds_of(&d) };
		return p + CLF_SIZE;
	}
	if (end - p < 17 || p[2] != '/' || p[6] != '/' || p[11] != ':' ||
	    !digits(p, end, 2, &d.day) || !digits(p + 7, end, 4, &year) ||
	    (d.month = month_of(p + 3, end)) == 0)
		return NULL;
	d.year = year;
	if ((p = clock_time(p + 12, end, &d)) == NULL)
		return NULL;
	p = finish(zone_behind(p, end, &d), &d, z, t);
	if (p == start + CLF_SIZE && start[20] == ' ' && is_digit(p[-1]) &&
	    year >= 1970 && year < 9999 && d.second < 60)
		keep_day_of_clf(start, z, &d, t);
	return p;
}

/* Day of the month with or without a leading zero or blank. */
static const char *
short_day(const char *p, const char *end, unsigned *day)
{
	if (p < end && *p == ' ')
		p++;
	if (digits(p, end, 2, day))
		return p + 2;
	return digits(p, end, 1, day) ? p + 1 : NULL;
}

const char *
timestamp_ctime(const char *p, const char *end, struct zone *z,
    struct timestamp *t)
{
	struct parts d;
	unsigned year;

	if (!is_weekday(p, end) || end - p < 20 || p[3] != ' ' ||
	    (d.month = month_of(p + 4, end)) == 0 || p[7] != ' ' ||
	    (p = short_day(p + 8, end, &d.day)) == NULL ||
	    p == end || *p != ' ' ||
	    (p = clock_time(p + 1, end, &d)) == NULL)
		return NULL;
	p = zone_behind(p, end, &d);
	if (p == end || *p != ' ' || !digits(p + 1, end, 4, &year))
		return NULL;
	d.year = year;
	return finish(p + 5, &d, z, t);
}

const char *
timestamp_rfc822(const char *p, const char *end, struct zone *z,
    struct timestamp *t)
{
	struct parts d;
	unsigned year;

	if (is_weekday(p, end) && end - p > 5 && p[3] == ',')
		p += 5;
	if ((p = short_day(p, end, &d.day)) == NULL || end - p < 10 ||
	    (*p != ' ' && *p != '-') || p[4] != *p ||
	    (d.month = month_of(p + 1, end)) == 0 ||
	    !digits(p + 5, end, 4, &year) || p[9] != ' ')
		return NULL;
	d.year = year;
	if ((p = clock_time(p + 10, end, &d)) == NULL)
		return NULL;
	return finish(zone_behind(p, end, &d), &d, z, t);
}

/*
 * RFC 3164 has no year: take the one that puts the stamp nearest to near, so
 * that a line of December read in January is last year's.
 */
static int
nearest_year(const struct parts *d, struct zone *z)
{
	int64_t local = 2 * z->near - zone_to_utc(z, z->near), year, gap;
	int64_t best = INT64_MAX;
	int found = 0;
	unsigned m, day;

	civil_from_days(local / DAY_S - (local % DAY_S < 0), &year, &m, &day);
	/* 29 February may be up to eight years away. */
	for (int64_t y = year - 8; y <= year + 8; y++) {
		if (!is_date(y, d->month, d->day))
			continue;
		gap = llabs(days_from_civil(y, d->month, d->day) * DAY_S +
		    d->hour * 3600 + d->minute * 60 + d->second - local);
		if (gap < best) {
			best = gap;
			found = (int)y;
		}
	}
	return found;
}

static const char *
finish_yearless(const char *p, struct parts *d, struct zone *z,
    struct timestamp *t)
{
	if (z->year != 0) {
		d->year = z->year;
		return finish(p, d, z, t);
	}
	if (z->year_found == 0 || z->year_near != z->near ||
	    z->year_month != d->month || z->year_day != d->day) {
		z->year_found = nearest_year(d, z);
		z->year_near = z->near;
		z->year_month = d->month;
		z->year_day = d->day;
	}
	d->year = z->year_found;
	return finish(p, d, z, t);
}

/* " 2021" or " CST 2021" behind a BSD stamp (RFC 3164, 5.4, example 2). */
static const char *
year_behind(const char *p, const char *end, struct parts *d)
{
	const char *q = p;
	unsigned year;

	if (end - q > 8 && *q == ' ' && q[1] >= 'A' && q[1] <= 'Z')
		for (q++; q < end && *q >= 'A' && *q <= 'Z'; q++)
			;
	if (end - q < 6 || *q != ' ' || !digits(q + 1, end, 4, &year) ||
	    q[5] != ' ' || year < 1970 || year > 2199)
		return NULL;
	d->year = year;
	return q + 5;
}

/* "Jun 29 ", when the stamp before had the same and meant it alike. */
static bool
is_day_of_bsd(const char *p, const char *end, const struct zone *z)
{
	return end - p >= BSD_DAY_SIZE + 8 && p[3] == ' ' &&
	    memcmp(p, z->bsd_day, BSD_DAY_SIZE) == 0 &&
	    z->bsd_near == z->near && z->bsd_year == z->year;
}

static void
keep_day_of_bsd(const char *p, struct zone *z, const struct parts *d)
{
	memcpy(z->bsd_day, p, BSD_DAY_SIZE);
	z->bsd_near = z->near;
	z->bsd_year = z->year;
	z->bsd_midnight = days_from_civil(d->year, d->month, d->day) * DAY_S;
}

/* One of the day of the stamp before; NULL when it is not, or has a year. */
static const char *
next_of_bsd(const char *p, const char *end, struct zone *z,
    struct timestamp *t)
{
	struct parts d;

	if (!is_day_of_bsd(p, end, z) || !clock8(p + BSD_DAY_SIZE, &d) ||
	    d.second > 59)
		return NULL;
	p = fraction(p + BSD_DAY_SIZE + 8, end, &d);
	if (year_behind(p, end, &d) != NULL)
		return NULL;
	*t = (struct timestamp){ .nsec = d.nsec, .digits = d.digits,
	    .sec = zone_to_utc(z, z->bsd_midnight + seconds_of(&d)) };
	return p;
}

const char *
timestamp_bsd(const char *p, const char *end, struct zone *z,
    struct timestamp *t)
{
	const char *start = p, *behind = next_of_bsd(p, end, z, t), *day_end;
	struct parts d = { 0 };
	unsigned year;

	if (behind != NULL)
		return behind;
	if (end - p < 14 || (d.month = month_of(p, end)) == 0 || p[3] != ' ' ||
	    (p = short_day(p + 4, end, &d.day)) == NULL || p == end ||
	    *p != ' ')
		return NULL;
	day_end = p + 1;
	if (digits(day_end, end, 4, &year) && end - p > 5 && p[5] == ' ') {
		d.year = year;
		if ((p = clock_time(p + 6, end, &d)) == NULL)
			return NULL;
		return finish(zone_behind(p, end, &d), &d, z, t);
	}
	if ((p = clock_time(day_end, end, &d)) == NULL)
		return NULL;
	if ((behind = year_behind(p, end, &d)) != NULL)
		return finish(behind, &d, z, t);
	p = finish_yearless(p, &d, z, t);
	if (p != NULL && day_end == start + BSD_DAY_SIZE && d.year >= 1970 &&
	    d.year < 9999)
		keep_day_of_bsd(start, z, &d);
	return p;
}

const char *
timestamp_clock(const char *p, const char *end, int64_t *sec,
    struct timestamp *t)
{
	struct parts d;

	if ((p = clock_time(p, end, &d)) == NULL)
		return NULL;
	*sec = (int64_t)(d.hour * 3600 + d.minute * 60 + d.second);
	t->nsec = d.nsec;
	t->digits = d.digits;
	t->leap = false;
	return p;
}

/* So many units, of which a second has per_s, and more ns-like of one unit. */
static bool
of_units(struct timestamp *t, bool negative, uint64_t units, uint64_t per_s,
    unsigned more_digits, uint32_t more)
{
	unsigned unit_digits = per_s == 1 ? 0 : per_s == 1000 ? 3 :
	    per_s == 1000000 ? 6 : 9;

	t->sec = (int64_t)(units / per_s);
	t->nsec = (uint32_t)(units % per_s * (1000000000 / per_s));
	t->nsec += (uint32_t)(more / per_s);
	t->digits = (uint8_t)(unit_digits + more_digits > 9 ? 9 :
	    unit_digits + more_digits);
	t->leap = false;
	if (negative) {
		t->sec = -t->sec - (t->nsec > 0);
		t->nsec = t->nsec > 0 ? 1000000000 - t->nsec : 0;
	}
	return t->sec >= FIRST_SEC && t->sec <= LAST_SEC;
}

const char *
timestamp_epoch(const char *p, const char *end, struct timestamp *t)
{
	struct parts d = { 0 };
	bool negative = p < end && *p == '-';
	const char *start = p += negative;
	uint64_t units = 0, per_s;

	for (; p < end && is_digit(*p); p++) {
		if (p - start >= 19)
			return NULL;
		units = units * 10 + (uint64_t)(*p - '0');
	}
	if (p == start)
		return NULL;
	if (p < end && *p == '.')
		p = fraction(p, end, &d);
	per_s = units < 100000000000 ? 1 : units < 100000000000000 ? 1000 :
	    units < 100000000000000000 ? 1000000 : 1000000000;
	return of_units(t, negative, units, per_s, d.digits, d.nsec) ? p : NULL;
}

/* One or two digits, perhaps with blanks in front, as strptime(3) reads them. */
static const char *
short_number(const char *p, const char *end, unsigned *v)
{
	while (p < end && *p == ' ')
		p++;
	if (digits(p, end, 2, v))
		return p + 2;
	return digits(p, end, 1, v) ? p + 1 : NULL;
}

static const char *
skip_letters(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && ((*q | 0x20) >= 'a' && (*q | 0x20) <= 'z'))
		q++;
	return q > p ? q : NULL;
}

/* What a format has said beside the parts of the date. */
struct hints {
	bool yearless, has_epoch, afternoon, twelve_hours;
	unsigned day_of_year;
	struct timestamp epoch;
};

static const char *
month_name(const char *p, const char *end, struct parts *d)
{
	d->month = month_of(p, end);
	return d->month > 0 ? skip_letters(p, end) : NULL;
}

/* Digits without a point in front: the fraction. */
static const char *
bare_fraction(const char *p, const char *end, struct parts *d)
{
	char text[16] = ".";
	size_t n = 0;

	while (p + n < end && n < 9 && is_digit(p[n])) {
		text[n + 1] = p[n];
		n++;
	}
	fraction(text, text + n + 1, d);
	return n > 0 ? p + n : NULL;
}

static const char *
epoch_number(const char *p, const char *end, struct hints *h)
{
	const char *q = p + (p < end && *p == '-');

	while (q < end && is_digit(*q))
		q++;
	h->has_epoch = true;
	return timestamp_epoch(p, q, &h->epoch) == q ? q : NULL;
}

static const char *
two_digit_year(const char *p, const char *end, struct parts *d)
{
	unsigned v;

	if (!digits(p, end, 2, &v))
		return NULL;
	d->year = v < 69 ? 2000 + v : 1900 + v;
	return p + 2;
}

static const char *
year_number(const char *p, const char *end, struct parts *d)
{
	unsigned v;

	if (!digits(p, end, 4, &v))
		return NULL;
	d->year = v;
	return p + 4;
}

static const char *
parse_format(const char *p, const char *end, const char *format,
    struct parts *d, struct hints *h);

/* One conversion; what is behind what it took, or NULL. */
static const char *
convert(const char *p, const char *end, char c, struct parts *d,
    struct hints *h)
{
	switch (c) {
	case 'Y': h->yearless = false; return year_number(p, end, d);
	case 'y': h->yearless = false; return two_digit_year(p, end, d);
	case 'm': return short_number(p, end, &d->month);
	case 'b': case 'B': case 'h': return month_name(p, end, d);
	case 'd': case 'e': return short_number(p, end, &d->day);
	case 'j':
		return digits(p, end, 3, &h->day_of_year) ? p + 3 : NULL;
	case 'I': case 'l': h->twelve_hours = true;	/* fall through */
	case 'H': case 'k': return short_number(p, end, &d->hour);
	case 'M': return short_number(p, end, &d->minute);
	case 'S': return short_number(p, end, &d->second);
	case 'f': case 'L': case 'N': return bare_fraction(p, end, d);
	case 'p': case 'P':
		h->afternoon = p < end && (*p | 0x20) == 'p';
		return skip_letters(p, end);
	case 'a': case 'A': case 'Z': return skip_letters(p, end);
	case 'z': p = zone_suffix(p, end, d); return d->zoned ? p : NULL;
	case 's': case 'Q': return epoch_number(p, end, h);
	case 'T': return parse_format(p, end, "%H:%M:%S", d, h);
	case 'R': return parse_format(p, end, "%H:%M", d, h);
	case 'F': return parse_format(p, end, "%Y-%m-%d", d, h);
	case 'D': return parse_format(p, end, "%m/%d/%y", d, h);
	case 'r': return parse_format(p, end, "%I:%M:%S %p", d, h);
	case 'c': return parse_format(p, end, "%a %b %e %T %Y", d, h);
	case '%': return p < end && *p == '%' ? p + 1 : NULL;
	}
	return NULL;
}

static const char *
parse_format(const char *p, const char *end, const char *format,
    struct parts *d, struct hints *h)
{
	for (; p != NULL && *format != '\0'; format++) {
		if (*format == '%' && format[1] != '\0') {
			format++;
			if ((*format == 'E' || *format == 'O' ||
			    *format == '-' || *format == '3' ||
			    *format == '6' || *format == '9') &&
			    format[1] != '\0')
				format++;
			p = convert(p, end, *format, d, h);
		} else if (*format == ' ') {
			while (p < end && *p == ' ')
				p++;
		} else {
			p = p < end && *p == *format ? p + 1 : NULL;
		}
	}
	return p;
}

const char *
timestamp_strptime(const char *p, const char *end, const char *format,
    struct zone *z, struct timestamp *t)
{
	struct parts d = { .month = 1, .day = 1 };
	struct hints h = { .yearless = true };
	int64_t days;

	if ((p = parse_format(p, end, format, &d, &h)) == NULL ||
	    d.hour > 23 || d.minute > 59 || d.second > 60)
		return NULL;
	if (h.has_epoch) {
		*t = h.epoch;
		if (d.digits > 0) {
			t->nsec = d.nsec;
			t->digits = d.digits;
		}
		return p;
	}
	if (h.twelve_hours)
		d.hour = d.hour % 12 + (h.afternoon ? 12 : 0);
	if (h.yearless)
		return finish_yearless(p, &d, z, t);
	if (h.day_of_year > 0) {
		days = days_from_civil(d.year, 1, 1) + h.day_of_year - 1;
		civil_from_days(days, &d.year, &d.month, &d.day);
	}
	return finish(p, &d, z, t);
}

bool
timestamp_any(struct span s, struct zone *z, struct timestamp *t)
{
	const char *p = s.p, *end = p + s.len;
	struct parts d = { 0 };
	unsigned year;

	if (s.len == 10 && digits(p, end, 4, &year) && p[4] == '-' &&
	    p[7] == '-' && digits(p + 5, end, 2, &d.month) &&
	    digits(p + 8, end, 2, &d.day)) {
		d.year = year;
		return finish(p, &d, z, t) != NULL;
	}
	return timestamp_iso(p, end, z, t) == end ||
	    timestamp_epoch(p, end, t) == end ||
	    timestamp_clf(p, end, z, t) == end ||
	    timestamp_rfc822(p, end, z, t) == end ||
	    timestamp_ctime(p, end, z, t) == end ||
	    timestamp_bsd(p, end, z, t) == end;
}

static char *
put2(char *to, unsigned v)
{
	to[0] = (char)('0' + v / 10 % 10);
	to[1] = (char)('0' + v % 10);
	return to + 2;
}

/* "2021-06-29T10:05:" of a minute since 1970. */
static void
print_minute(char *to, int64_t minute)
{
	int64_t days = minute / DAY_MIN - (minute % DAY_MIN < 0), year;
	unsigned month, day, of_day = (unsigned)(minute - days * DAY_MIN);

	civil_from_days(days, &year, &month, &day);
	to = put2(put2(to, (unsigned)year / 100), (unsigned)year % 100);
	*to++ = '-';
	to = put2(to, month);
	*to++ = '-';
	to = put2(to, day);
	*to++ = 'T';
	to = put2(to, of_day / 60);
	*to++ = ':';
	to = put2(to, of_day % 60);
	*to = ':';
}

size_t
timestamp_print(char *to, const struct timestamp *t)
{
	/* Of the minutes last printed; the stamps of a log are near. */
	static _Thread_local struct {
		int64_t minute;
		char text[17];
		bool there;
	} kept[16];
	int64_t minute = t->sec / 60 - (t->sec % 60 < 0);
	uint32_t nsec = t->nsec;
	char *p = to + sizeof kept->text;
	size_t i = minute & 15;

	if (kept[i].minute != minute || !kept[i].there) {
		print_minute(kept[i].text, minute);
		kept[i].minute = minute;
		kept[i].there = true;
	}
	memcpy(to, kept[i].text, sizeof kept->text);
	p = put2(p, (unsigned)(t->sec - minute * 60) + t->leap);
	if (t->digits > 0) {
		*p = '.';
		nsec /= power_of_10[9 - t->digits];
		for (int d = t->digits; d > 0; d--, nsec /= 10)
			p[d] = (char)('0' + nsec % 10);
		p += 1 + t->digits;
	}
	*p++ = 'Z';
	return (size_t)(p - to);
}

bool
timestamp_is_printed(struct span s)
{
	const char *p = s.p + 19, *last = s.p + s.len - 1;

	if (s.len < 20 || s.len > 30 || s.p[4] != '-' || s.p[10] != 'T' ||
	    *last != 'Z')
		return false;
	if (p < last && *p++ != '.')
		return false;
	while (p < last && is_digit(*p))
		p++;
	return p == last;
}

int
timestamp_cmp(const struct timestamp *a, const struct timestamp *b)
{
	if (a->sec != b->sec)
		return a->sec < b->sec ? -1 : 1;
	if (a->leap != b->leap)
		return a->leap ? 1 : -1;
	return a->nsec < b->nsec ? -1 : a->nsec > b->nsec;
}
