/*
 * The part of timestamp.h that reads a date and a clock however a program
 * writes them: timestamp_at.
 */
#include "record/timestamp_parts.h"

/* The parts of a stamp while it is read. */
struct form {
	struct parts parts;
	bool yearless;
	bool compact; /* date and clock are digits alone, with no signs */
};

/* Reads one or two digits.  Returns how many there were, 0 for none. */
static int
short_number(const char *p, const char *end, unsigned *v)
{
	if (digits(p, end, 2, v))
		return 2;
	return digits(p, end, 1, v) ? 1 : 0;
}

static bool
is_alnum_at(const char *p, const char *end)
{
	return p < end && (is_digit(*p) || ((*p | 0x20) >= 'a' &&
	    (*p | 0x20) <= 'z'));
}

static bool
is_year(unsigned year)
{
	return year >= 1970 && year < 2200;
}

/*
 * Whether a date may stand in a file of the time that z has: not more than two
 * days after that time.
 */
static bool
is_past(const struct zone *z, int64_t year, unsigned month, unsigned day)
{
	return days_from_civil(year, month, day) <= zone_near(z) / DAY_S + 2;
}

/*
 * Take the first order of the three numbers that gives a date, if possible one
 * in the past.
 */
static bool
choose_order(struct parts *d, const struct zone *z,
    const unsigned orders[][3], int n)
{
	int chosen = -1;

	for (int i = n - 1; i >= 0; i--)
		if (is_date(orders[i][0], orders[i][1], orders[i][2]) &&
		    (chosen < 0 || is_past(z, orders[i][0], orders[i][1],
		    orders[i][2]) || !is_past(z, orders[chosen][0],
		    orders[chosen][1], orders[chosen][2])))
			chosen = i;
	if (chosen < 0)
		return false;
	d->year = orders[chosen][0];
	d->month = orders[chosen][1];
	d->day = orders[chosen][2];
	return true;
}

/*
 * Reads 06/29/2021, 29/06/2021, 29.06.2021; the order of America is tried only
 * with slashes.
 */
static bool
set_long_date(struct parts *d, const struct zone *z, char sign, unsigned a,
    unsigned b, unsigned year)
{
	const unsigned month_first[][3] = { { year, a, b }, { year, b, a } };
	const unsigned day_first[][3] = { { year, b, a }, { year, a, b } };

	return is_year(year) && choose_order(d, z, sign == '/' ? month_first :
	    day_first, 2);
}

/* Reads 21/06/29, 06/29/21, 29.06.21. */
static bool
set_short_date(struct parts *d, const struct zone *z, char sign, unsigned a,
    unsigned b, unsigned c)
{
	unsigned year_a = (unsigned)year_of_century(a);
	unsigned year_c = (unsigned)year_of_century(c);
	const unsigned year_first[][3] = { { year_a, b, c }, { year_c, a, b },
	    { year_c, b, a } };
	const unsigned day_first[][3] = { { year_c, b, a }, { year_a, b, c },
	    { year_c, a, b } };

	return choose_order(d, z, sign == '.' ? day_first : year_first, 3);
}

/* Reads 2021-06-29, 2021/6/29, 2021.06.29, 2021 Jun 29, 2021-Jun-29. */
static const char *
year_first(const char *p, const char *end, struct parts *d)
{
	unsigned year;
	char sign;
	int n;

	if (!digits(p, end, 4, &year) || !is_year(year) || end - p < 8 ||
	    memchr("-/.: ", p[4], 5) == NULL)
		return NULL;
	sign = p[4];
	d->year = year;
	if ((d->month = month_of(p + 5, end)) > 0)
		p += 8;
	else if (sign != ' ' && (n = short_number(p + 5, end, &d->month)) > 0)
		p += 5 + n;
	else
		return NULL;
	if (p == end || *p++ != sign)
		return NULL;
	if (p < end && *p == ' ' && sign == ' ')
		p++;
	n = short_number(p, end, &d->day);
	return n > 0 ? p + n : NULL;
}

/*
 * Reads 2021-180 or 2021180, whose last three digits (at p) count the days of
 * the year, and after which a clock must follow.
 */
