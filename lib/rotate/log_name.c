#include "rotate/log_name.h"

#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include "base/bytes.h"
#include "rotate/stamp.h"

enum {
	DATE_MAX = 40,		/* the most bytes of a date in a name */
	EPOCH = 10,		/* digits of %s, as logrotate prints it */
	ZONE = 4,		/* digits of +0200 */
	NUMBER_MAX = 9,		/* digits of a number that logrotate gave */
};

static const char *const packers[] = {
	".gz", ".zst", ".zstd", ".xz", ".bz2", ".bz", ".lz4", ".lz", ".lzma",
	".lzo", ".br", ".Z", ".z", ".zip",
};

/* A name while it is split. */
struct splitting {
	const char *name, *format, *own;
	const struct log_base *base;
	struct log_name r;
};

static bool
is_separator(char c)
{
	return c == '-' || c == '.' || c == '_';
}

/* Whether the base that a split gives is the one that is wanted. */
static bool
is_wanted(const struct splitting *s, size_t stem, size_t tail)
{
	size_t more = s->r.whole - tail;
	char base[NAME_MAX + 1];

	if (s->base == NULL)
		return true;
	if (stem + more >= sizeof base)
		return false;
	memcpy(base, s->name, stem);
	memcpy(base + stem, s->name + tail, more);
	base[stem + more] = '\0';
	return s->base->literal ? strcmp(s->base->pattern, base) == 0 :
	    fnmatch(s->base->pattern, base, FNM_PERIOD) == 0;
}

/*
 * Where the stamp ends, without the "_01" or (as we once wrote) ".1" that
 * follows it; NULL when neither follows.
 */
static const char *
cut_collision(const char *p, const char *end)
{
	const char *q = end;

	while (q > p && is_digit(q[-1]))
		q--;
	if (q == end || q <= p + 1)
		return NULL;
	q--;
	return *q == '.' || (*q == '_' && end - q > 2) ? q : NULL;
}

static bool
is_stamp(const struct splitting *s, const char *p, const char *end)
{
	for (int i = 0; i < 2 && end != NULL; i++) {
		if (s->own != NULL && span_is(span_to(p, end), s->own))
			return true;
		if (stamp_matches(s->format, p, end))
			return true;
		end = cut_collision(p, end);
	}
	return false;
}

/*
 * Whether the digits are a date that begins with %Y, or an epoch as %s prints
 * it.  The year may stand alone or with a month or week, and the epoch and a
 * zone may follow.
 */
static bool
is_year_first(const char *d, size_t n)
{
	static const size_t after[] = { 0, EPOCH, ZONE, EPOCH + ZONE };
	size_t m;

	if (stamp_is_date(d, n) || (n == EPOCH && *d != '0'))
		return true;
	for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
		if (n < 4 + after[i])
			break;
		m = n - after[i];
		if (stamp_is_date(d, m))
			return true;
		if ((m == 4 || m == 6) && after[i] % EPOCH == 0 &&
		    strncmp(d, "20", 2) == 0 &&
		    (m == 4 || strncmp(d + 4, "53", 2) <= 0))
			return true;
	}
	return false;
}

/*
 * Whether the digits, DATE_MAX at most, are a date that ends with %Y, day or month
 * first; a time of day or an epoch may follow.
 */
static bool
is_year_last(const char *d, size_t n)
{
	char turned[DATE_MAX];
	size_t rest = n - 8;

	if (n < 8)
		return false;
	memcpy(turned, d + 4, 4);
	memcpy(turned + 4, d + 2, 2);
	memcpy(turned + 6, d, 2);
	memcpy(turned + 8, d + 8, rest);
	if (rest == EPOCH)
		rest = 0;
	if (stamp_is_date(turned, 8 + rest))
		return true;
	memcpy(turned + 4, d, 4);
	return stamp_is_date(turned, 8 + rest);
}

/*
 * Whether all bytes from p to end are a date that dateformat may print:
 * "20210629", "2021-06-29_10:05", "2021-W26", "1624977000"?  digits is how many
 * digits it must have; if that is 4 the year may come last, as in "29-06-2021".
 */
static bool
is_dateext(const char *p, const char *end, size_t digits)
{
	char d[DATE_MAX];
	size_t n = 0;
	bool year_first, year_last;

	if (end - p > DATE_MAX || end - p < 4)
		return false;
	year_first = all_digits(span_of(p, 4));
	/* "29062021" or "29-06-2021", but not the address "10.10.20.15" */
	year_last = digits == 4 && ((end - p >= 8 &&
	    all_digits(span_of(p, 8))) || (end - p >= 10 &&
	    all_digits(span_of(p, 2)) && p[2] == p[5] &&
	    all_digits(span_of(p + 6, 4))));
	for (; p < end; p++)
		if (is_digit(*p))
			d[n++] = *p;
		else if (strchr("-_.:,+@~TWZ", *p) == NULL)
			return false;
	return n >= digits && ((year_first && is_year_first(d, n)) ||
	    (year_last && is_year_last(d, n)));
}

