#include "record/timestamp_parts.h"

enum { DAY_MIN = DAY_S / 60 };

/*
 * Whether the stamp begins with the same "2021-06-29T" (or the like) as the one
 * before.
 */
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
	    .sec = d.zoned ? local - d.offset_s : zone_to_utc(z, local),
	    .lacks = d.zoned ? 0 : LACKS_ZONE };
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
	p = parts_finish(zone_behind(p, end, &d), &d, z, t);
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

/*
 * Remember the day and zone of the stamp at p, whose time is t, for the next
 * one.
 */
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
	p = parts_finish(zone_behind(p, end, &d), &d, z, t);
	if (p == start + CLF_SIZE && start[20] == ' ' && year >= 1970 &&
	    year < 9999 && d.second < 60)
		keep_day_of_clf(start, z, &d, t);
	return p;
}

/*
 * Read the day of the month, with or without a leading zero or blank; there is
 * some text.
 */
static const char *
short_day(const char *p, const char *end, unsigned *day)
{
	p += *p == ' ';
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
	    (p = short_day(p + 8, end, &d.day)) == NULL || *p != ' ' ||
	    (p = clock_time(p + 1, end, &d)) == NULL)
		return NULL;
	p = zone_behind(p, end, &d);
	if (p == end || *p != ' ' || !digits(p + 1, end, 4, &year))
		return NULL;
	d.year = year;
	return parts_finish(p + 5, &d, z, t);
}

/* Read " 2021" or " CST 2021" after a BSD stamp (RFC 3164, 5.4, example 2). */
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

/*
 * Whether the stamp begins with the same "Jun 29 " as the one before, which
 * meant it alike.
 */
static bool
is_day_of_bsd(const char *p, const char *end, const struct zone *z)
{
	return end - p >= BSD_DAY_SIZE + 8 && p[3] == ' ' &&
	    memcmp(p, z->bsd_day, BSD_DAY_SIZE) == 0 &&
	    z->bsd_near == zone_near(z) && z->bsd_year == z->year;
}

static void
keep_day_of_bsd(const char *p, struct zone *z, const struct parts *d)
{
	memcpy(z->bsd_day, p, BSD_DAY_SIZE);
	z->bsd_near = zone_near(z);
	z->bsd_year = z->year;
	z->bsd_midnight = days_from_civil(d->year, d->month, d->day) * DAY_S;
}

/*
 * Read a stamp of the same day as the one before.  Returns NULL when it is of
 * another day, or has a year.
 */
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
	    .sec = zone_to_utc(z, z->bsd_midnight + seconds_of(&d)),
	    .lacks = LACKS_ZONE | LACKS_YEAR };
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
	    (p = short_day(p + 4, end, &d.day)) == NULL || *p != ' ')
		return NULL;
	day_end = p + 1;
	if (digits(day_end, end, 4, &year) && p[5] == ' ') {
		d.year = year;
		if ((p = clock_time(p + 6, end, &d)) == NULL)
			return NULL;
		return parts_finish(zone_behind(p, end, &d), &d, z, t);
	}
	if ((p = clock_time(day_end, end, &d)) == NULL)
		return NULL;
	if ((behind = year_behind(p, end, &d)) != NULL)
		return parts_finish(behind, &d, z, t);
	p = parts_finish_yearless(p, &d, z, t);
	if (p != NULL && day_end == start + BSD_DAY_SIZE && d.year >= 1970 &&
	    d.year < 9999)
		keep_day_of_bsd(start, z, &d);
	return p;
}

/* 10:05:03.123 alone, of the day that starts at midnight (local seconds). */
static const char *
clock_of_day(const char *p, const char *end, int64_t *sec,
    struct timestamp *t)
{
	struct parts d;

	if ((p = clock_time(p, end, &d)) == NULL)
		return NULL;
	*sec = (int64_t)(d.hour * 3600 + d.minute * 60 + d.second);
	t->nsec = d.nsec;
	t->digits = d.digits;
	t->leap = false;
	t->lacks = LACKS_ZONE | LACKS_YEAR | LACKS_DAY;
	return p;
}

const char *
timestamp_of_day(const char *p, const char *end, struct zone *z,
    struct timestamp *t)
{
	int64_t sec, near = zone_near(z), local;

	if ((p = clock_of_day(p, end, &sec, t)) == NULL)
		return NULL;
	local = 2 * near - zone_to_utc(z, near) + DAY_S / 2 - sec;
	local -= (local % DAY_S + DAY_S) % DAY_S;
	t->sec = zone_to_utc(z, local + sec);
	return p;
}

/*
 * Set t to a number of units before or after 1970, of which a second has per_s.
 * more is a fraction of one unit in billionths, of which more_digits digits
 * were written.
 */
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
	t->lacks = 0;
	if (negative) {
		t->sec = -t->sec - (t->nsec > 0);
		t->nsec = t->nsec > 0 ? 1000000000 - t->nsec : 0;
	}
	return is_instant(t->sec);
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
		return parts_finish(p, &d, z, t) != NULL;
	}
	return timestamp_iso(p, end, z, t) == end ||
	    timestamp_epoch(p, end, t) == end ||
	    timestamp_clf(p, end, z, t) == end ||
	    timestamp_bsd(p, end, z, t) == end ||
	    timestamp_at(p, end, z, t) == end;
}

static char *
put2(char *to, unsigned v)
{
	to[0] = (char)('0' + v / 10 % 10);
	to[1] = (char)('0' + v % 10);
	return to + 2;
}

/* Prints a minute since 1970 as "2021-06-29T10:05:". */
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
	/*
	 * The minutes printed last are kept, as the stamps of a log are near
	 * each other.
	 */
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
	if (t->digits == 3) {
		unsigned ms = nsec / 1000000;

		*p = '.';
		p[1] = (char)('0' + ms / 100);
		p = put2(p + 2, ms % 100);
	} else if (t->digits > 0) {
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
	if (!is_digit(s.p[0]) || !is_digit(s.p[1]) || !is_digit(s.p[2]) ||
	    !is_digit(s.p[3]))	/* such as Mon1-06-29T10:05:03Z */
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
