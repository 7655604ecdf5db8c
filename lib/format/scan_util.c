#include "format/scan_util.h"

#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"
#include "record/syslog_priority.h"

bool
scan_fail(struct scan *s, unsigned field, const char *p, const char *expected)
{
	s->field = field;
	s->expected = expected;
	s->at = (size_t)(p - s->start);
	return false;
}

void
scan_error(struct scan *s)
{
	enum { WORST_CASE = 512 };
	char *p = record_room(s->rec, WORST_CASE);
	int n;

	if (p == NULL)
		return;
	if (s->expected == NULL)
		n = snprintf(p, WORST_CASE, "no known format");
	else
		n = snprintf(p, WORST_CASE, "field %u: expected %s (%s, byte "
		    "%zu)", s->field, s->expected, s->format->name, s->at + 1);
	s->rec->error = span_of(p, n < WORST_CASE ? (size_t)n : WORST_CASE - 1);
}

const char *
iso_time(struct scan *s, const char *p, const char *end, struct timestamp *t)
{
	struct known_stamp *k = &s->memory->iso;

	if (k->at != p) {
		k->at = p;
		k->behind = timestamp_iso(p, end, s->zone, &k->time);
	}
	*t = k->time;
	return k->behind;
}

const char *
any_time(struct scan *s, const char *p, const char *end, struct timestamp *t)
{
	struct known_stamp *k = &s->memory->any;

	if (k->at != p) {
		k->at = p;
		k->behind = iso_time(s, p, end, &k->time);
		if (k->behind == NULL)
			k->behind = timestamp_at(p, end, s->zone, &k->time);
		if (k->behind == NULL)
			k->behind = timestamp_of_day(p, end, s->zone,
			    &k->time);
	}
	*t = k->time;
	return k->behind;
}

const char *
quoted_oddly(const char *start, const char *end, struct span *inside,
    enum quoted *how)
{
	const char *p = start, *slash;

