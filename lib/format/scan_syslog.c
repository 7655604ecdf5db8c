/*
 * syslog: RFC 3164 and RFC 5424, octet-counted, Logplex, and files of it
 */
#include <stdio.h>

#include "format/scan_util.h"
#include "format/unique_names.h"

enum { PRI = 1, STAMP = 3, HOST, APP, PROCID, MSGID };

/* Limited, as each one is compared with all others. */
enum { MAX_PARAMS = 256, MAX_ELEMENTS = 64 };
/* How far after <PRI> Cisco's mnemonic may begin. */
enum { MNEMONIC_MAX = 160 };

/* Reads "<14>" at p.  Returns where the text goes on, or NULL. */
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

/*
 * Reads one name="value" of structured data.  Returns where the text goes on,
 * or NULL.
 */
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

/*
 * Writes a value as a JSON string; \" \\ and \] are its only escapes (6.3.3).
 */
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

struct param {
	struct span name, value;	/* name is empty once it was written */
};

/*
 * Writes all values that the first param's name has among n params: one as it
 * is, several as a list.
 */
static char *
put_values(struct scan *s, char *to, struct param *params, unsigned n)
{
	struct span name = params[0].name;
	char *start = to++;
	bool list = false;

	to = put_value(s, to, params[0].value);
	for (unsigned i = 1; i < n; i++) {
		if (!span_eq(params[i].name, name))
			continue;
		*to++ = ',';
		to = put_value(s, to, params[i].value);
		params[i].name.len = 0;
		list = true;
	}
	*start = '[';
	if (list)
		*to++ = ']';
	else
		memmove(start, start + 1, (size_t)(to-- - start - 1));
	return to;
}

/* The ids of the elements of a line so far. */
struct elements {
	struct span ids[MAX_ELEMENTS];
	unsigned n;
};

/* Writes the id as a JSON string; one that was there already gets a number. */
static char *
put_id(struct scan *s, char *to, struct span id, struct elements *before)
{
	unsigned times = 1;

	for (unsigned i = 0; i < before->n; i++)
		times += span_eq(before->ids[i], id);
	before->ids[before->n++] = id;
	to = put_value(s, to, id);
	return times == 1 ? to : to - 1 + sprintf(to - 1, "_%u\"", times);
}

/*
 * Reads one [id name="value" ...] at p as a JSON member.  Returns where the
 * text goes on, or NULL.
 */
static const char *
scan_element(struct scan *s, const char *p, const char *end, char **to,
    struct elements *before)
{
	UNINITIALIZED struct param params[MAX_PARAMS];
	const char *q = ++p;
	unsigned n = 0;

	while (q < end && (unsigned char)*q > ' ' && *q != ']' && *q != '=' &&
	    *q != '"')
		q++;
	if (q == p)
		return NULL;
	*to = put_id(s, *to, span_to(p, q), before);
	*to = mempcpy(*to, ":{", 2);
	for (p = q; p < end && *p == ' '; p = q, n++)
		if (n == MAX_PARAMS || (q = scan_param(p + 1, end,
		    &params[n].name, &params[n].value)) == NULL)
			return NULL;
	for (unsigned i = 0, written = 0; i < n; i++) {
		if (params[i].name.len == 0)
			continue;
		if (written++ > 0)
			*(*to)++ = ',';
		*to = put_value(s, *to, params[i].name);
		*(*to)++ = ':';
		*to = put_values(s, *to, params + i, n - i);
	}
	*(*to)++ = '}';
	return p < end && *p == ']' ? p + 1 : NULL;
}

/*
 * Reads structured data as a JSON object.  Returns where the text goes on, or
 * NULL.
 */
static const char *
scan_data(struct scan *s, const char *p, const char *end)
{
	struct elements elements = { .n = 0 };
	char *start, *to;
	size_t room = JSON_ROOM((size_t)(end - p)) + MAX_ELEMENTS * 4;

	if ((start = to = record_room(s->rec, room)) == NULL)
		return NULL;
	*to++ = '{';
	while (p < end && *p == '[') {
		if (to > start + 1)
			*to++ = ',';
		if (elements.n == MAX_ELEMENTS ||
		    (p = scan_element(s, p, end, &to, &elements)) == NULL)
			return NULL;
	}
	if (p < end && *p != ' ')
		return NULL;
	*to++ = '}';
	record_add(s->rec, NAME("structured_data"), span_of(start,
	    (size_t)(to - start)), FIELD_JSON);
	return p;
}

/* Reads a line of Meraki: "<134>1 1624961103.123456789 host flows src=..." */
static bool
scan_meraki(struct scan *s, const char *p, const char *end,
    const struct timestamp *t)
{
	static const struct span names[] = { { "hostname", 8 },
		{ "appname", 7 } };
	struct span v;

	record_add_time(s->rec, t);
	for (unsigned i = 0; i < 2; i++, p = v.p + v.len) {
		p = skip_spaces(p, end);
		v = token_at(p, end);
		add_text(s, names[i], v);
	}
	record_add_message(s->rec, span_to(skip_spaces(p, end), end));
	return true;
}