/* Whether all bytes from i to cut are what logrotate adds; sets the number. */
static bool
is_rotation(struct splitting *s, size_t i, size_t cut)
{
	const char *p = s->name + i, *end = s->name + cut;
	size_t n = cut - i - 1, digits = 8;

	s->r.number = -1;
	if (*p == '.' && n > 0 && n <= NUMBER_MAX &&
	    all_digits(span_of(p + 1, n))) {
		if (!stamp_is_date(p + 1, n)) {
			s->r.number = 0;
			while (++p < end)
				s->r.number = s->r.number * 10 + (*p - '0');
		}
		return true;
	}
	if (is_separator(*p)) {
		digits = s->base != NULL ? 4 : digits;
		p += 1 + (p + 1 < end && is_separator(p[1]));
	} else if (s->base == NULL || is_digit(p[-1])) {
		return false;	/* a date without anything before it */
	}
	return is_dateext(p, end, digits);
}

/*
 * Whether the text is what addextension can be: nothing, or a word after a dot.
 */
static bool
is_addextension(const char *p, const char *end)
{
	if (p == end)
		return true;
	while (++p < end)
		if (!is_letter(*p))
			return false;
	return true;
}

/* Whether a stamp or logrotate's number or date was added from i to cut. */
static bool
split_at(struct splitting *s, size_t i, size_t cut)
{
	struct log_name *r = &s->r;

	if (cut == r->whole && s->name[i] == '-' &&
	    is_stamp(s, s->name + i + 1, s->name + cut)) {
		r->kind = LOG_NAME_STAMPED;
		r->number = -1;
	} else if (is_rotation(s, i, cut)) {
		r->kind = LOG_NAME_ROTATED;
	} else {
		return false;
	}
	r->stem = i;
	r->cut = cut;
	if (cut < r->whole && is_wanted(s, i, cut)) {
		r->tail = cut;		/* the end is logrotate's extension */
		return true;
	}
	r->tail = r->whole; /* the end is logrotate's addextension */
	return is_addextension(s->name + cut, s->name + r->whole) &&
	    is_wanted(s, i, r->whole);
}

static bool
split_before(struct splitting *s, size_t cut)
{
	for (size_t i = 1; i < cut; i++)
		if (split_at(s, i, cut))
			return true;
	return false;
}

/* Whether a pattern stands for the name as it is. */
static bool
is_live(const struct splitting *s)
{
	return !s->base->literal && !s->base->olddir &&
	    fnmatch(s->base->pattern, s->name, FNM_PERIOD) == 0;
}

/*
 * Whether the file may have been rotated, although nothing tells when: it ends
 * in digits after a separator, which are no date that begins with the year.
 */
static bool
is_unsure(const struct splitting *s)
{
	size_t i = s->r.whole;

	if (i == 0 || !is_digit(s->name[i - 1]) || log_name_split(s->name,
	    s->format, s->own, NULL).kind != LOG_NAME_OTHER)
		/* It may be another log's, as app-2.1 is for app. */
		return false;
	while (i > 1 && (is_digit(s->name[i - 1]) ||
	    is_separator(s->name[i - 1])))
		if (is_separator(s->name[--i]) &&
		    is_wanted(s, i, s->r.whole))
			return true;
	return false;
}

/*
 * Whether logrotate has set the file aside: a rotated log whose name it needs
 * it calls NAME-YYYYMMDDHH.backup.
 */
static bool
is_set_aside(const struct splitting *s)
{
	static const char end[] = ".backup";
	size_t n = strlen("-2021062910"), len = s->r.whole;
	char name[NAME_MAX + 1];

	if (len <= n + strlen(end) || len >= sizeof name ||
	    strcmp(s->name + (len -= strlen(end)), end) != 0 ||
	    !stamp_is_date(s->name + len - n + 1, n - 1))
		return false;
	memcpy(name, s->name, len - n);
	name[len - n] = '\0';
	return log_name_split(name, s->format, NULL, s->base).kind ==
	    LOG_NAME_ROTATED;
}

static void
cut_packer(struct log_name *r, const char *name)
{
	r->whole = strlen(name);
	for (size_t i = 0; i < sizeof packers / sizeof *packers; i++) {
		size_t n = strlen(packers[i]);

		if (r->whole > n &&
		    strcmp(name + r->whole - n, packers[i]) == 0) {
			r->whole -= n;
			r->packed = true;
			return;
		}
	}
}

struct log_name
log_name_split(const char *name, const char *format, const char *own,
    const struct log_base *base)
{
	struct splitting s = { name, format, own, base, { 0 } };
	bool sibling = base != NULL;

	cut_packer(&s.r, name);
	if (split_before(&s, s.r.whole))
		return s.r;
	if (sibling && is_live(&s))
		sibling = false;
	for (size_t cut = s.r.whole; sibling && cut-- > 2;)
		if (name[cut] == '.' && split_before(&s, cut))
			return s.r;
	s.r.kind = sibling && (is_unsure(&s) || is_set_aside(&s)) ?
	    LOG_NAME_UNSURE : LOG_NAME_OTHER;
	s.r.stem = s.r.cut = s.r.tail = s.r.whole;
	s.r.number = -1;
	return s.r;
}
