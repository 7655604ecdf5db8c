#include "scanning.h"

#include "hex.h"
#include "priority.h"

bool
scan_fail(struct scan *s, unsigned field, const char *p, const char *expected)
{
	s->field = field;
	s->expected = expected;
	s->at = (size_t)(p - s->start);
	return false;
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

/* " HTTP/1.1" or the like at the end of a request, or NULL. */
static const char *
find_protocol(struct span request)
{
	const char *end = request.p + request.len, *p;

	if (request.len > 9 && memcmp(end - 9, " HTTP/", 6) == 0 &&
	    end[-3] != ' ' && end[-2] != ' ' && end[-1] != ' ')
		return end - 9;
	p = memrchr(request.p, ' ', request.len);
	return p != NULL && end - p > 6 && memcmp(p, " HTTP/", 6) == 0 ? p :
	    NULL;
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
	record_add(s->rec, NAME("path"), span_to(p, end), kind);
	if (protocol != NULL)
		record_add(s->rec, NAME("protocol"), span_to(protocol + 1,
		    value.p + value.len), kind);
}

void
add_address(struct scan *s, struct span v)
{
	const char *colon = memrchr(v.p, ':', v.len), *end = v.p + v.len;

	/* An address of IPv6 has a port only behind its brackets. */
	if (colon != NULL && all_digits(span_of(colon + 1,
	    (size_t)(end - colon - 1))) && ((colon > v.p && colon[-1] == ']') ||
	    memchr(v.p, ':', v.len) == colon)) {
		v.len = (size_t)(colon - v.p);
	} else {
		colon = NULL;
	}
	if (v.len > 2 && *v.p == '[' && v.p[v.len - 1] == ']')
		v = span_of(v.p + 1, v.len - 2);
	add_text(s, NAME("client"), v);
	if (colon != NULL)
		add_text(s, NAME("client_port"), span_of(colon + 1,
		    (size_t)(end - colon - 1)));
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

static struct span
trimmed(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	while (p < end && end[-1] == ' ')
		end--;
	return span_of(p, (size_t)(end - p));
}

/* nginx parts the servers of one group by commas, and groups by colons. */
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
		one = trimmed(p, q);
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
	else if (span_is(name, "message"))
		record_add_message(s->rec, value);
	else
		add_text(s, name, value);
}

enum { TIME, MESSAGE, LEVEL };

static const struct span table_names[] = { { "timestamp", 9 },
    { "message", 7 }, { "level", 5 } };

/* The keys that mean the same; of several the one of the lowest rank counts. */
static const struct known {
	struct span key;
	int class, rank;
} known_keys[] = {		/* the shortest first */
	{ { "ts", 2 }, TIME, 3 }, { { "msg", 3 }, MESSAGE, 1 },
	{ { "log", 3 }, MESSAGE, 2 }, { { "lvl", 3 }, LEVEL, 1 },
	{ { "time", 4 }, TIME, 2 }, { { "date", 4 }, TIME, 5 },
	{ { "level", 5 }, LEVEL, 0 }, { { "message", 7 }, MESSAGE, 0 },
	{ { "datetime", 8 }, TIME, 4 }, { { "severity", 8 }, LEVEL, 2 },
	{ { "timestamp", 9 }, TIME, 0 }, { { "levelname", 9 }, LEVEL, 3 },
	{ { "@timestamp", 10 }, TIME, 1 },
};

/* Where in known_keys those of a length begin. */
static const unsigned char of_length[] = { 0, 0, 0, 1, 4, 6, 7, 7, 8, 10, 12,
    13 };

void
keys_begin(struct keys *k)
{
	for (int c = TIME; c <= LEVEL; c++)
		k->best[c].rank = -1;
}

void
keys_note_name(struct keys *k, struct span name, size_t field)
{
	const struct known *known;
	struct key_rank *best;

	for (size_t i = of_length[name.len]; i < of_length[name.len + 1]; i++) {
		known = &known_keys[i];
		if (*known->key.p != *name.p || !span_eq(known->key, name))
			continue;
		best = &k->best[known->class];
		if (best->rank < 0 || known->rank < best->rank)
			*best = (struct key_rank){ known->rank, field };
	}
}

void
keys_end(struct keys *k, struct scan *s)
{
	struct record *r = s->rec;
	struct timestamp t;
	struct field *f;

	for (int c = TIME; c <= LEVEL; c++) {
		if (k->best[c].rank < 0)
			continue;
		f = &r->fields[k->best[c].field];
		if (c == TIME && !timestamp_any(record_value(r, f), s->zone, &t))
			continue;
		if (!span_eq(f->name, table_names[c]))
			record_own(r, f);
		if (c == TIME)
			record_set_time(r, f, &t);
		if (c == MESSAGE && f->kind != FIELD_JSON)
			r->message = (int)k->best[c].field;
		f->name = table_names[c];
		f->plain_name = true;
	}
}
