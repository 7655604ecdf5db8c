/*
 * logfmt: key=value key="a value"
 */
#include "format/known_keys.h"
#include "format/scan_util.h"

/*
 * Reads the value at p, after the =.  Returns where the text goes on, or NULL.
 */
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
	p += value.len;
	if (value.len > 1 && p < end && value.p[value.len - 1] == ',' &&
	    all_digits(span_of(value.p, value.len - 1)))
		value.len--;	/* a comma, as in status=200, bytes=5 */
	if (memchr(value.p, '"', value.len) != NULL)
		return NULL;
	record_add_pair(s->rec, key, value);
	return p;
}

static const char *
skip_key(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p > ' ' && *p != '=' && *p != '"')
		p++;
	return p;
}

/*
 * Returns a line of auditd with the pairs of its msg='...' among the others; a
 * GS stands after them when it also gives names.
 */
static struct span
open_audit(struct scan *s, struct span text)
{
	char *p, *open, *gs, *close;

	if (skip(text.p, text.p + text.len, "type=") == NULL ||
	    memmem(text.p, text.len, " msg='", 6) == NULL ||
	    memmem(text.p, text.len, " msg=audit(", 11) == NULL ||
	    (p = record_room(s->rec, text.len)) == NULL)
		return text;
	memcpy(p, text.p, text.len);
	open = memmem(p, text.len, " msg='", 6);
	memset(open, ' ', 6);
	gs = memchr(p, '\x1d', text.len);
	close = (gs != NULL ? gs : p + text.len) - 1;
	if (close > open && *close == '\'')
		*close = ' ';
	if (gs != NULL)
		*gs = ' ';
	s->start = p;
	return span_of(p, text.len);
}

/*
 * Reads the pairs.  A line that is only guessed to be logfmt has two pairs or
 * more, and nothing else.
 */
static bool
scan_logfmt(struct scan *s, struct span text)
{
	const char *p, *end, *q;
	struct keys keys;
	unsigned n = 0;

	text = open_audit(s, text);
	p = text.p;
	end = p + text.len;
	keys_begin(&keys, s->rec);
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
		keys_note(&keys, s->rec,
		    s->rec->fields[s->rec->n - 1].name);
		n++;
		p = q;
	}
	if (n < 2 && !s->sure && (keys.found & 1u << KNOWN_STATUS) == 0)
		return scan_fail(s, n + 1, end, "key=value");
	keys_end(&keys, s, true);
	return n > 0 || scan_fail(s, 1, p, "key=value");
}

const struct format format_logfmt = {
	.name = "logfmt", .description = "key=value key=\"a value\"",
	.example = "time=2021-06-29T10:05:03Z level=info msg=\"a text\"",
	.first = "a_@", .scan = scan_logfmt, .status = "status",
};