static const char *
ordinal_date(const char *p, const char *end, struct parts *d)
{
	int64_t first;
	unsigned year, day;

	if (!digits(p - 4 - (p[-1] == '-'), end, 4, &year) || !is_year(year) ||
	    !digits(p, end, 3, &day) || day == 0 || day > 366 ||
	    end - p < 9 || (p[3] != 'T' && p[3] != ' ') || !is_digit(p[4]))
		return NULL;
	first = days_from_civil(year, 1, 1);
	civil_from_days(first + day - 1, &d->year, &d->month, &d->day);
	return d->year == year ? p + 3 : NULL;
}

/* Reads 20210629 or 210629, as n digits at p. */
static const char *
digits_only(const char *p, const char *end, int n, struct form *f)
{
	struct parts *d = &f->parts;
	unsigned year;

	digits(p, end, n - 4, &year);
	digits(p + n - 4, end, 2, &d->month);
	digits(p + n - 2, end, 2, &d->day);
	d->year = n == 6 ? year_of_century(year) : year;
	f->compact = true;
	return is_year((unsigned)d->year) ? p + n : NULL;
}

/*
 * Reads the year after a day and the name of a month: -2021, -21, " 2021", or
 * none.
 */
static const char *
year_behind_month(const char *p, const char *end, char sign, struct form *f)
{
	unsigned year;
	const char *q = p;

	if (q < end && (*q == sign || *q == ' ' || *q == ','))
		q++;
	if (q < end && *q == ' ')
		q++;
	if (digits(q, end, 4, &year) && is_year(year) && (q + 4 == end ||
	    !is_digit(q[4]))) {
		f->parts.year = year;
		return q + 4;
	}
	if (sign != ' ' && q > p && q[-1] == sign && digits(q, end, 2, &year) &&
	    end - q > 2 && (q[2] == ' ' || q[2] == 'T')) {
		f->parts.year = year_of_century(year);
		return q + 2;
	}
	f->yearless = true;
	return p;
}

/*
 * Reads a date that begins with n digits of a day or month: 29 Jun 2021,
 * 29-Jun-2021, 29Jun2021, 29/06/2021, 06-29.
 */
static const char *
day_or_month_first(const char *p, const char *end, int n, struct form *f,
    const struct zone *z)
{
	struct parts *d = &f->parts;
	unsigned a, b, c;
	char sign;

	digits(p, end, n, &a);
	p += n;
	if (end - p < 3)
		return NULL;
	sign = *p;
	p += memchr("-/. ", sign, 4) != NULL;
	if ((d->month = month_of(p, end)) > 0) {
		d->day = a;
		p = sign == ' ' || sign == '/' ? skip_letters(p, end) : p + 3;
		p += p + 1 < end && *p == '.' && p[1] == sign;	/* sept. */
		return year_behind_month(p, end, sign, f);
	}
	if (sign == ' ' && (p = foreign_month(p, end, &d->month)) != NULL) {
		d->day = a;
		p = year_behind_month(p, end, sign, f);
		return f->yearless ? NULL : p;
	}
	if (sign == ' ' || (n = short_number(p, end, &b)) == 0)
		return NULL;
	p += n;
	if (end - p > 4 && *p == sign && digits(p + 1, end, 4, &c))
		return set_long_date(d, z, sign, a, b, c) ? p + 5 : NULL;
	if (end - p > 2 && *p == sign && digits(p + 1, end, 2, &c))
		return set_short_date(d, z, sign, a, b, c) ? p + 3 : NULL;
	if (p == end || *p != ' ' || n != 2)
		return NULL;
	d->month = a;
	d->day = b;
	f->yearless = true;
	return p;
}

/* Reads "juin 29, 2021", as Java writes it. */
static const char *
foreign_month_first(const char *p, const char *end, struct form *f)
{
	int n;

	if ((p = foreign_month(p, end, &f->parts.month)) == NULL ||
	    (n = short_number(p + 1, end, &f->parts.day)) == 0)
		return NULL;
	p = year_behind_month(p + 1 + n, end, ' ', f);
	return f->yearless ? NULL : p;
}

