#include "record/timestamp_parts.h"

#include <stdlib.h>

const uint32_t power_of_10[10] = { 1, 10, 100, 1000, 10000, 100000,
    1000000, 10000000, 100000000, 1000000000 };

/* "Jan" to "Dec" give 1 to 12, anything else 0. */
unsigned
month_of(const char *p, const char *end)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	/*
	 * The sum of the second and third letter is different for each month.
	 */
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

bool
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

const char *
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
	/* With seconds it would have been read above. */
	return end - p < 3 || *p != ':' ? p : NULL;
}

const char *
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

const char *
zone_after_blank(const char *p, const char *end, struct parts *t)
{
	const char *z = p + (*p == ' '), *after;

	after = zone_suffix(z, end, t);
	if (after == z || (after < end && after[-1] >= 'A' &&
	    (*after | 0x20) >= 'a' && (*after | 0x20) <= 'z')) {
		t->zoned = false;
		return p;
	}
	return after;
}

const char *
parts_finish(const char *p, const struct parts *t, struct zone *z,
    struct timestamp *out)
{
	int64_t local;

	if (!is_date(t->year, t->month, t->day))
		return NULL;
	out->leap = t->second == 60;
	local = days_from_civil(t->year, t->month, t->day) * DAY_S +
	    seconds_of(t) - out->leap;
	out->sec = t->zoned ? local - t->offset_s : zone_to_utc(z, local);
	out->lacks = t->zoned ? 0 : LACKS_ZONE;
	out->nsec = t->nsec;
	out->digits = t->digits;
	return is_instant(out->sec) ? p : NULL;
}

const char *
skip_letters(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && ((*q | 0x20) >= 'a' && (*q | 0x20) <= 'z'))
		q++;
	return q > p ? q : NULL;
}

/*
 * The year of a date that has none.  Inside an envelope it is the one nearest
 * to the envelope's time.  Else it is the last one in which the date was not
 * more than a day after the file was written: a line of December that is read
 * in January is last year's.
 */
static int
nearest_year(const struct parts *d, struct zone *z, int64_t near)
{
	int64_t local = 2 * near - zone_to_utc(z, near), year, gap;
	int64_t today = local / DAY_S - (local % DAY_S < 0);
	int64_t best = INT64_MAX;
	int found = 0;
	unsigned m, day;

	civil_from_days(today, &year, &m, &day);
	/* 29 February may be up to eight years away. */
	for (int64_t y = year - 8; y <= year + 8; y++) {
		if (!is_date(y, d->month, d->day))
			continue;
		gap = days_from_civil(y, d->month, d->day) - today;
		if ((z->enveloped || gap <= 1) && llabs(gap) < best) {
			best = llabs(gap);
			found = (int)y;
		}
	}
	return found;
}

const char *
parts_finish_yearless(const char *p, struct parts *d, struct zone *z,
    struct timestamp *t)
{
	int64_t near = zone_near(z);

	if (z->year == 0 && (z->year_found == 0 || z->year_near != near ||
	    z->year_enveloped != z->enveloped ||
	    z->year_month != d->month || z->year_day != d->day)) {
		z->year_found = nearest_year(d, z, near);
		z->year_near = near;
		z->year_enveloped = z->enveloped;
		z->year_month = d->month;
		z->year_day = d->day;
	}
	d->year = z->year != 0 ? z->year : z->year_found;
	if ((p = parts_finish(p, d, z, t)) != NULL)
		t->lacks |= LACKS_YEAR;
	return p;
}
