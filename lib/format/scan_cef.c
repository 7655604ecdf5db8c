/*
 * cef and leef: events of security systems, ArcSight's and QRadar's formats
 *
 *	CEF:0|vendor|product|version|signature|name|severity|key=value ...
 *	LEEF:1.0|vendor|product|version|event|key=value, with tabs between
 *	LEEF:2.0|vendor|product|version|event|^|key=value^key=value
 */
#include "format/scan_util.h"
#include "format/unique_names.h"

/* Take out the backslashes before | = and \, and make \n a line's end. */
static struct span
cef_unescape(struct scan *s, struct span v)
{
	char *start, *to;

	if (v.len == 0 || memchr(v.p, '\\', v.len) == NULL ||
	    (start = to = record_room(s->rec, v.len)) == NULL)
		return v;
	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] != '\\' || i + 1 == v.len) {
			*to++ = v.p[i];
			continue;
		}
		i++;
		*to++ = v.p[i] == 'n' ? '\n' : v.p[i] == 'r' ? '\r' : v.p[i];
	}
	return span_of(start, (size_t)(to - start));
}

/* Finds the | at or after p that has no backslash before it; or NULL. */
static const char *
find_bar(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '|')
			return p;
		p += *p == '\\';
	}
	return NULL;
}

static bool
is_key_byte(char c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

/*
 * Whether the = at p ends a word in base64: then no key follows the blank after
 * it.
 */
static bool
is_padding(const char *p, const char *end)
{
	if (end - p < 2 || p[1] != ' ')
		return false;
	for (p += 2; p < end && is_key_byte(*p); p++)
		;
	return p == end || *p != '=';
}

/*
 * Finds the = of the next key after p, with *key the beginning of the key; or
 * NULL.  A key has a blank in front of it, or is the first one, at start.
 */
static const char *
next_key(const char *p, const char *end, const char *start, const char **key)
{
	const char *q;

	for (q = p; q < end; q++) {
		if (*q == '\\') {
			q++;
		} else if (*q == '=') {
			for (*key = q; *key > p && is_key_byte((*key)[-1]);
			     (*key)--)
				;
			/* Any other = belongs to the value, as in a URL. */
			if (*key < q && (*key == start ||
			    (*key)[-1] == ' ') && !is_padding(q, end))
				return q;
		}
	}
	return NULL;
}

static void
add_extension(struct scan *s, const char *p, const char *end)
{
	const char *key, *equals = next_key(p, end, p, &key), *behind;
	const char *next = NULL;
	struct span name, value;
	struct timestamp t;

	while (equals != NULL) {
		name = span_to(key, equals);
		behind = next_key(equals + 1, end, NULL, &next);
		value = span_to(equals + 1, behind != NULL ? next : end);
		while (value.len > 0 && value.p[value.len - 1] == ' ')
			value.len--;
		value = cef_unescape(s, value);
		if (span_is(name, "msg"))
			record_add_message(s->rec, value);
		else if (span_is(name, "rt") && timestamp_any(value, s->zone,
		    &t))
			record_add_time(s->rec, &t);
		else
			add_text(s, snake_case(s->rec, name), value);
		equals = behind;
		key = next;
	}
}

static bool
scan_cef(struct scan *s, struct span text)
{
	static const char *const names[] = { "version", "device_vendor",
	    "device_product", "device_version", "signature_id", "name",
	    "level" };
	const char *p, *end = text.p + text.len, *bar;
	struct span v;

	if ((p = skip(text.p, end, "CEF:")) == NULL)
		return scan_fail(s, 1, text.p, "CEF:");
	for (unsigned i = 0; i < 7; i++, p = bar + 1) {
		if ((bar = find_bar(p, end)) == NULL)
			return scan_fail(s, i + 1, p, names[i]);
		v = cef_unescape(s, span_to(p, bar));
		if (i == 0)
			add_number(s, NAME("version"), v);
		else
			add_text(s, span_str(names[i]), v);
	}
	add_extension(s, p, end);
	unique_names_of_layer(s->rec);
	return true;
}

const struct format format_cef = {
	.name = "cef", .description = "ArcSight's Common Event Format",
	.example = "CEF:0|vendor|product|1.0|100|name|5|src=192.0.2.1 "
	    "msg=text",
	.needs = "|", .first = "a", .distinct = true, .scan = scan_cef,
};

/*
 * Returns the character that separates the pairs of LEEF 2.0, which may be
 * given as x09 or 0x09.
 */
static char
delimiter(struct span v)
{
	const char *p = v.p, *end = p + v.len;

	if (v.len == 1)
		return *p;
	p += v.len > 1 && *p == '0';
	if (end - p >= 2 && (*p == 'x' || *p == 'X') && hex_digit(p[1]) >= 0)
		return end - p > 2 && hex_digit(p[2]) >= 0 ?
		    (char)(hex_digit(p[1]) << 4 | hex_digit(p[2])) :
		    (char)hex_digit(p[1]);
	return '\t';
}

static void
add_leef_pairs(struct scan *s, const char *p, const char *end, char between)
{
	const char *next, *equals;
	struct span name, value;
	struct timestamp t;

	for (; p < end; p = next + 1) {
		next = find_char(p, end, between);
		if ((equals = memchr(p, '=', (size_t)(next - p))) == NULL) {
			if (next == end)
				break;
			continue;
		}
		name = span_to(p, equals);
		value = span_to(equals + 1, next);
		if (span_is(name, "devTime") && timestamp_any(value, s->zone,
		    &t))
			record_add_time(s->rec, &t);
		else if (span_is(name, "sev"))
			add_text(s, NAME("level"), value);
		else
			add_text(s, snake_case(s->rec, name), value);
		if (next == end)
			break;
	}
}

static bool
scan_leef(struct scan *s, struct span text)
{
	static const char *const names[] = { "version", "device_vendor",
	    "device_product", "device_version", "event_id" };
	const char *p, *end = text.p + text.len, *bar;
	char between = '\t';
	bool has_delimiter = false;

	if ((p = skip(text.p, end, "LEEF:")) == NULL)
		return scan_fail(s, 1, text.p, "LEEF:");
	for (unsigned i = 0; i < 5; i++, p = bar + 1) {
		if ((bar = find_char(p, end, '|')) == end)
			return scan_fail(s, i + 1, p, names[i]);
		if (i == 0) {
			add_number(s, NAME("version"), span_to(p, bar));
			has_delimiter = *p == '2';
		} else {
			add_text(s, span_str(names[i]), span_to(p, bar));
		}
	}
	bar = find_char(p, end, '|');
	if (has_delimiter && bar < end && bar - p <= 4) {
		between = delimiter(span_to(p, bar));
		p = bar + 1;
	}
	add_leef_pairs(s, p, end, between);
	unique_names_of_layer(s->rec);
	return true;
}

const struct format format_leef = {
	.name = "leef", .description = "QRadar's Log Event Extended Format",
	.example = "LEEF:1.0|vendor|product|1.0|100|src=192.0.2.1\tsev=5",
	.first = "a", .distinct = true, .scan = scan_leef,
};
