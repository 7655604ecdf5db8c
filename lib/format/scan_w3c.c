/*
 * w3c: the extended log format of IIS, CloudFront and others
 *
 * A line "#Fields: date time c-ip ..." names the columns of those after it.
 */
#include <strings.h>

#include "format/known_keys.h"
#include "format/scan_util.h"
#include "format/unique_names.h"

/*
 * The columns that have a field name of ours.  The others are named in lower
 * snake_case.
 */
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

/* Adds a column as it stands. */
static void
keep_column(struct scan *s, const char *name, struct span v)
{
	struct field f = { .kind = FIELD_TEXT, .name = span_str(name),
	    .value = v };

	if (!span_is(v, "-"))
		record_own(s->rec, &f);
}

static const char *
skip_name(const char *p, const char *end)
{
	while (p < end && *p != ' ' && *p != '\t')
		p++;
	return p;
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* Keeps the time of "#Date: 2021-06-29 10:05:03", which is in UTC. */
static void
keep_date(struct scan *s, const char *p, const char *end)
{
	struct zone utc = { .fixed = true, .near = ZONE_NOW };
	struct timestamp t;

	if (p == NULL || !timestamp_any(span_trim(span_to(p, end)), &utc, &t))
		return;
	s->memory->near = t.sec;
	s->memory->used = true;
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
	if (p == NULL) {
		keep_date(s, skip(text.p, end, "#Date:"), end);
		return true;
	}
	s->memory->used = true;
	buf_clear(columns);
	while ((p = skip_blanks(p, end)) < end) {
		name = span_to(p, skip_name(p, end));
		if (memchr(name.p, '\0', name.len) == NULL) {
			buf_addspan(columns, name);
			buf_addc(columns, '\0');
		}
		p += name.len;
	}
	s->rec->failed |= columns->failed;
	return true;
}

/* The values of the columns that make one field: in UTC, or in local time. */
struct joined {
	struct span date, time;
	struct span local_date, local_time;
};

/* Adds a header.  IIS writes a blank in it as +. */
static void
add_header(struct scan *s, struct span name, struct span v)
{
	char *p;

	if (memchr(v.p, '+', v.len) == NULL ||
	    memchr(v.p, '%', v.len) != NULL ||
	    (p = record_room(s->rec, v.len)) == NULL) {
		add_text(s, name, v);
		return;
	}
	for (size_t i = 0; i < v.len; i++)
		p[i] = v.p[i] == '+' ? ' ' : v.p[i];
	add_text(s, name, span_of(p, v.len));
}

/*
 * Adds the duration.  IIS gives milliseconds, the others seconds with a point.
 */
static void
add_time_taken(struct scan *s, struct span v)
{
	if (!add_scaled(s, NAME("duration"), v, 3))
		add_number(s, NAME("duration"), v);
}

/* Adds the time of a date and a time in the zone z, once both are there. */
static bool
add_stamp(struct scan *s, struct span date, struct span time, struct zone *z)
{
	char stamp[64], *p;
	struct timestamp t;

	if (date.len == 0 || time.len == 0)
		return true;
	if (date.len != 10 || time.len < 8 || time.len > 20)
		return false;
	p = mempcpy(stamp, date.p, 10);
	*p++ = ' ';
	p = mempcpy(p, time.p, time.len);
	if (timestamp_iso(stamp, p, z, &t) != p)
		return false;
	if (z != s->zone)
		t.lacks = 0;
	record_add_time(s->rec, &t);
	return true;
}

/*
 * Adds the time of a line that has no date: of the day that puts it nearest to
 * the line before it or to #Date:, or else a local time.
 */
static void
add_dateless_stamp(struct scan *s, const struct joined *j)
{
	struct zone utc = { .fixed = true, .near = s->memory->near };
	const char *end = j->time.p + j->time.len;
	struct timestamp t;

	if (j->date.len > 0)
		return;
	if (j->time.len == 0)
		add_stamp(s, j->local_date, j->local_time, s->zone);
	else if (s->memory->near != 0 &&
	    timestamp_of_day(j->time.p, end, &utc, &t) == end) {
		s->memory->near = t.sec;
		record_add_time(s->rec, &t);
	}
}

/* Adds a column.  Returns false when v is no value that the column can hold. */
static bool
add_column(struct scan *s, struct joined *j, const char *name, struct span v)
{
	struct zone utc = { .fixed = true };
	size_t i = 0;

	if (strcmp(name, "date") == 0 || strcmp(name, "time") == 0) {
		*(*name == 'd' ? &j->date : &j->time) = v;
		return add_stamp(s, j->date, j->time, &utc);
	}
	if (strcmp(name, "date-local") == 0)
		j->local_date = v;
	else if (strcmp(name, "time-local") == 0)
		j->local_time = v;
	if (strcmp(name, "cs-uri-stem") == 0) {
		add_text(s, NAME("path"), v);
	} else if (strcmp(name, "cs-uri-query") == 0) {
		add_text(s, NAME("query"), v);
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
		    !all_digits(v) && !span_is(v, "-") && (v.len > 0 ||
		    s->memory->columns.len == 0))
			return false;
		else
			add_named(s, span_str(names[i].ours), v);
	}
	return true;
}

