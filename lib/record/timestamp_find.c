/*
 * The part of timestamp.h that finds the time of a line: timestamp_find.
 */
#include "base/bytes.h"
#include "record/timestamp_parts.h"

enum {
	FRONT = 160, /* the first bytes of a line, in which a stamp begins */
	LONGEST_DATE = 40, /* bytes of a date up to the minutes of its clock */
	WORDS_BEFORE_EPOCH = 5,
	TAI64N_SIZE = 25,
};

/* Reads daemontools' TAI64N: @, 16 digits of seconds and 8 of nanoseconds. */
static const char *
tai64n(const char *p, const char *end, struct timestamp *t)
{
	uint64_t v[2] = { 0 };
	char c;

	if (end - p < TAI64N_SIZE || *p++ != '@')
		return NULL;
	for (int i = 0; i < TAI64N_SIZE - 1; i++, p++) {
		c = *p;
		if (!is_digit(c) && (c < 'a' || c > 'f'))
			return NULL;
		v[i >= 16] = v[i >= 16] << 4 | (uint64_t)(is_digit(c) ?
		    c - '0' : c - 'a' + 10);
	}
	if (v[0] >> 62 != 1 || v[1] > 999999999)
		return NULL;
	/* 2^62 is 1970, when TAI was ten seconds ahead of UTC. */
	*t = (struct timestamp){ .sec = (int64_t)(v[0] & ~(3ULL << 62)) - 10,
	    .nsec = (uint32_t)v[1], .digits = 9 };
	return is_instant(t->sec) ? p : NULL;
}

/*
 * Reads seconds since 1970 that are possible in a file of the time that z has.
 */
static const char *
epoch_at(const char *p, const char *end, const struct zone *z,
    struct timestamp *t)
{
	const char *q = p;

	while (q < end && is_digit(*q))
		q++;
	if (q - p != 10 && q - p != 13 && q - p != 16 && q - p != 19)
		return NULL;
	if ((q = timestamp_epoch(p, end, t)) == NULL || (q < end &&
	    memchr(" :,]|\t)}\";", *q, 10) == NULL))
		return NULL;
	return t->sec >= 631152000 && t->sec <= zone_near(z) + DAY_S ? q : NULL;
}

/* Whether a stamp can begin after the byte c. */
static inline bool
is_border(char c)
{
	return (unsigned char)c <= ' ' ||
	    memchr("[(\"'=<>|,;{:", c, 12) != NULL;
}

/*
 * Whether a stamp can begin with the byte c: a digit, or the first letter of a
 * day's or month's name.
 */
static inline bool
can_begin(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'W');
}

/* Finds the first "0:05" of a clock in the front of a line, or NULL. */
static const char *
find_minute(struct span line)
{
	const char *p = line.p, *end = p + line.len;
	const char *stop = line.len > FRONT + LONGEST_DATE ?
	    p + FRONT + LONGEST_DATE : end;

	for (; (p = find_char(p, stop, ':')) < stop; p++)
		if (p > line.p && end - p > 2 && is_digit(p[-1]) &&
		    is_digit(p[1]) && is_digit(p[2]))
			return p;
	return NULL;
}

const char *
timestamp_find_date(struct span line, struct zone *z, struct timestamp *t,
    const char **at)
{
	const char *end = line.p + line.len, *q;
	const char *stop = line.len > FRONT ? line.p + FRONT : end;
	const char *p = find_minute(line);

	if (p == NULL) /* a clock without colons stands only at the start */
		stop = p = line.p + (line.len > 0 && is_digit(*line.p));
	p = p - line.p > LONGEST_DATE ? p - LONGEST_DATE : line.p;
	for (; p < stop; p++) {
		if (p > line.p ? !can_begin(*p) || !is_border(p[-1]) :
		    !can_begin(*p & ~0x20) && !can_begin(*p) &&
		    *p != '\xe4' && *p != '\xe5')
			continue;
		if ((q = timestamp_iso(p, end, z, t)) != NULL ||
		    (q = timestamp_at(p, end, z, t)) != NULL) {
			*at = p;
			return q;
		}
	}
	return NULL;
}

