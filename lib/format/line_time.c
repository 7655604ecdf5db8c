#include "format/line_time.h"

#include <stdlib.h>

#include "format/scan_util.h"

enum {
	HEADS = 8,
	HEAD_MAX = 192,
	MNEMONIC_MAX = 168,	/* farther than scan_syslog.c looks for it */
};

/*
 * What stands before an access log's line in an envelope of syslog.  The digits
 * of its seconds may change, all other bytes decide how it is read.
 */
struct head {
	size_t len, seconds, behind; /* from seconds to behind are digits */
	char bytes[HEAD_MAX];
};

struct line_times {
	struct zone zone;	/* only its memory is used */
	struct head heads[HEADS];
	unsigned n, last, next;	/* heads known, found last, forgotten next */
};

struct line_times *
line_times_new(void)
{
	struct line_times *l = calloc(1, sizeof *l);

	if (l != NULL)
		zone_set(&l->zone, "UTC");
	return l;
}

void
line_times_free(struct line_times *l)
{
	free(l);
}

/* Reads "-" or digits and a blank after them, or the end; or NULL. */
static const char *
count_at(const char *p, const char *end)
{
	const char *q = skip_digits(p, end);

	q += q == p && q < end && *q == '-';
	return q > p && (q == end || *q == ' ') ? q : NULL;
}

/* Whether the text after the time is as scan_clf takes it for certain. */
static bool
is_answer(const char *p, const char *end)
{
	struct span inside;
	enum quoted how;

	if (end - p < 2 || p[0] != ' ' || p[1] != '"' ||
	    (p = quoted_at(p + 1, end, &inside, &how)) == NULL ||
	    end - p < 4 || *p != ' ' || count_at(p + 1, end) != p + 4)
		return false;
	if ((p += 4) == end)
		return true;
	if ((p = count_at(p + 1, end)) == NULL)
		return false;
	if (end - p < 2 || p[1] != '"')
		return true;
	return (p = quoted_at(p + 1, end, &inside, &how)) != NULL &&
	    end - p > 1 && p[1] == '"' &&
	    quoted_at(p + 1, end, &inside, &how) != NULL;
}

/*
 * Finds the time of an access log's line: an address, "-", a user, the time
 * with its zone, and the answer.
 */
static bool
access_time(struct line_times *l, const char *p, const char *end,
    struct timestamp *t)
{
	const char *start = p;

	while (p < end && (hex_digit(*p) >= 0 || *p == '.' || *p == ':'))
		p++;
	if (p == start || *start == '.' || end - p < 3 ||
	    memcmp(p, " - ", 3) != 0)
		return false;
	for (p += 3; p < end && *p != ' '; p++)
		if (*p == '[' || *p == '"')
			return false;
	if (end - p < 2 + CLF_SIZE || p[1] != '[' || p[-1] == ' ' ||
	    timestamp_clf(p + 2, end, &l->zone, t) != p + 2 + CLF_SIZE ||
	    t->lacks != 0)
		return false;
	p += 2 + CLF_SIZE;
	return p < end && *p == ']' && is_answer(p + 1, end);
}

/* Whether the line begins with the head, but for its seconds. */
static bool
has_head(const struct head *h, struct span line)
{
	const char *p = line.p + h->seconds;

	if (line.len <= h->len || memcmp(line.p, h->bytes, h->seconds) != 0 ||
	    memcmp(line.p + h->behind, h->bytes + h->behind,
	    h->len - h->behind) != 0 || *p > '5')
		return false;
	for (size_t i = h->seconds; i < h->behind; i++, p++)
		if (is_digit(*p) != is_digit(h->bytes[i]) ||
		    (!is_digit(*p) && *p != h->bytes[i]))
			return false;
	/* Only by this could text after the head make it one of Cisco. */
	return *line.p != '<' || memchr(line.p, '%', line.len < MNEMONIC_MAX ?
	    line.len : MNEMONIC_MAX) == NULL;
}

static struct span
bare(struct span line)
{
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Returns the head that the line begins with, or NULL. */
static const struct head *
find_head(struct line_times *l, struct span line)
{
	unsigned at;

	for (unsigned i = 0; i < l->n; i++) {
		at = (l->last + i) % l->n;
		if (has_head(&l->heads[at], line)) {
			l->last = at;
			return &l->heads[at];
		}
	}
	return NULL;
}

bool
line_time(struct line_times *l, const struct scanner *s, struct span line,
    struct timestamp *t)
{
	const struct head *h;

	line = bare(line);
	if (line.len == 0 || scanner_is_stateful(s))
		return false;
	h = find_head(l, line);
	return access_time(l, line.p + (h != NULL ? h->len : 0),
	    line.p + line.len, t);
}

/* Finds the digits of the seconds of the clock in a head. */
static bool
find_seconds(struct head *h)
{
	const char *p = h->bytes, *end = p + h->len;

	for (; end - p > 8; p++)
		if (is_digit(p[1]) && p[2] == ':' && is_digit(p[3]) &&
		    is_digit(p[4]) && p[5] == ':' && is_digit(p[6]) &&
		    is_digit(p[7]))
			break;
	if (end - p <= 8)
		return false;
	h->seconds = (size_t)(p + 6 - h->bytes);
	p += 8;
	if ((*p == '.' || *p == ',') && is_digit(p[1]))
		p = skip_digits(p + 1, end);
	h->behind = (size_t)(p - h->bytes);
	return p[-1] != '.' && h->bytes[h->seconds] <= '5';
}

/*
 * Whether the envelope ends with the head whatever follows: after a tag, or
 * after the header of RFC 5424.
 */
static bool
is_whole(const struct head *h)
{
	const char *p = h->bytes, *end = p + h->len;

	if (h->len < 16 || end[-1] != ' ')
		return false;
	while (end > p && end[-1] == ' ')
		end--;
	if (end[-1] == ':' || end[-1] == ']')
		return true;
	return *p == '<' && (p = memchr(p, '>', 5)) != NULL &&
	    p[1] >= '1' && p[1] <= '9' && p[2] == ' ';
}

void
line_time_learn(struct line_times *l, const struct scanner *s,
    struct span line, struct record *r)
{
	struct head *h = &l->heads[l->next];
	struct timestamp t;
	struct field f;

	line = bare(line);
	if (scanner_is_stateful(s) || r->layers != 2 || !r->has_when ||
	    find_head(l, line) != NULL ||
	    strcmp(r->formats[0], "syslog") != 0 ||
	    (strcmp(r->formats[1], "combined") != 0 &&
	    strcmp(r->formats[1], "clf") != 0) ||
	    !record_lookup(r, NAME("client"), &f) || f.value.p <= line.p ||
	    f.value.p >= line.p + line.len)
		return;
	h->len = (size_t)(f.value.p - line.p);
	if (h->len >= HEAD_MAX || !access_time(l, f.value.p,
	    line.p + line.len, &t) || timestamp_cmp(&t, &r->when) != 0)
		goto unused;
	memcpy(h->bytes, line.p, h->len);
	if (!is_whole(h) || !find_seconds(h))
		goto unused;
	l->next = (l->next + 1) % HEADS;
	l->n += l->n < HEADS;
	return;
unused:
	if (l->n == HEADS)
		h->len = SIZE_MAX;	/* no line is so long */
}