/* Reads Jun 29, 2021; Jun-29-2021; Jun 29; June 29. */
static const char *
month_first(const char *p, const char *end, struct form *f)
{
	struct parts *d = &f->parts;
	char sign;
	int n;

	if ((d->month = month_of(p, end)) == 0)
		return foreign_month_first(p, end, f);
	p = skip_letters(p, end);
	if (end - p < 3 || memchr("-/ .", *p, 4) == NULL)
		return NULL;
	sign = *p++;
	if (*p == ' ')
		p++;
	if ((n = short_number(p, end, &d->day)) == 0)
		return NULL;
	return year_behind_month(p + n, end, sign, f);
}

static int
count_digits(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && is_digit(*q) && q - p < 9)
		q++;
	return (int)(q - p);
}

/* Reads a date that begins with a digit. */
static const char *
numeric_date(const char *p, const char *end, struct form *f,
    const struct zone *z)
{
	int n = count_digits(p, end);

	switch (n) {
	case 1: case 2: return day_or_month_first(p, end, n, f, z);
	case 4:
		if (end - p > 8 && p[4] == '-' && count_digits(p + 5, end) == 3)
			return ordinal_date(p + 5, end, &f->parts);
		return year_first(p, end, &f->parts);
	case 7:
		f->compact = end - p > 7 && p[7] == 'T';
		return ordinal_date(p + 4, end, &f->parts);
	case 6: case 8: return digits_only(p, end, n, f);
	case 9: /* 20210629100503 */
		n = 8;
		return digits_only(p, end, n, f);
	}
	return NULL;
}

/* Reads a date, perhaps with a day of the week in front. */
static const char *
date_at(const char *p, const char *end, struct form *f, const struct zone *z)
{
	if (p < end && is_digit(*p))
		return numeric_date(p, end, f, z);
	if (is_weekday(p, end) && (p = skip_letters(p, end)) < end) {
		p += *p == ',' || *p == '.';
		while (p < end && *p == ' ')
			p++;
		if (p < end && is_digit(*p))
			return numeric_date(p, end, f, z);
	}
	return month_first(p, end, f);
}

/* Skips the text between a date and its clock. */
static const char *
skip_to_clock(const char *p, const char *end)
{
	static const char time[] = " time=";

	if (p < end && memchr("Tt_:-|.", *p, 7) != NULL && end - p > 1 &&
	    is_digit(p[1]))
		return p + 1;
	if (end - p > 2 && p[0] == ':' && p[1] == ':' && is_digit(p[2]))
		return p + 2;		/* Erlang */
	if (p < end && *p == '"')	/* FortiGate: date="..." time="..." */
		p++;
	if (end - p > 6 && memcmp(p, time, 6) == 0) {
		p += 6;
		return p + (*p == '"');
	}
	if (p < end && *p == ',')
		p++;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (end - p > 2 && *p == '-' && p[1] == ' ')
		p += 2;
	if (end - p > 3 && memcmp(p, "at ", 3) == 0)
		p += 3;
	return p;
}

/* Reads 100503, as six digits at p. */
static const char *
compact_clock(const char *p, const char *end, struct parts *d)
{
	digits(p, end, 2, &d->hour);
	digits(p + 2, end, 2, &d->minute);
	digits(p + 4, end, 2, &d->second);
	return fraction(p + 6, end, d);
}

/*
 * Reads 10:05:03, 9:05:03, 10.05.03 or 10:05, and a fraction, for which :606 is
 * taken, too.
 */
static const char *
clock_at(const char *p, const char *end, const struct form *f,
    struct parts *d)
{
	const char *q = p;
	char sign;
	int n = short_number(p, end, &d->hour);