	while (p < end && (p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		for (slash = p; slash > start && slash[-1] == '\\'; slash--)
			;
		if ((p - slash) % 2 == 0 && (p + 1 == end || p[1] == ' ')) {
			*inside = span_of(start, (size_t)(p - start));
			*how = inside->len > 0 && memchr(start, '\\',
			    inside->len) != NULL ? QUOTED_ESCAPED :
			    QUOTED_PLAIN;
			return p + 1;
		}
		p++;
	}
	return NULL;
}

struct span
without_colors(struct record *r, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;
	const char *esc = memchr(p, '\033', text.len);
	char *start, *to;

	if (esc == NULL ||
	    (start = to = record_room(r, text.len)) == NULL)
		return text;
	for (; esc < end; esc = find_char(p, end, '\033')) {
		to = mempcpy(to, p, (size_t)(esc - p));
		q = esc + 1;
		while (q < end && (is_digit(*q) || *q == ';' ||
		    (*q == '[' && q == esc + 1)))
			q++;
		p = q + 1;
		if (q - esc < 2 || esc[1] != '[' || q == end ||
		    (*q != 'm' && *q != 'K')) {
			*to++ = *esc;
			p = esc + 1;
		}
	}
	to = mempcpy(to, p, (size_t)(end - p));
	return span_to(start, to);
}

struct span
unescape(struct record *r, struct span s)
{
	static const char from[] = "bnrtvf\"\\", meant[] = "\b\n\r\t\v\f\"\\";
	const char *p = s.p, *end = p + s.len, *known;
	char *start = record_room(r, s.len), *to = start;

	if (start == NULL)
		return s;
	while (p < end) {
		if (*p != '\\' || end - p < 2) {
			*to++ = *p++;
		} else if (p[1] == 'x' && end - p >= 4 &&
		    hex_digit(p[2]) >= 0 && hex_digit(p[3]) >= 0) {
			*to++ = (char)(hex_digit(p[2]) << 4 | hex_digit(p[3]));
			p += 4;
		} else if ((known = memchr(from, p[1], sizeof from - 1)) !=
		    NULL) {
			*to++ = meant[known - from];
			p += 2;
		} else {
			*to++ = *p++;
		}
	}
	return span_of(start, (size_t)(to - start));
}

void
add_quoted(struct scan *s, struct span name, struct span value,
    enum quoted how)
{
	if (value.len == 1 && *value.p == '-')
		return;
	if (how == QUOTED_ESCAPED)
		value = unescape(s->rec, value);
	record_add(s->rec, name, value, how == QUOTED_SAFE ? FIELD_SAFE :
	    FIELD_TEXT);
}

/* Whether "GET /path" ends at p, and only the version follows: Hypercorn. */
static bool
is_bare_version(struct span request, const char *p)
{
	const char *end = request.p + request.len;
	const char *blank = memchr(request.p, ' ', request.len);

	return blank < p && memchr(blank + 1, ' ', (size_t)(p - blank - 1)) ==
	    NULL && (skip(p, end, " 1.") == p + 3 ? end - p == 4 &&
	    is_digit(p[3]) : end - p == 2 && (p[1] == '2' || p[1] == '3'));
}

/* Finds " HTTP/1.1" or the like at the end of a request; or NULL. */
static const char *
find_protocol(struct span request)
{
	const char *end = request.p + request.len, *p;

	if (request.len > 9 && memcmp(end - 9, " HTTP/", 6) == 0 &&
	    end[-3] != ' ' && end[-2] != ' ' && end[-1] != ' ')
		return end - 9;
	p = memrchr(request.p, ' ', request.len);
	if (p == NULL)
		return NULL;
	return (end - p > 6 && memcmp(p, " HTTP/", 6) == 0) ||
	    is_bare_version(request, p) ? p : NULL;
}

static inline __attribute__((always_inline)) void
split_target(struct record *r, struct span value, enum field_kind kind)
{
	const char *end = value.p + value.len;
	const char *mark = memchr(value.p, '?', value.len);

	if (mark == NULL)
		mark = end;
	if (mark > value.p || value.len == 0)
		record_add(r, NAME("path"), span_to(value.p, mark), kind);
	if (end - mark > 1)
		record_add(r, NAME("query"), span_to(mark + 1, end), kind);
}

void
add_target(struct scan *s, struct span value, enum field_kind kind)
{
	split_target(s->rec, value, kind);
}

void
add_request(struct scan *s, struct span value, enum quoted how)
{
	enum field_kind kind = how == QUOTED_SAFE ? FIELD_SAFE : FIELD_TEXT;
	const char *p, *end, *protocol;
	struct span method;

	if (value.len == 1 && *value.p == '-')
		return;
	if (how == QUOTED_ESCAPED)
		value = unescape(s->rec, value);
	p = value.p;
	end = p + value.len;
	while (p < end && (is_letter(*p) || *p == '-' || *p == '_'))
		p++;
	method = span_to(value.p, p);
	if ((protocol = find_protocol(value)) != NULL)
		end = protocol;
	if (method.len == 0 || end - p < 2 || *p++ != ' ' ||
	    (protocol == NULL && *p != '/' && *p != '*')) {
		record_add(s->rec, NAME("request"), value, kind);
		return;
	}
	record_add(s->rec, NAME("method"), method, FIELD_SAFE);
	split_target(s->rec, span_to(p, end), kind);
	if (protocol != NULL)
		record_add(s->rec, NAME("protocol"), span_to(protocol + 1,
		    value.p + value.len), kind);
}

/*
 * Adds the address, and the port after the colon; colon may be NULL: there is
 * no port.
 */
static void
add_client(struct scan *s, struct span v, const char *colon)
{
	const char *end = v.p + v.len;

	if (colon != NULL)
		v = span_to(v.p, colon);
	if (v.len > 2 && *v.p == '[' && v.p[v.len - 1] == ']')
		v = span_of(v.p + 1, v.len - 2);
	add_text(s, NAME("client"), v);
	if (colon != NULL)
		add_text(s, NAME("client_port"), span_to(colon + 1, end));
}

/* Returns the colon that has a port after it, or NULL. */
static const char *
port_colon(struct span v)
{
	const char *colon = memrchr(v.p, ':', v.len);

	return colon != NULL && colon > v.p &&
	    all_digits(span_to(colon + 1, v.p + v.len)) ? colon : NULL;
}

/* Whether v has all eight groups of an address of IPv6, and one more. */
static bool
has_nine_groups(struct span v)
{
	return count_byte(v.p, v.len, ':') == 8 &&
	    memmem(v.p, v.len, "::", 2) == NULL;
}

void
add_address(struct scan *s, struct span v)
{
	const char *colon;

	if (memchr(v.p, ':', v.len) == NULL && v.len > 0 && *v.p != '[') {
		add_text(s, NAME("client"), v);
		return;
	}
	colon = port_colon(v);
	/* An address of IPv6 has a port only after its brackets. */
	if (colon != NULL && colon[-1] != ']' &&
	    memchr(v.p, ':', v.len) != colon && !has_nine_groups(v))
		colon = NULL;
	add_client(s, v, colon);
}

void
add_endpoint(struct scan *s, struct span v)
{
	add_client(s, v, port_colon(v));
}

void
add_priority(struct scan *s, unsigned pri)
{
	record_add(s->rec, NAME("facility"), span_str(
	    priority_facilities[pri / 8 % PRIORITY_FACILITIES]),
	    FIELD_SAFE);
	record_add(s->rec, NAME("severity"), span_str(
	    priority_severities[pri % PRIORITY_SEVERITIES]),
	    FIELD_SAFE);
}

bool
add_scaled(struct scan *s, struct span name, struct span v, size_t places)
{
	size_t pad = v.len > places ? 0 : places + 1 - v.len;
	char *to;

	if (v.len == 0 || span_is(v, "-"))
		return true;
	if (!all_digits(v) || v.len > 15 ||
	    (to = record_room(s->rec, v.len + pad + 1)) == NULL)
		return false;
	memset(to, '0', pad);
	memcpy(to + pad, v.p, v.len);
	pad += v.len;
	memmove(to + pad - places + 1, to + pad - places, places);
	to[pad - places] = '.';
	add_number(s, name, span_of(to, pad + 1));
	return true;
}

/* Two durations that are not longer still fit together. */
#define LONGEST_NS INT64_C(4000000000000000000)

/*
 * Reads one number and its unit at p, and adds it to ns in nanoseconds.
 * Returns where the text goes on, or NULL.
 */
static const char *
duration_part(const char *p, const char *end, int64_t *ns)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = { /* of those that begin alike, the longer first */
		{ "ms", 1000000 }, { "msec", 1000000 }, { "min", 60000000000 },
		{ "m", 60000000000 }, { "us", 1000 }, { "\xc2\xb5s", 1000 },
		{ "\xce\xbcs", 1000 }, { "ns", 1 }, { "s", 1000000000 },
		{ "h", 3600000000000 },
	};
	const char *start = p, *q;
	int64_t whole = 0, part = 0, scale = 1;