/*
 * Renames the status of FTP and SMTP, whose methods and answers are not those
 * of HTTP.
 */
static void
rename_other_status(struct scan *s, size_t first)
{
	struct record *r = s->rec;
	struct field method;
	struct span verb;
	const char *close;

	if (!record_lookup(r, NAME("method"), &method))
		return;
	verb = method.value;
	if (verb.len > 0 && *verb.p == '[' &&	/* IIS 4 and 5: "[2]USER" */
	    (close = memchr(verb.p, ']', verb.len)) != NULL)
		verb = span_to(close + 1, verb.p + verb.len);
	if (verb.len == 0 || !is_other_method(verb, true))
		return;
	for (size_t n = first; n < r->n; n++)
		if (span_is(r->fields[n].name, "status"))
			r->fields[n].name = NAME("sc_status");
}

/*
 * Reads the field at p: up to a blank, or, if fields may be quoted, to the quote
 * before one ("" is a quote inside).  Returns where it ends, or NULL.
 */
static const char *
scan_field(const char *p, const char *end, char blank, bool quoted,
    struct span *v)
{
	const char *q = p + 1;

	if (!quoted || p == end || *p != '"') {
		*v = span_to(p, find_char(p, end, blank));
		return v->p + v->len;
	}
	while ((q = memchr(q, '"', (size_t)(end - q))) != NULL &&
	    q + 1 < end && q[1] != blank)
		q += 1 + (q[1] == '"');
	*v = span_to(p + 1, q != NULL ? q : end);
	return q != NULL ? q + 1 : NULL;
}

/* Reads the text by these columns, each name with a NUL after it. */
static bool
scan_columns(struct scan *s, struct span columns, struct span text,
    bool may_end, bool quoted)
{
	const char *p = text.p, *end = p + text.len, *q, *name = columns.p;
	char blank = memchr(p, '\t', text.len) != NULL ? '\t' : ' ';
	struct joined j = { .date = { "", 0 } };
	struct span v;
	size_t first = s->rec->n;
	unsigned n = 0;

	for (; name < columns.p + columns.len && !(may_end && p > end);
	     name += strlen(name) + 1) {
		if (p >= end)
			return scan_fail(s, n + 1, end, name);
		n++;
		if ((q = scan_field(p, end, blank, quoted, &v)) == NULL)
			return scan_fail(s, n, p, "a closing quote");
		keep_column(s, name, v);
		if (!add_column(s, &j, name, v))
			return scan_fail(s, n, p, name);
		p = q + 1;
	}
	if (p <= end)
		return scan_fail(s, n + 1, p, "end of line");
	add_dateless_stamp(s, &j);
	rename_other_status(s, first);
	unique_names_of_layer(s->rec);
	return true;
}

/*
 * The columns that IIS writes when nothing else is configured, and
 * CloudFront's.
 */
#define TO_CLIENT "date\0time\0s-ip\0cs-method\0cs-uri-stem\0"		\
	"cs-uri-query\0s-port\0cs-username\0c-ip\0cs(User-Agent)\0"
#define FROM_STATUS "sc-status\0sc-substatus\0sc-win32-status\0time-taken"
static const char iis[] = TO_CLIENT "cs(Referer)\0" FROM_STATUS;
enum { USUAL_COLUMNS = 15 };	/* in iis; iis_short has one less */
static const char iis_short[] = TO_CLIENT FROM_STATUS;
static const char cloudfront[] = "date\0time\0x-edge-location\0sc-bytes\0"
    "c-ip\0cs-method\0cs(Host)\0cs-uri-stem\0sc-status\0cs(Referer)\0"
    "cs(User-Agent)\0cs-uri-query\0cs(Cookie)\0x-edge-result-type\0"
    "x-edge-request-id\0x-host-header\0cs-protocol\0cs-bytes\0time-taken\0"
    "x-forwarded-for\0ssl-protocol\0ssl-cipher\0"
    "x-edge-response-result-type\0cs-protocol-version\0fle-status\0"
    "fle-encrypted-fields\0c-port\0time-to-first-byte\0"
    "x-edge-detailed-result-type\0sc-content-type\0sc-content-len\0"
    "sc-range-start\0sc-range-end";

/*
 * Skips the field at p and the blanks after it.  Returns where the next field
 * begins.
 */
static const char *
skip_field(const char *p, const char *end)
{
	return skip_blanks(skip_name(p, end), end);
}

/* Whether s is a method such as GET, REPORT or M-SEARCH. */
static bool
is_method(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < 'A' || s.p[i] > 'Z') && s.p[i] != '-')
			return false;
	return s.len >= 3 && s.len <= 20;
}