/*
 * Finds the SystemTime of a Windows event in XML, which is far from the front.
 */
static const char *
find_system_time(struct span line, struct zone *z, struct timestamp *t,
    const char **at)
{
	static const char key[] = "SystemTime=";
	const char *end = line.p + line.len, *p;

	if (*line.p != '<' && *line.p != '-')
		return NULL;
	p = memmem(line.p, line.len, key, sizeof key - 1);
	if (p == NULL || end - p < (ptrdiff_t)sizeof key)
		return NULL;
	*at = p + sizeof key;
	return timestamp_iso(*at, end, z, t);
}

/*
 * Finds seconds since 1970 as one of the first words, or as auditd writes them.
 */
static const char *
find_epoch(struct span line, struct zone *z, struct timestamp *t,
    const char **at)
{
	static const char audit[] = "msg=audit(";
	size_t front = line.len > FRONT ? FRONT : line.len;
	const char *p = memmem(line.p, front, audit, sizeof audit - 1);
	const char *end = line.p + line.len, *q;
	int words = 0;

	if (p != NULL) {
		*at = p + sizeof audit - 1;
		return epoch_at(*at, end, z, t);
	}
	for (p = line.p; front-- > 0 && words <= WORDS_BEFORE_EPOCH; p++) {
		words += *p == ' ' || *p == '\t';
		if (is_digit(*p) && (p == line.p || is_border(p[-1])) &&
		    (q = epoch_at(p, end, z, t)) != NULL) {
			*at = p;
			return q;
		}
	}
	return NULL;
}

/*
 * A line with date= and time= may name its zone itself with tz=, all of them
 * perhaps in quotes: then t, which was found at date, becomes the time in that.
 */
static void
apply_own_zone(struct span line, const char *date, const struct zone *z,
    struct timestamp *t)
{
	static const char before[] = "date=", key[] = " tz=";
	const char *end = line.p + line.len, *p = date, *q;
	struct zone own = { .fixed = true, .near = z->near };
	struct parts d;

	p -= p > line.p && p[-1] == '"';
	if (p - line.p < 5 || memcmp(p - 5, before, 5) != 0 ||
	    (p = memmem(date, (size_t)(end - date), key, sizeof key - 1)) ==
	    NULL)
		return;
	p += sizeof key - 1;
	p += p < end && *p == '"';
	q = zone_suffix(p, end, &d);
	if (q == p)
		return;
	own.offset_s = d.offset_s;
	if (timestamp_at(date, end, &own, t) != NULL)
		t->lacks = 0;
}

/*
 * Reads a clock alone at the front, as in "10:05:03.123 [main]" or "[10:05:03
 * INF]".
 */
static const char *
find_clock(struct span line, struct zone *z, struct timestamp *t,
    const char **at)
{
	const char *p = line.p, *end = p + line.len, *q;

	p += *p == '[';
	if (end - p < 9 || p[2] != ':' || p[5] != ':' ||
	    (q = timestamp_of_day(p, end, z, t)) == NULL || q == end ||
	    memchr(" ]|\t", *q, 4) == NULL)
		return NULL;
	*at = p;
	return q;
}

const char *
timestamp_find(struct span line, struct zone *z, struct timestamp *t,
    const char **at)
{
	const char *q, *end = line.p + line.len;

	if (line.len == 0)
		return NULL;
	*at = line.p;
	if ((q = tai64n(line.p, end, t)) != NULL ||
	    (q = find_clock(line, z, t, at)) != NULL)
		return q;
	if ((q = timestamp_find_date(line, z, t, at)) == NULL) {
		q = find_system_time(line, z, t, at);
		return q != NULL ? q : find_epoch(line, z, t, at);
	}
	apply_own_zone(line, *at, z, t);
	return q;
}
