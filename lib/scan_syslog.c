/*
 * syslog: RFC 3164 and RFC 5424, octet-counted, Logplex, and files of it
 */
#include "scanning.h"

enum { PRI = 1, STAMP = 3, HOST, APP, PROCID, MSGID };

enum { MAX_PARAMS = 256 };	/* of one element: each looks at all others */

/* "<14>" at p; what is behind it, or NULL. */
static const char *
scan_priority(const char *p, const char *end, unsigned *pri)
{
	const char *q = p + 1;

	if (p == end || *p != '<')
		return NULL;
	for (*pri = 0; q < end && is_digit(*q) && q - p <= 3; q++)
		*pri = *pri * 10 + (unsigned)(*q - '0');
	return q > p + 1 && q < end && *q == '>' && *pri <= 191 ? q + 1 : NULL;
}

/* One name="value" of structured data; what is behind it, or NULL. */
static const char *
scan_param(const char *p, const char *end, struct span *name,
    struct span *value)
{
	const char *q = p;

	while (q < end && (unsigned char)*q > ' ' && *q != '=' && *q != ']' &&
	    *q != '"')
		q++;
	*name = span_of(p, (size_t)(q - p));
	if (q == p || end - q < 2 || q[0] != '=' || q[1] != '"')
		return NULL;
	p = q += 2;
	while (q < end && *q != '"')
		q += 1 + (*q == '\\');
	if (q >= end)
		return NULL;
	*value = span_of(p, (size_t)(q - p));
	return q + 1;
}

/* A value as a JSON string; \" \\ and \] are its only escapes (6.3.3). */
static char *
put_value(struct scan *s, char *to, struct span v)
{
	const char *p = v.p, *end = p + v.len, *slash;

	*to++ = '"';
	while ((slash = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		to = json_put(to, span_of(p, (size_t)(slash - p)),
		    &s->rec->lossy);
		p = slash + (end - slash > 1 && memchr("\"\\]", slash[1], 3) !=
		    NULL);
		to = json_put(to, span_of(p, 1), &s->rec->lossy);
		p++;
	}
	to = json_put(to, span_of(p, (size_t)(end - p)), &s->rec->lossy);
	*to++ = '"';
	return to;
}

/* All values of name from p on, as one, or as a list where it is repeated. */
static char *
put_param(struct scan *s, char *to, struct span name, struct span value,
    const char *p, const char *end)
{
	struct span other, v;
	char *start = to++;
	bool list = false;

	to = put_value(s, to, value);
	while (p < end && *p == ' ' && (p = scan_param(p + 1, end, &other,
	    &v)) != NULL) {
		if (!span_eq(other, name))
			continue;
		*to++ = ',';
		to = put_value(s, to, v);
		list = true;
	}
	*start = '[';
	if (list)
		*to++ = ']';
	else
		memmove(start, start + 1, (size_t)(to-- - start - 1));
	return to;
}

/* Was name already there between p and before? */
static bool
had_param(const char *p, const char *before, struct span name)
{
	struct span other, v;

	while (p < before && *p == ' ' && (p = scan_param(p + 1, before, &other,
	    &v)) != NULL)
		if (span_eq(other, name))
			return true;
	return false;
}

/* One [id name="value" ...] at p as a JSON member; what is behind, or NULL. */
static const char *
scan_element(struct scan *s, const char *p, const char *end, char **to)
{
	const char *q = ++p, *params;
	struct span name, value;
	int n = 0;

	while (q < end && (unsigned char)*q > ' ' && *q != ']' && *q != '=' &&
	    *q != '"')
		q++;
	if (q == p)
		return NULL;
	*to = put_value(s, *to, span_of(p, (size_t)(q - p)));
	*to = mempcpy(*to, ":{", 2);
	for (params = p = q; p < end && *p == ' '; p = q) {
		if ((q = scan_param(p + 1, end, &name, &value)) == NULL ||
		    n == MAX_PARAMS)
			return NULL;
		if (had_param(params, p, name))
			continue;
		if (n++ > 0)
			*(*to)++ = ',';
		*to = put_value(s, *to, name);
		*(*to)++ = ':';
		*to = put_param(s, *to, name, value, q, end);
	}
	*(*to)++ = '}';
	return p < end && *p == ']' ? p + 1 : NULL;
}

/* Structured data as a JSON object; what is behind it, or NULL. */
static const char *
scan_data(struct scan *s, const char *p, const char *end)
{
	char *start, *to;
	size_t room = JSON_ROOM((size_t)(end - p));

	if ((start = to = record_room(s->rec, room)) == NULL)
		return NULL;
	*to++ = '{';
	while (p < end && *p == '[') {
		if (to > start + 1)
			*to++ = ',';
		if ((p = scan_element(s, p, end, &to)) == NULL)
			return NULL;
	}
	if (p < end && *p != ' ')
		return NULL;
	*to++ = '}';
	record_add(s->rec, NAME("structured_data"), span_of(start,
	    (size_t)(to - start)), FIELD_JSON);
	return p;
}

/* Behind "<14>1 ".  Logplex leaves the structured data out. */
static bool
scan_5424(struct scan *s, const char *p, const char *end)
{
	static const char *const expected[] = { "host", "app-name", "procid",
	    "msgid" };
	static const struct span names[] = { { "hostname", 8 }, { "appname", 7 },
	    { "procid", 6 }, { "msgid", 5 } };
	struct span stamp = token_at(p, end), v;
	struct timestamp t;
	const char *q;

	if (!span_is(stamp, "-")) {
		if (timestamp_iso(p, p + stamp.len, s->zone, &t) !=
		    p + stamp.len)
			return scan_fail(s, STAMP, p, "time or -");
		record_add_time(s->rec, &t);
	}
	p += stamp.len;
	for (unsigned i = 0; i < 4; i++) {
		if (p == end || *p++ != ' ' || (v = token_at(p, end)).len == 0)
			return scan_fail(s, HOST + i, p, expected[i]);
		add_text(s, names[i], v);
		p += v.len;
	}
	if (p < end)
		p++;
	if (p < end && *p == '[' && (q = scan_data(s, p, end)) != NULL)
		p = q < end ? q + 1 : q;
	else if (p < end && *p == '-' && (p + 1 == end || p[1] == ' '))
		p += 1 + (p + 1 < end);
	if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;		/* RFC 5424, 6.4: the text is UTF-8 */
	record_add_message(s->rec, span_of(p, (size_t)(end - p)));
	return true;
}

/* "tag:" or "tag[pid]:" at p; what is behind it and a blank, or NULL. */
static const char *
scan_tag(struct scan *s, const char *p, const char *end)
{
	const char *q = p, *close;

	while (q < end && (unsigned char)*q > ' ' && *q != ':' && *q != '[')
		q++;
	if (q == p || q == end || *q == ' ')
		return NULL;
	close = q;
	if (*q == '[') {
		if ((close = memchr(q, ']', (size_t)(end - q))) == NULL ||
		    memchr(q, ' ', (size_t)(close - q)) != NULL)
			return NULL;
		close++;
	} else if (q + 1 < end && q[1] != ' ') {
		return NULL;	/* as in 10:05:03 or http://x */
	}
	add_text(s, NAME("appname"), span_of(p, (size_t)(q - p)));
	if (*q == '[')
		add_text(s, NAME("procid"), span_of(q + 1,
		    (size_t)(close - q - 2)));
	if (close < end && *close == ':')
		close++;
	return close < end && *close == ' ' ? close + 1 : close;
}

static bool
is_hostname(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter(s.p[i]) && !is_digit(s.p[i]) &&
		    memchr("-._:/@%", s.p[i], 7) == NULL)
			return false;
	return s.len > 0 && s.p[s.len - 1] != ':';
}