/* Reads the text after "<14>1 ".  Logplex leaves the structured data out. */
static bool
scan_5424(struct scan *s, const char *p, const char *end)
{
	static const char *const expected[] = { "host", "app-name", "procid",
	    "msgid" };
	static const struct span names[] = { { "hostname", 8 },
		{ "appname", 7 }, { "procid", 6 }, { "msgid", 5 } };
	struct span stamp = token_at(p, end), v;
	struct timestamp t;
	const char *q;

	if (stamp.len > 11 && stamp.p[10] == '.' &&
	    timestamp_epoch(p, p + stamp.len, &t) == p + stamp.len)
		return scan_meraki(s, p + stamp.len, end, &t);
	if (!span_is(stamp, "-")) {
		if (timestamp_iso(p, p + stamp.len, s->zone, &t) !=
		    p + stamp.len)
			return scan_fail(s, STAMP, p, "time or -");
		record_add_time(s->rec, &t);
	}
	p += stamp.len;
	for (unsigned i = 0; i < 4; i++) {
		if (p == end && i > 0)
			break;		/* the header was cut short */
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

/*
 * Reads "tag:" or "tag[pid]:" at p and a blank.  Returns where the text goes
 * on, or NULL.
 */
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
 * Adds the message.  Daemons that leave out what they have just had write
 * "message repeated 3 times: [ text]" in its place (rsyslog's
 * $RepeatedMsgReduction).
 */
static void
add_content(struct scan *s, const char *p, const char *end)
{
	const char *digits = skip(p, end, "message repeated "), *q, *text;

	if (digits != NULL && end[-1] == ']' &&
	    (q = skip_digits(digits, end)) > digits &&
	    (text = skip(q, end, " times: [")) != NULL) {
		add_number(s, NAME("repeated"), span_to(digits, q));
		p = skip_spaces(text, --end);
	}
	record_add_message(s->rec, span_to(p, end));
}

/*
 * Reads host and tag after the time.  Without <PRI> and with an ISO time there
 * must be both, as many other lines look like that.
 */
static bool
scan_host_tag(struct scan *s, const char *p, const char *end, bool strict)
{
	struct span host = token_at(p, end);
	const char *q = scan_tag(s, p, end);
	/* Heroku writes "app[web.1]: message", without a host. */
	bool has_bracket = q != NULL && q - p > 2 && memchr(p, '[',
	    (size_t)(q - p)) != NULL;

	if (q == NULL && is_hostname(host) && host.len < (size_t)(end - p)) {
		add_text(s, NAME("hostname"), host);
		p += host.len + 1;
		q = scan_tag(s, p, end);
	} else if (strict && !has_bracket) {
		return scan_fail(s, HOST, p, "host");
	}
	if (q == NULL && strict)
		return scan_fail(s, APP, p, "tag:");
	if (q == NULL && end - p > 2 && p[0] == ':' && p[1] == ' ') {
		p += 2;			/* ASA: "host : %ASA-5-111010: text" */
		q = scan_tag(s, p, end);
	}
	if (q != NULL)
		p = q;
	add_content(s, p, end);
	return true;
}

/*
 * Reads "haproxy[12]: message" and "heroku[router]: message": some envelopes
 * leave only the tag of a header.  Other tags might be anything.
 */
static bool
scan_bare_tag(struct scan *s, const char *p, const char *end)
{
	const char *q;

	if (skip(p, end, "haproxy[") == NULL &&
	    skip(p, end, "heroku[") == NULL)
		return false;
	if ((q = scan_tag(s, p, end)) == NULL)
		return false;
	record_add_message(s->rec, span_to(q, end));
	return true;
}

/*
 * Whether p is at "%SYS-5-CONFIG_I: text", which begins each message of Cisco's
 * systems.
 */
static bool
is_mnemonic(const char *p, const char *end)
{
	const char *q = p + 1;

	if (p == end || *p != '%')
		return false;
	while (q < end && (is_letter(*q) || is_digit(*q) || *q == '_' ||
	    *q == '-'))
		q++;
	return q < end && (*q == ':' || *q == ' ') &&
	    memchr(p, '-', (size_t)(q - p)) != NULL;
}

/*
 * Reads the time at p and a colon after it, as Cisco writes.  Returns where the
 * text goes on, or NULL.
 */
static const char *
cisco_time(struct scan *s, const char *p, const char *end,
    struct timestamp *t)
{
	const char *q;

	if (p < end && (*p == '*' || *p == '.'))
		p++; /* the clock is not set (*), or not synchronized (.) */
	if ((q = timestamp_at(p, end, s->zone, t)) == NULL)
		return NULL;
	if (q < end && *q == ' ') {
		for (p = ++q; p < end && is_letter(*p); p++)
			;	/* skip the abbreviation of a zone */
		q = p < end && *p == ':' ? p : q;
	}
	return q < end && *q == ':' ? q + 1 : NULL;
}

/*
 * Reads a line of Cisco: "237: host: 000123: *Jan  8 19:46:03.295 UTC:
 * %SYS-5-CONFIG_I: text".  All but the time is optional; IOS XR has the node
 * right in front of the time and a process after it.
 */
static bool
scan_cisco(struct scan *s, const char *p, const char *end)
{
	struct record_mark mark = record_mark(s->rec);
	const char *q, *colon, *timed = NULL;
	struct timestamp t;
	struct span word;

	for (int i = 0; i < 5; i++, p = skip_spaces(q, end)) {
		if ((timed = cisco_time(s, p, end, &t)) != NULL)
			break;
		word = token_at(p, end);
		if ((colon = memchr(p, ':', word.len)) == NULL)
			break;
		word = span_to(p, colon);
		if (all_digits(word))
			add_text(s, NAME("sequence"), word);
		else if (memchr(p, '/', word.len) != NULL)
			add_text(s, NAME("node"), word);
		else
			add_text(s, NAME("hostname"), word);
		q = colon + 1;
	}
	if (timed == NULL || (p = skip_spaces(timed, end)) == end)
		goto other;
	if (!is_mnemonic(p, end)) {		/* ifmgr[213]: %... */
		colon = memmem(p, (size_t)(end - p), ": %", 3);
		if (colon == NULL || !is_mnemonic(colon + 2, end))
			goto other;
		add_text(s, NAME("process"), span_to(p, colon));
		p = colon + 2;
	}
	record_add_time(s->rec, &t);
	word = span_to(p, find_char(p, end, ':'));
	add_text(s, NAME("appname"), span_trim(word));
	q = word.p + word.len;
	q = skip_spaces(q + (q < end), end);
	record_add_message(s->rec, span_to(q, end));
	unique_names_of_layer(s->rec);
	return true;
other:
	record_reset(s->rec, &mark);
	return false;
}

static bool
scan_3164(struct scan *s, const char *p, const char *end, bool has_pri)
{
	struct span host;
	struct timestamp t;
	const char *q = NULL;
	bool iso;

	if (p == end || !is_digit(*p))
		q = timestamp_bsd(p, end, s->zone, &t);
	iso = q == NULL;

	if (iso && (has_pri || (end - p > 10 && p[10] == 'T')))
		q = timestamp_iso(p, end, s->zone, &t);
	if (q != NULL && q < end && (*q == ' ' || *q == ':')) {
		record_add_time(s->rec, &t);
		p = q + 1 + (*q == ':' && q + 1 < end && q[1] == ' ');
	} else if (!has_pri && scan_bare_tag(s, p, end)) {
		return true;
	} else if (!has_pri) {
		return scan_fail(s, STAMP, p, "time");
	} else {		/* RFC 3164, 4.3.3: all of it is the message */
		host = token_at(p, end);
		q = p + host.len + (p + host.len < end);
		if (is_hostname(host) && memchr(q, ',',
		    token_at(q, end).len) != NULL &&
		    (q = scan_tag(s, q, end)) != NULL)
			add_text(s, NAME("hostname"), host);	/* UniFi */
		else
			q = scan_tag(s, p, end);
		p = q != NULL ? q : p;
		record_add_message(s->rec, span_to(p, end));
		return true;
	}
	return scan_host_tag(s, p, end, iso && !has_pri);
}

/*
 * Reads "83 " in front of "<40>1 ..." (RFC 6587, 3.4.1).  Returns where the
 * text goes on, or p.
 */
static const char *
skip_octet_count(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && is_digit(*q) && q - p < 8)
		q++;
	return q > p && end - q > 1 && q[0] == ' ' && q[1] == '<' ? q + 1 : p;
}

static bool
scan_syslog(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q, *percent;
	unsigned pri;
	size_t n;

	p = skip_octet_count(p, end);
	q = scan_priority(p, end, &pri);
	if (q == NULL && p < end && *p == '<')
		return scan_fail(s, PRI, p, "<priority>");
	if (q == NULL)
		return scan_3164(s, p, end, false);
	add_priority(s, pri);
	while (q < end && (*q == ' ' || *q == ':'))
		q++;
	n = (size_t)(end - q);
	percent = memchr(q, '%', n < MNEMONIC_MAX ? n : MNEMONIC_MAX);
	if (percent != NULL && is_mnemonic(percent, end) &&
	    scan_cisco(s, q, end))
		return true;
	if (end - q > 2 && q[0] >= '1' && q[0] <= '9' && q[1] == ' ') {
		record_add(s->rec, NAME("version"), span_of(q, 1), FIELD_JSON);
		return scan_5424(s, q + 2, end);
	}
	return scan_3164(s, q, end, true);
}

const struct format format_syslog = {
	.name = "syslog",
	.description = "syslog: RFC 3164, RFC 5424, Logplex, and files of it",
	.example = "Jun 29 10:05:03 host sshd[12]: text",
	.first = "<0a", .after_date = "0a-._:/@%", .joined = true,
	.distinct = true, .scan = scan_syslog, .nests = true,
};