/*
 * Finds the status in a line of IIS with any columns.  A query or a user may be
 * a number, too, so the status is the first of the last three or more numbers
 * in a row, or of those at the end.
 */
static struct span
chosen_status(const char *p, const char *end)
{
	struct span none = { NULL, 0 }, run = none, status = none, v;
	int n = 0;

	for (; p < end; p = skip_field(p, end)) {
		v = token_at(p, end);
		if (!all_digits(v)) {
			n = 0;
			continue;
		}
		if (n++ == 0)
			run = v;
		if (n == 3)
			status = run;
	}
	if (n > 0 && status.p == NULL)
		status = run;
	return is_http_status(status) ? status : none;
}

/* Whether a column begins with / or is *, as the stem of a request. */
static bool
may_have_stem(const char *p, const char *end)
{
	if (memchr(p, '*', (size_t)(end - p)) != NULL)
		return true;
	for (; (p = memchr(p, '/', (size_t)(end - p))) != NULL; p++)
		if (p[-1] == ' ' || p[-1] == '\t')
			return true;
	return false;
}

static bool
scan_chosen(struct scan *s, struct span text)
{
	const char *p = text.p + 20, *end = text.p + text.len, *stem;
	struct zone utc = { .fixed = true };
	struct span method, status;
	struct timestamp t;

	if (!may_have_stem(p, end))
		return false;
	for (; p < end; p = stem) {
		method = token_at(p, end);
		stem = skip_field(p, end);
		if (is_method(method) && stem < end && (*stem == '/' ||
		    skip(stem, end, "* ") != NULL))
			break;
	}
	if (p >= end || timestamp_iso(text.p, text.p + 19, &utc, &t) == NULL ||
	    (status = chosen_status(skip_field(stem, end), end)).p == NULL)
		return false;
	t.lacks = 0;
	record_add_time(s->rec, &t);
	record_add(s->rec, NAME("method"), method, FIELD_TEXT);
	add_target(s, token_at(stem, end), FIELD_TEXT);
	add_number(s, NAME("status"), status);
	add_text(s, NAME("extra"), span_to(text.p + 20, end));
	return true;
}

/* Whether three numbers or - stand before the last column, as in both. */
static bool
may_end_usual(struct span text)
{
	const char *p = memrchr(text.p, ' ', text.len);
	int blanks = 0;

	for (; p != NULL && p > text.p && blanks < 4 && (is_digit(*p) ||
	     *p == ' ' || *p == '-'); p--)
		blanks += *p == ' ';
	return blanks == 4;
}

/*
 * Reads a line whose columns are not declared: by the usual columns, or by a
 * guess.
 */
static bool
scan_undeclared(struct scan *s, struct span text)
{
	static const struct span usual[] = { { iis, sizeof iis },
	    { iis_short, sizeof iis_short } };
	const char *p = text.p;
	struct record_mark mark = record_mark(s->rec);
	size_t blanks = 0;

	if (text.len < 24 || p[4] != '-' || p[7] != '-' || p[13] != ':' ||
	    p[16] != ':')
		return false;
	if (p[10] == '\t')
		return scan_columns(s, span_of(cloudfront, sizeof cloudfront),
		    text, true, false);
	if (p[10] != ' ' || p[19] != ' ')
		return false;
	if (may_end_usual(text))
		blanks = count_byte(text.p, text.len, ' ');
	for (size_t i = 0; i < 2; i++) {
		if (blanks + 1 == USUAL_COLUMNS - i &&
		    scan_columns(s, usual[i], text, false, false))
			return true;
		record_reset(s->rec, &mark);
	}
	return scan_chosen(s, text);
}

/*
 * Reads a line by the columns that were declared.  Some programs quote values;
 * IIS does not, so that a quote there is part of the value.
 */
static bool
scan_declared(struct scan *s, struct span columns, struct span text)
{
	struct record_mark mark = record_mark(s->rec);

	if (scan_columns(s, columns, text, false, false))
		return true;
	if (memchr(text.p, '"', text.len) == NULL)
		return false;
	record_reset(s->rec, &mark);
	return scan_columns(s, columns, text, false, true);
}

static bool
scan_w3c(struct scan *s, struct span text)
{
	const struct buf *columns = &s->memory->columns;

	if (text.len > 0 && *text.p == '#')
		return scan_directive(s, text);
	if (columns->len > 0)
		return scan_declared(s, buf_span(columns), text);
	return scan_undeclared(s, text) ||
	    scan_fail(s, 1, text.p, "#Fields: before it");
}

const struct format format_w3c = {
	.name = "w3c", .description = "IIS, CloudFront and others (W3C)",
	.example = "2021-06-29 10:05:03 192.0.2.1 GET /x - 443 - 192.0.2.2 "
	    "agent - 200 0 0 15",
	.first = "#0a-\"", .scan = scan_w3c, .status = "status",
	.carried_by = { "#Fields:", "#Date:" },
};
