/*
 * The part of timestamp.h that reads a stamp by a format of strptime(3).
 */
#include "record/timestamp_parts.h"

/*
 * Reads one or two digits, perhaps with blanks in front, as strptime(3) does.
 */
static const char *
short_number(const char *p, const char *end, unsigned *v)
{
	while (p < end && *p == ' ')
		p++;
	if (digits(p, end, 2, v))
		return p + 2;
	return digits(p, end, 1, v) ? p + 1 : NULL;
}

/* What a format has said in addition to the parts of the date. */
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

/* Reads a fraction without its point: digits alone. */
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
	d->year = year_of_century(v);
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

static const char *
day_number(const char *p, const char *end, struct hints *h)
{
	return digits(p, end, 3, &h->day_of_year) && h->day_of_year > 0 ?
	    p + 3 : NULL;
}

/* Conversions that stand for several others: the format for c, or NULL. */
static const char *
composite(char c)
{
	switch (c) {
	case 'T': return "%H:%M:%S";
	case 'R': return "%H:%M";
	case 'F': return "%Y-%m-%d";
	case 'D': return "%m/%d/%y";
	case 'r': return "%I:%M:%S %p";
	case 'c': return "%a %b %e %T %Y";
	}
	return NULL;
}

/* Where the number of a conversion of one or two digits goes, or NULL. */
static unsigned *
short_part(char c, struct parts *d)
{
	switch (c) {
	case 'm': return &d->month;
	case 'd': case 'e': return &d->day;
	case 'H': case 'k': case 'I': case 'l': return &d->hour;
	case 'M': return &d->minute;
	case 'S': return &d->second;
	}
	return NULL;
}

/*
 * Reads the text of one conversion.  Returns where the text goes on, or NULL.
 */
static const char *
convert(const char *p, const char *end, char c, struct parts *d,
    struct hints *h)
{
	unsigned *part = short_part(c, d);

	h->yearless &= c != 'Y' && c != 'y';
	h->twelve_hours |= c == 'I' || c == 'l';
	if (part != NULL)
		return short_number(p, end, part);
	if (composite(c) != NULL)
		return parse_format(p, end, composite(c), d, h);
	if (strchr("bBh", c) != NULL)
		return month_name(p, end, d);
	if (strchr("fLN", c) != NULL)
		return bare_fraction(p, end, d);
	if (strchr("aAZ", c) != NULL)
		return skip_letters(p, end);
	switch (c) {
	case 'Y': return year_number(p, end, d);
	case 'y': return two_digit_year(p, end, d);
	case 'j': return day_number(p, end, h);
	case 'p': case 'P':
		h->afternoon = p < end && (*p | 0x20) == 'p';
		return skip_letters(p, end);
	case 'z': p = zone_suffix(p, end, d); return d->zoned ? p : NULL;
	case 's': case 'Q': return epoch_number(p, end, h);
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
	int64_t year;

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
	if (h.day_of_year > 0) {
		year = h.yearless ? z->year : d.year;
		civil_from_days(days_from_civil(year, 1, 1) + h.day_of_year - 1,
		    &d.year, &d.month, &d.day);
		/* A day of the year is none of a year that is not known. */
		if ((h.yearless && z->year == 0) || d.year != year)
			return NULL;
	}
	if (h.yearless)
		return parts_finish_yearless(p, &d, z, t);
	return parts_finish(p, &d, z, t);
}

