#include "scanning.h"

#include "hex.h"

bool
scan_fail(struct scan *s, unsigned field, const char *p, const char *expected)
{
	s->field = field;
	s->expected = expected;
	s->at = (size_t)(p - s->start);
	return false;
}

const char *
quoted_at(const char *p, const char *end, struct span *inside, bool *escaped)
{
	const char *start = ++p, *slash;

	*escaped = false;
	while (p < end && (p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		for (slash = p; slash > start && slash[-1] == '\\'; slash--)
			;
		if ((p - slash) % 2 == 0 && (p + 1 == end || p[1] == ' ')) {
			*inside = span_of(start, (size_t)(p - start));
			*escaped = inside->len > 0 &&
			    memchr(start, '\\', inside->len) != NULL;
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
add_quoted(struct scan *s, struct span name, struct span value, bool escaped)
{
	if (value.len == 1 && *value.p == '-')
		return;
	if (escaped)
		value = unescape(s->rec, value);
	record_add(s->rec, name, value, FIELD_TEXT);
}

static bool
is_method(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return s.len > 0;
}

void
add_request(struct scan *s, struct span value, bool escaped)
{
	const char *p = value.p, *end, *last;
	struct span method;
	bool has_protocol;

	if (value.len == 1 && *p == '-')
		return;
	if (escaped)
		p = (value = unescape(s->rec, value)).p;
	end = p + value.len;
	method = token_at(p, end);
	last = memrchr(p, ' ', value.len);
	has_protocol = last != NULL && end - last > 6 &&
	    memcmp(last, " HTTP/", 6) == 0;
	if (has_protocol)
		end = last;
	p += method.len + 1;
	if (p >= end || !is_method(method) ||
	    (!has_protocol && *p != '/' && *p != '*')) {
		record_add(s->rec, NAME("request"), value, FIELD_TEXT);
		return;
	}
	record_add(s->rec, NAME("method"), method, FIELD_SAFE);
	record_add(s->rec, NAME("path"), span_of(p, (size_t)(end - p)),
	    FIELD_TEXT);
	if (has_protocol)
		record_add(s->rec, NAME("protocol"),
		    span_of(last + 1, (size_t)(value.p + value.len - last - 1)),
		    FIELD_TEXT);
}

void
add_priority(struct scan *s, unsigned pri)
{
	static const char *const facility[] = {
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr",
		"news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit",
		"alert", "clock", "local0", "local1", "local2", "local3",
		"local4", "local5", "local6", "local7",
	};
	static const char *const severity[] = {
		"emerg", "alert", "crit", "err", "warning", "notice", "info",
		"debug",
	};

	record_add(s->rec, NAME("facility"), span_str(facility[pri / 8 % 24]),
	    FIELD_SAFE);
	record_add(s->rec, NAME("severity"), span_str(severity[pri % 8]),
	    FIELD_SAFE);
}

/* The keys that name the same thing, best first, and the table's name. */
static const struct {
	const char *name, *keys[7];
} classes[] = {
	{ "timestamp", { "timestamp", "@timestamp", "time", "ts", "datetime",
	    "date" } },
	{ "message", { "message", "msg", "log" } },
	{ "level", { "level", "lvl", "severity", "levelname" } },
};
enum { TIME, MESSAGE, LEVEL };

void
keys_begin(struct keys *k)
{
	for (int c = TIME; c <= LEVEL; c++)
		k->best[c].rank = -1;
}

void
keys_note(struct keys *k, const struct record *r)
{
	struct span name = r->n > 0 ? r->fields[r->n - 1].name : NAME("");
	int c, rank;

	if (name.len < 2 || name.len > 10 ||
	    memchr("t@dml s", *name.p, 7) == NULL)
		return;
	for (c = TIME; c <= LEVEL; c++)
		for (rank = 0; classes[c].keys[rank] != NULL; rank++)
			if (span_is(name, classes[c].keys[rank]) &&
			    (k->best[c].rank < 0 || rank < k->best[c].rank)) {
				k->best[c].rank = rank;
				k->best[c].field = r->n - 1;
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
		if (c == TIME) {
			if (!timestamp_any(record_value(r, f), s->zone, &t))
				continue;
			record_set_time(r, f, &t);
		}
		if (c == MESSAGE && f->kind != FIELD_JSON)
			r->message = (int)k->best[c].field;
		f->name = span_str(classes[c].name);
		f->plain_name = true;
	}
}