	d->second = 0;
	d->digits = 0;
	d->nsec = 0;
	if (n == 0)
		return NULL;
	if (f->compact && count_digits(p, end) == 6)
		return compact_clock(p, end, d);
	q += n;
	if (end - q < 3 || (*q != ':' && *q != '.') ||
	    !digits(q + 1, end, 2, &d->minute))
		return NULL;
	sign = *q;
	q += 3;
	if (q == end || *q != sign || !digits(q + 1, end, 2, &d->second))
		return sign == ':' && !f->yearless ? q : NULL;
	q = fraction(q + 3, end, d);
	if (d->digits == 0 && end - q > 3 && *q == ':' &&
	    count_digits(q + 1, end) == 3) {
		digits(q + 1, end, 3, &d->nsec);
		d->nsec *= 1000000;
		d->digits = 3;
		q += 4;
	}
	return q;
}

/* Reads "AM" or "PM" after at most one blank, also in Chinese. */
static const char *
half_of_day(const char *p, const char *end, struct parts *d)
{
	const char *q = p + (p < end && *p == ' ');
	bool noon = skip(q, end, "下午") != NULL;

	if (d->hour <= 12 && (noon || skip(q, end, "上午") != NULL)) {
		d->hour = d->hour % 12 + (noon ? 12 : 0);
		return q + 6;
	}
	if (end - q < 2 || ((*q | 0x20) != 'a' && (*q | 0x20) != 'p') ||
	    (q[1] | 0x20) != 'm' || is_alnum_at(q + 2, end) || d->hour > 12)
		return p;
	d->hour = d->hour % 12 + ((*q | 0x20) == 'p' ? 12 : 0);
	return q + 2;
}

/*
 * Reads " 2021" or " CEST 2021" after a clock, as ctime(3) and date(1) print
 * it.
 */
static const char *
year_behind_clock(const char *p, const char *end, struct form *f)
{
	const char *q = p;
	unsigned year;

	if (end - q > 8 && *q == ' ' && q[1] >= 'A' && q[1] <= 'Z')
		for (q++; q < end && *q >= 'A' && *q <= 'Z'; q++)
			;
	if (end - q < 5 || *q != ' ' || !digits(q + 1, end, 4, &year) ||
	    !is_year(year) || is_alnum_at(q + 5, end))
		return p;
	f->parts.year = year;
	f->yearless = false;
	return q + 5;
}

/*
 * Reads " Europe/Berlin]" as PHP writes it: a zone of the zone database by its
 * name.  When there is one, *t becomes the time in it.
 */
static const char *
zone_name(const char *p, const char *end, const struct parts *d,
    struct timestamp *t)
{
	const char *close;
	int64_t local, utc;

	if (end - p < 5 || *p != ' ' || p[1] < 'A' || p[1] > 'Z' ||
	    (close = memchr(p, ']', (size_t)(end - p < 40 ? end - p :
	    40))) == NULL || memchr(p, '/', (size_t)(close - p)) == NULL)
		return p;
	local = days_from_civil(d->year, d->month, d->day) * DAY_S +
	    seconds_of(d);
	if (zone_named_to_utc(span_of(p + 1, (size_t)(close - p - 1)), local,
	    &utc) < 0)
		return p;
	t->sec = utc;
	t->lacks = 0;
	return close;
}

/* Reads everything that follows the date. */
static const char *
finish(const char *p, const char *end, struct form *f, struct zone *z,
    struct timestamp *t)
{
	struct parts *d = &f->parts;
	const char *behind = p;

	if ((p = skip_to_clock(p, end)) == behind && !f->compact)
		return NULL;
	if ((p = clock_at(p, end, f, d)) == NULL || d->minute > 59 ||
	    d->second > 60)
		return NULL;
	p = half_of_day(p, end, d);
	if (d->hour > 23)
		return NULL;
	p = zone_behind(p, end, d);
	if (f->yearless)
		p = year_behind_clock(p, end, f);
	if (is_alnum_at(p, end))
		return NULL;
	if (f->yearless)
		return parts_finish_yearless(p, d, z, t);
	if ((p = parts_finish(p, d, z, t)) == NULL || d->zoned)
		return p;
	return zone_name(p, end, d, t);
}

const char *
timestamp_at(const char *p, const char *end, struct zone *z,
    struct timestamp *t)
{
	struct form f = { .yearless = false };
	const char *q = date_at(p, end, &f, z);

	return q != NULL ? finish(q, end, &f, z, t) : NULL;
}
