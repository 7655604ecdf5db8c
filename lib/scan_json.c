/*
 * json: any JSON log, also with text in front of the object
 */
#include "scanning.h"

/* The members of the object that text is, all of it. */
static bool
scan_object(struct scan *s, struct span text)
{
	struct json_value key, value;
	struct json j;
	struct keys keys;
	int r;

	if (json_open(&j, text, true) < 0 || j.close != '}')
		return scan_fail(s, 1, text.p, "{");
	keys_begin(&keys);
	while ((r = json_next(&j, &key, &value)) > 0) {
		if (value.type == JSON_ABSENT)
			continue;
		record_add_json(s->rec, &key, &value);
		keys_note(&keys, s->rec);
	}
	while (r == 0 && j.p < j.end && (*j.p == ' ' || *j.p == '\t'))
		j.p++;
	if (r < 0 || j.p < j.end)
		return scan_fail(s, (unsigned)s->rec->n + 1, j.p, r < 0 ?
		    "a member" : "end of line");
	keys_end(&keys, s);
	return true;
}

/* nginx before 1.11.8 wrote escape=json in front of each line. */
static bool
is_nginx_slip(struct span prefix)
{
	return span_is(prefix, "escape=json");
}

bool
scan_json(struct scan *s, struct span text)
{
	const char *end = text.p + text.len, *brace;
	struct span prefix;

	if (text.len > 0 && *text.p == '{')
		return scan_object(s, text);
	while (end > text.p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end == text.p || end[-1] != '}' ||
	    (brace = memchr(text.p, '{', text.len)) == NULL)
		return scan_fail(s, 1, text.p, "{");
	prefix = span_of(text.p, (size_t)(brace - text.p));
	while (prefix.len > 0 && prefix.p[prefix.len - 1] == ' ')
		prefix.len--;
	if (prefix.len > 0 && !is_nginx_slip(prefix))
		record_add(s->rec, NAME("prefix"), prefix, FIELD_TEXT);
	return scan_object(s, span_of(brace, (size_t)(end - brace)));
}
