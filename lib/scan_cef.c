/*
 * cef: ArcSight's Common Event Format
 *
 *	CEF:0|vendor|product|version|signature|name|severity|key=value ...
 */
#include "scanning.h"

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

/* The | at or behind p that no backslash stands before, or NULL. */
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

/* The = of the next key behind p, with *key where that begins, or NULL. */
static const char *
next_key(const char *p, const char *end, const char **key)
{
	const char *q;

	for (q = p; q < end; q++) {
		if (*q == '\\') {
			q++;
		} else if (*q == '=') {
			for (*key = q; *key > p && (*key)[-1] != ' '; (*key)--)
				;
			return *key < q ? q : NULL;
		}
	}
	return NULL;
}

static void
add_extension(struct scan *s, const char *p, const char *end)
{
	const char *key, *equals = next_key(p, end, &key), *behind;
	const char *next = NULL;
	struct span name, value;
	struct timestamp t;

	while (equals != NULL) {
		name = span_to(key, equals);
		behind = next_key(equals + 1, end, &next);
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

bool
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
	return true;
}
