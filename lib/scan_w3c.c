/*
 * w3c: the extended log format of IIS, CloudFront and others
 *
 * A line "#Fields: date time c-ip ..." names the columns of those behind it.
 */
#include <strings.h>

#include "scanning.h"

/* The table's names; the others are ours in lower snake_case. */
static const struct {
	const char *theirs, *ours;
} names[] = {
	{ "c-ip", "client" }, { "c-port", "client_port" },
	{ "cs-username", "user" }, { "cs-method", "method" },
	{ "cs-version", "protocol" }, { "cs-protocol-version", "protocol" },
	{ "sc-status", "status" }, { "sc-bytes", "size" },
	{ "cs(Referer)", "referer" }, { "cs(User-Agent)", "agent" },
	{ "s-computername", "hostname" }, { "cs-uri", "path" },
};

/* A column as it stands. */
static void
keep_column(struct scan *s, const char *name, struct span v)
{
	struct field f = { .kind = FIELD_TEXT, .name = span_str(name),
	    .value = v };

	if (!span_is(v, "-"))
		record_own(s->rec, &f);
}

static bool
scan_directive(struct scan *s, struct span text)
{
	const char *p = skip(text.p, text.p + text.len, "#Fields:");
	const char *end = text.p + text.len;
	struct buf *columns = &s->memory->columns;
	struct span name;

	if (p == NULL && !is_letter(text.len > 1 ? text.p[1] : '#'))
		return scan_fail(s, 1, text.p, "#Fields:");
	if (p == NULL && memchr(text.p, ':', text.len) == NULL)
		return scan_fail(s, 1, text.p, "#Fields:");
	s->skip = true;
	if (p == NULL)
		return true;
	s->memory->used = true;
	buf_clear(columns);
	while ((p = skip_spaces(p, end)) < end) {
		name = token_at(p, end);
		if (memchr(name.p, '\0', name.len) == NULL) {
			buf_addspan(columns, name);
			buf_addc(columns, '\0');
		}
		p += name.len;
	}
	return !columns->failed;
}

/* What has no column of its own: the date, and both halves of the path. */
struct joined {
	struct span date, time, stem, query;
};

/* IIS writes a blank in a header as +. */
static void
add_header(struct scan *s, struct span name, struct span v)
{
	char *p;

	if (memchr(v.p, '+', v.len) == NULL || memchr(v.p, '%', v.len) != NULL ||
	    (p = record_room(s->rec, v.len)) == NULL) {
		add_text(s, name, v);
		return;
	}
	for (size_t i = 0; i < v.len; i++)
		p[i] = v.p[i] == '+' ? ' ' : v.p[i];
	add_text(s, name, span_of(p, v.len));
}

/* IIS gives milliseconds, the others seconds with a point. */
static void
add_time_taken(struct scan *s, struct span v)
{
	if (!add_scaled(s, NAME("duration"), v, 3))
		add_number(s, NAME("duration"), v);
}

/* date and time, which are in UTC, once both are there. */
static bool
add_stamp(struct scan *s, const struct joined *j)
{
	struct zone utc = { .fixed = true };
	char stamp[64], *p;
	struct timestamp t;

	if (j->date.len == 0 || j->time.len == 0)
		return true;
	if (j->date.len != 10 || j->time.len < 8 || j->time.len > 20)
		return false;
	p = mempcpy(stamp, j->date.p, 10);
	*p++ = ' ';
	p = mempcpy(p, j->time.p, j->time.len);
	if (timestamp_iso(stamp, p, &utc, &t) != p)
		return false;
	record_add_time(s->rec, &t);
	return true;
}

static void
add_path(struct scan *s, const struct joined *j)
{
	size_t n = j->stem.len + j->query.len + 1;
	char *p;

	if (j->query.len == 0 || span_is(j->query, "-")) {
		add_text(s, NAME("path"), j->stem);
	} else if ((p = record_room(s->rec, n)) != NULL) {
		memcpy(p, j->stem.p, j->stem.len);
		p[j->stem.len] = '?';
		memcpy(p + j->stem.len + 1, j->query.p, j->query.len);
		record_add(s->rec, NAME("path"), span_of(p, n), FIELD_TEXT);
	}
}

/* False when v is nothing that the column can hold. */
static bool
add_column(struct scan *s, struct joined *j, const char *name, struct span v)
{
	size_t i = 0;

	if (strcmp(name, "date") == 0 || strcmp(name, "time") == 0) {
		*(*name == 'd' ? &j->date : &j->time) = v;
		return add_stamp(s, j);
	}
	if (strcmp(name, "cs-uri-stem") == 0) {
		j->stem = v;
	} else if (strcmp(name, "cs-uri-query") == 0) {
		j->query = v;
	} else if (strcmp(name, "time-taken") == 0) {
		add_time_taken(s, v);
	} else {
		while (i < sizeof names / sizeof names[0] &&
		    strcasecmp(name, names[i].theirs) != 0)
			i++;
		if (i == sizeof names / sizeof names[0])
			add_text(s, snake_case(s->rec, span_str(name)), v);
		else if (strncmp(names[i].theirs, "cs(", 3) == 0)
			add_header(s, span_str(names[i].ours), v);
		else if (strncmp(names[i].theirs, "sc-", 3) == 0 &&
		    !all_digits(v) && !span_is(v, "-"))
			return false;
		else
			add_named(s, span_str(names[i].ours), v);
	}
	return true;
}

bool
scan_w3c(struct scan *s, struct span text)
{
	const struct buf *columns = &s->memory->columns;
	const char *p = text.p, *end = p + text.len, *q, *name = columns->p;
	char blank = memchr(p, '\t', text.len) != NULL ? '\t' : ' ';
	struct joined j = { .date = { "", 0 }, .time = { "", 0 },
	    .stem = { "", 0 }, .query = { "", 0 } };
	unsigned n = 0;

	if (text.len > 0 && *p == '#')
		return scan_directive(s, text);
	if (columns->len == 0)
		return scan_fail(s, 1, p, "#Fields: before it");
	for (; name < columns->p + columns->len; name += strlen(name) + 1) {
		if (p >= end)
			return scan_fail(s, n + 1, end, name);
		if ((q = memchr(p, blank, (size_t)(end - p))) == NULL)
			q = end;
		n++;
		keep_column(s, name, span_to(p, q));
		if (!add_column(s, &j, name, span_to(p, q)))
			return scan_fail(s, n, p, name);
		p = q + 1;
	}
	if (p <= end)
		return scan_fail(s, n + 1, p, "end of line");
	add_path(s, &j);
	return true;
}