	for (; p < end && is_digit(*p) && p - start < 9; p++)
		whole = whole * 10 + (*p - '0');
	if (p == start)
		return NULL;
	if (p < end && *p == '.')
		for (p++; p < end && is_digit(*p); p++)
			if (scale < 1000000000) {
				part = part * 10 + (*p - '0');
				scale *= 10;
			}
	p = skip_spaces(p, end);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if ((q = skip(p, end, units[i].name)) != NULL &&
		    (q == end || !is_letter(*q)) &&
		    whole < LONGEST_NS / units[i].ns) {
			*ns += whole * units[i].ns;
			*ns += units[i].ns >= scale ?
			    part * (units[i].ns / scale) :
			    part * units[i].ns / scale;
			return q;
		}
	return NULL;
}

bool
add_duration(struct scan *s, struct span name, struct span v)
{
	const char *p = v.p, *end = p + v.len;
	int64_t ns = 0;
	char *to;
	int n;

	if (v.len == 0 || *v.p == '-')	/* "-" or "- ms" */
		return true;
	while (p < end)
		if ((p = duration_part(p, end, &ns)) == NULL || ns > LONGEST_NS)
			return false;
	if ((to = record_room(s->rec, 32)) == NULL)
		return true;
	n = snprintf(to, 32, "%lld.%09lld", (long long)(ns / 1000000000),
	    (long long)(ns % 1000000000));
	while (to[n - 1] == '0')
		n--;
	n -= to[n - 1] == '.';
	record_add(s->rec, name, span_of(to, (size_t)n), FIELD_JSON);
	return true;
}

/*
 * Finds the end of one value in a list.  nginx separates the servers of one
 * group by commas, and groups by colons.
 */
static const char *
next_in_list(const char *p, const char *end)
{
	for (; p < end; p++)
		if (*p == ',' || (*p == ' ' && end - p > 2 && p[1] == ':' &&
		    p[2] == ' '))
			break;
	return p;
}

void
add_list(struct scan *s, struct span name, struct span v)
{
	const char *p = v.p, *end = p + v.len, *q = next_in_list(p, end);
	struct span one;
	char *start, *to;

	if (q == end) {
		add_text(s, name, v);
		return;
	}
	start = to = record_room(s->rec, JSON_ROOM(v.len) + 3 * v.len + 3);
	if (to == NULL)
		return;
	for (*to++ = '[';; p = q + (*q == ',' ? 1 : 3)) {
		q = next_in_list(p, end);
		one = span_trim(span_to(p, q));
		*to++ = '"';
		to = json_put(to, one, &s->rec->lossy);
		*to++ = '"';
		if (q == end)
			break;
		*to++ = ',';
	}
	*to++ = ']';
	record_add(s->rec, name, span_of(start, (size_t)(to - start)),
	    FIELD_JSON);
}

struct span
snake_case(struct record *r, struct span name)
{
	char *start = record_room(r, name.len * 2), *to = start, c;

	if (start == NULL)
		return name;
	for (size_t i = 0; i < name.len; i++) {
		c = name.p[i];
		if (is_digit(c) || (is_letter(c) && c >= 'a')) {
			*to++ = c;
		} else if (is_letter(c)) {
			if (i > 0 && (is_digit(name.p[i - 1]) ||
			    name.p[i - 1] >= 'a'))
				*to++ = '_';
			*to++ = (char)(c | 0x20);
		} else if (to > start && to[-1] != '_') {
			*to++ = '_';
		}
	}
	if (to > start && to[-1] == '_')
		to--;
	return span_of(start, (size_t)(to - start));
}

void
add_named(struct scan *s, struct span name, struct span value)
{
	static const char *const numbers[] = { "status", "size", "duration",
	    "version", "pid", "line" };
	struct timestamp t;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (span_is(name, numbers[i])) {
			add_number(s, name, value);
			return;
		}
	if (span_is(name, "timestamp") && timestamp_any(value, s->zone, &t))
		record_add_time(s->rec, &t);
	else if (span_is(name, "request"))
		add_request(s, value, QUOTED_PLAIN);
	else if (span_is(name, "path") && !span_is(value, "-"))
		add_target(s, value, FIELD_TEXT);
	else if (span_is(name, "message"))
		record_add_message(s->rec, value);
	else
		add_text(s, name, value);
}