/*
 * Host and tag behind the time.  Without <PRI> and with an ISO time there must
 * be both: too much else looks like it.
 */
static bool
scan_host_tag(struct scan *s, const char *p, const char *end, bool strict)
{
	struct span host = token_at(p, end);
	const char *q = scan_tag(s, p, end);

	if (q == NULL && is_hostname(host) && host.len < (size_t)(end - p)) {
		add_text(s, NAME("hostname"), host);
		p += host.len + 1;
		q = scan_tag(s, p, end);
	} else if (strict) {
		return scan_fail(s, HOST, p, "host");
	}
	if (q == NULL && strict)
		return scan_fail(s, APP, p, "tag:");
	if (q != NULL)
		p = q;
	record_add_message(s->rec, span_of(p, (size_t)(end - p)));
	return true;
}

static bool
scan_3164(struct scan *s, const char *p, const char *end, bool has_pri)
{
	struct timestamp t;
	const char *q = timestamp_bsd(p, end, s->zone, &t);
	bool iso = q == NULL;

	if (iso && (has_pri || (end - p > 10 && p[10] == 'T')))
		q = timestamp_iso(p, end, s->zone, &t);
	if (q != NULL && q < end && (*q == ' ' || *q == ':')) {
		record_add_time(s->rec, &t);
		p = q + 1 + (*q == ':' && q + 1 < end && q[1] == ' ');
	} else if (!has_pri) {
		return scan_fail(s, STAMP, p, "time");
	} else {		/* RFC 3164, 4.3.3: all of it is the message */
		if ((q = scan_tag(s, p, end)) != NULL)
			p = q;
		record_add_message(s->rec, span_of(p, (size_t)(end - p)));
		return true;
	}
	return scan_host_tag(s, p, end, iso && !has_pri);
}

/* "83 " in front of "<40>1 ..." (RFC 6587, 3.4.1); what is behind it, or p. */
static const char *
skip_octet_count(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && is_digit(*q) && q - p < 8)
		q++;
	return q > p && end - q > 1 && q[0] == ' ' && q[1] == '<' ? q + 1 : p;
}

bool
scan_syslog(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;
	unsigned pri;

	p = skip_octet_count(p, end);
	q = scan_priority(p, end, &pri);
	if (q == NULL && p < end && *p == '<')
		return scan_fail(s, PRI, p, "<priority>");
	if (q == NULL)
		return scan_3164(s, p, end, false);
	add_priority(s, pri);
	if (end - q > 2 && q[0] >= '1' && q[0] <= '9' && q[1] == ' ') {
		record_add(s->rec, NAME("version"), span_of(q, 1), FIELD_JSON);
		return scan_5424(s, q + 2, end);
	}
	return scan_3164(s, q, end, true);
}
