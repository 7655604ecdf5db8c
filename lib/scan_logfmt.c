/*
 * logfmt: key=value key="a value"
 */
#include "scanning.h"

/* The value at p, behind the =; what is behind it, or NULL. */
static const char *
scan_value(struct scan *s, struct span key, const char *p, const char *end)
{
	struct json_value name = { .type = JSON_STRING, .text = key };
	struct json_value v;
	struct span value;

	if (p < end && *p == '"') {
		if ((p = json_string(p + 1, end, &v)) == NULL ||
		    (p < end && *p != ' '))
			return NULL;
		record_add_json(s->rec, &name, &v);
		return p;
	}
	value = token_at(p, end);
	if (memchr(value.p, '"', value.len) != NULL)
		return NULL;
	record_add_pair(s->rec, key, value);
	return p + value.len;
}

static const char *
skip_key(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p > ' ' && *p != '=' && *p != '"')
		p++;
	return p;
}

/*
 * A line of which we only guess that it is logfmt has two pairs or more, and
 * nothing else.
 */
bool
scan_logfmt(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;
	struct keys keys;
	unsigned n = 0;

	keys_begin(&keys);
	while (p < end) {
		if (*p == ' ') {
			p++;
			continue;
		}
		q = skip_key(p, end);
		if (q == p || (!s->sure && (q == end || *q != '=')))
			return scan_fail(s, n + 1, q, "key=value");
		if (q == end || *q == ' ') {
			record_add_pair(s->rec, span_of(p, (size_t)(q - p)),
			    NAME(""));
		} else if (*q != '=' || (q = scan_value(s, span_of(p,
		    (size_t)(q - p)), q + 1, end)) == NULL) {
			return scan_fail(s, n + 1, p, "key=value");
		}
		keys_note(&keys, s->rec);
		n++;
		p = q;
	}
	if (n < 2 && !s->sure)
		return scan_fail(s, n + 1, end, "key=value");
	keys_end(&keys, s);
	return n > 0 || scan_fail(s, 1, p, "key=value");
}
