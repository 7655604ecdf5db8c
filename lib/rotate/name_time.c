#include "rotate/name_time.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/buf.h"
#include "record/calendar.h"
#include "rotate/stamp.h"

enum {
	HOUR_S = 3600, GRACE_S = HOUR_S,
	ZONE_S = 12 * HOUR_S,	/* how far a zone can be behind UTC */
	EPOCH_DIGITS = 10,	/* from 2001 on */
};

/* A date and a clock, as far as a name has them. */
struct when {
	int year, month, day;	/* 0: not known yet */
	int hour, minute, second;	/* -1: not known */
	int ms;			/* not used */
	bool utc;
};

static const struct when unknown = { .hour = -1, .minute = -1, .second = -1 };

static int64_t
last_of(const struct when *w)
{
	int64_t t, more = 0;

	if (w->year < 1971 || !is_date(w->year, (unsigned)w->month,
	    (unsigned)w->day) || w->hour > 23 || w->minute > 59 ||
	    w->second > 60)
		return INT64_MAX;
	t = DAY_S * days_from_civil(w->year, (unsigned)w->month,
	    (unsigned)w->day);
	if (w->hour < 0)
		more = 2 * DAY_S;
	else
		t += w->hour * HOUR_S;
	if (w->minute >= 0)
		t += w->minute * 60;
	else if (w->hour >= 0)
		more = HOUR_S;
	if (w->second >= 0)
		t += w->second;
	else if (w->minute >= 0)
		more = 60;
	return t + more + (w->utc ? 0 : ZONE_S) + GRACE_S;
}

/*
 * Take what the form says from the front of s.  Y is four digits, m, d, H, M
 * and S are two, N is three, all else stands for itself.  Returns the bytes
 * taken, or 0.
 */
static size_t
take(struct span s, const char *form, struct when *w)
{
	size_t at = 0;

	for (; *form != '\0'; form++) {
		int *to = *form == 'Y' ? &w->year : *form == 'm' ? &w->month :
		    *form == 'd' ? &w->day : *form == 'H' ? &w->hour :
		    *form == 'M' ? &w->minute : *form == 'S' ? &w->second :
		    *form == 'N' ? &w->ms : NULL;
		size_t n = *form == 'Y' ? 4 : *form == 'N' ? 3 :
		    to != NULL ? 2 : 1;

		if (s.len - at < n || (to == NULL && s.p[at] != *form))
			return 0;
		if (to != NULL)
			*to = 0;
		for (size_t i = 0; to != NULL && i < n; i++) {
			if (!is_digit(s.p[at + i]))
				return 0;
			*to = 10 * *to + (s.p[at + i] - '0');
		}
		at += n;
	}
	return at;
}

/* Whether a stamp may end here. */
static bool
ends(struct span rest, const char *with)
{
	return rest.len == 0 || strchr(with, *rest.p) != NULL;
}

/* The later of two moments, where INT64_MAX is none. */
static void
allow(int64_t *last, int64_t t)
{
	if (t != INT64_MAX && (*last == INT64_MAX || t > *last))
		*last = t;
}

/* Read an epoch or a date of digits alone, after a dash. */
static void
read_digits(struct span s, int64_t *last)
{
	static const char *const forms[] = {
		"Ymd", "YmdH", "YmdHM", "YmdHMS",
	};
	struct when w = unknown;
	int64_t t = 0;
	size_t n = 0;

	while (n < s.len && is_digit(s.p[n]) && n < 15)
		t = 10 * t + (s.p[n++] - '0');
	if (!ends(span_of(s.p + n, s.len - n), "._"))
		return;
	if (n >= 8 && n <= 14 && stamp_is_date(s.p, n)) {
		take(s, forms[(n - 8) / 2], &w);
		allow(last, last_of(&w));
	} else if (n == EPOCH_DIGITS && *s.p != '0') {
		allow(last, t + GRACE_S);
	}
}

/* Look for stamps in the last part of a path. */
static void
read_base(struct span base, int64_t *last)
{
	static const struct {
		const char *before;	/* what may stand in front of it */
		const char *form, *after;
		bool utc;
	} forms[] = {
		{ "-_.", "YmdTHMSZ", "-_.", true },
		{ "", "YmdTHMS.NZ", "-", true },	/* of our streams */
		{ "-_.", "YmdTHMZ", "-_.", true },	/* load balancers */
		{ ".", "Y-m-d-H", ".", true },		/* CloudFront */
		{ "", "Y-m-d-H-M-S", "-", true },	/* S3 */
		{ "-", "Y-m-d", "._", false },
	};

	for (size_t i = 0; i < base.len; i++) {
		struct span s = span_of(base.p + i, base.len - i);

		if (!is_digit(*s.p) || (i > 0 && is_digit(s.p[-1])))
			continue;
		if (i > 0 && s.p[-1] == '-')
			read_digits(s, last);
		for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
			struct when w = unknown;
			size_t n;

			if (i > 0 && strchr(forms[f].before, s.p[-1]) == NULL)
				continue;
			n = take(s, forms[f].form, &w);
			w.utc = forms[f].utc;
			if (n > 0 && ends(span_of(s.p + n, s.len - n),
			    forms[f].after))
				allow(last, last_of(&w));
		}
	}
}

static bool
is_whole(struct span s, const char *form, struct when *w)
{
	struct when got = *w;

	if (s.len == 0 || take(s, form, &got) != s.len)
		return false;
	*w = got;
	return true;
}

/* The same for key=VALUE. */
static bool
is_named(struct span s, const char *key, const char *form, struct when *w)
{
	size_t n = strlen(key);

	return s.len > n && memcmp(s.p, key, n) == 0 && s.p[n] == '=' &&
	    is_whole(span_of(s.p + n + 1, s.len - n - 1), form, w);
}

/* Whether a folder's name is a whole date. */
static bool
is_day(struct span s, struct when *w)
{
	static const char *const keys[] = { "dt", "date", "day" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (is_named(s, keys[i], "Y-m-d", w) ||
		    is_named(s, keys[i], "Ymd", w))
			return true;
	return is_whole(s, "Y-m-d", w);
}

/* Take a folder's name into account, which may go on where w ended. */
static void
read_folder(struct span s, struct when *w, int64_t *last)
{
	if (w->day > 0 && w->hour < 0 &&
	    (is_whole(s, "H", w) || is_named(s, "hour", "H", w)))
		return;
	if (w->month > 0 && w->day == 0 &&
	    (is_whole(s, "d", w) || is_named(s, "day", "d", w)))
		return;
	if (w->year > 0 && w->month == 0 &&
	    (is_whole(s, "m", w) || is_named(s, "month", "m", w)))
		return;
	allow(last, last_of(w));
	*w = unknown;
	if (!is_day(s, w) && !is_whole(s, "Y", w))
		is_named(s, "year", "Y", w);
}

int64_t
name_time_last(const char *path)
{
	struct when w = unknown;
	int64_t last = INT64_MAX;
	const char *slash;

	for (; (slash = strchr(path, '/')) != NULL; path = slash + 1)
		read_folder(span_of(path, (size_t)(slash - path)), &w, &last);
	allow(&last, last_of(&w));
	read_base(span_str(path), &last);
	return last;
}
