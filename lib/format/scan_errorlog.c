/*
 * nginx-error and apache-error: the error logs of web servers
 */
#include "format/line_format.h"

enum { STAMP = 1, LEVEL, PID, MESSAGE };

/* The keys that nginx puts after a message, in the order in which it does. */
static const char *const tail_keys[] = { "client", "server", "login",
    "request", "subrequest", "upstream", "host", "referrer",
    "bytes from/to client", "bytes from/to upstream" };
enum { TAIL_KEYS = sizeof tail_keys / sizeof tail_keys[0] };

/*
 * Reads ", key: " at p.  Returns the index of the key in tail_keys, which must
 * be at least next, or -1; *value is the text after it.
 */
static int
tail_key_at(const char *p, const char *end, int next, const char **value)
{
	const char *q;

	if ((p = skip(p, end, ", ")) == NULL)
		return -1;
	for (int i = next; i < TAIL_KEYS; i++)
		if ((q = skip(p, end, tail_keys[i])) != NULL && q < end &&
		    *q == ':') {
			*value = q + 1 + (q + 1 < end && q[1] == ' ');
			return i;
		}
	return -1;
}

/*
 * Finds the end of the value at p, which belongs to the i-th key: the value
 * ends with the text, or where a key that comes later follows; in quotes, after
 * the closing one.  nginx escapes nothing here, and whoever sends a request
 * decides about much of it, so no key may come twice.  Returns NULL when there
 * is no such end.
 */
static const char *
tail_value_end(const char *p, const char *end, int i)
{
	bool quoted = p < end && *p == '"';
	const char *q = p + quoted, *value;

	for (;; q++) {
		q = find_char(q, end, quoted ? '"' : ',');
		if (q == end)
			return quoted ? NULL : end;
		if (q + quoted == end ||
		    tail_key_at(q + quoted, end, i + 1, &value) >= 0)
			return q + quoted;
	}
}

/*
 * Whether all text from p on, where the first key stands, is keys and their
 * values, of which those without quotes are simple.
 */
static bool
is_tail(const char *p, const char *end)
{
	const char *value;
	int i = -1;

	while (p != NULL && p < end) {
		if ((i = tail_key_at(p, end, i + 1, &value)) < 0)
			return false;
		if (value == end)
			return true;
		p = tail_value_end(value, end, i);
		if (p != NULL && *value != '"' &&
		    (memchr(value, '"', (size_t)(p - value)) != NULL ||
		    memmem(value, (size_t)(p - value), ", ", 2) != NULL))
			return false;
	}
	return p == end;
}

/*
 * Finds the first ", client: " that begins a tail, in quotes or not; or NULL.
 */
static const char *
find_tail(const char *p, const char *end, bool in_quotes)
{
	const char *value;
	bool quoted = false;
	int tries = 16;		/* each try reads all the text that follows */

	for (; p < end && tries > 0; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p != ',' || (quoted && !in_quotes) ||
		    tail_key_at(p, end, 0, &value) != 0)
			continue;
		if (is_tail(p, end))
			return p;
		tries--;
	}
	return NULL;
}

/*
 * Finds where the tail with ", client: " begins, or end.  It is the first one
 * that is not in quotes, as a name in the message may hold anything, even
 * quotes.
 */
static const char *
nginx_tail(const char *p, const char *end)
{
	const char *first = find_tail(p, end, false);

	if (first == NULL)
		first = find_tail(p, end, true);
	if (first == NULL)
		first = memmem(p, (size_t)(end - p), ", client: ", 10);
	if (first == NULL)
		first = memmem(p, (size_t)(end - p), ", server: ", 10);
	return first != NULL ? first : end;
}

/* Adds the value of one key in the tail. */
static void
add_tail_value(struct scan *s, const char *key, struct span value)
{
	bool quoted = value.len > 1 && *value.p == '"' &&
	    value.p[value.len - 1] == '"';
	enum quoted how = QUOTED_PLAIN;
	struct span name = span_str(key);

	if (quoted)
		value = span_of(value.p + 1, value.len - 2);
	if (quoted && memchr(value.p, '\\', value.len) != NULL)
		how = QUOTED_ESCAPED;
	if (span_is(name, "request"))
		add_request(s, value, how);
	else if (span_is(name, "referrer"))
		add_quoted(s, NAME("referer"), value, how);
	else if (quoted)
		add_quoted(s, snake_case(s->rec, name), value, how);
	else
		add_text(s, snake_case(s->rec, name), value);
}

static void
add_nginx_tail(struct scan *s, const char *p, const char *end)
{
	const char *value, *behind;
	int i = -1;

	while (p < end && (i = tail_key_at(p, end, i + 1, &value)) >= 0) {
		if ((behind = tail_value_end(value, end, i)) == NULL)
			behind = end;
		add_tail_value(s, tail_keys[i], span_to(value, behind));
		p = behind;
	}
}

/* Reads 2021/06/29 10:05:03 [error] 1234#5678: *99 message, client: ..., ... */
static bool
scan_nginx_error(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q, *tail;
	struct timestamp t;

	q = text.len > 4 && p[4] == '/' ? timestamp_iso(p, end, s->zone, &t) :
	    NULL;
	if (q == NULL || (p = skip(q, end, " [")) == NULL)
		return scan_fail(s, STAMP, text.p, "time [level]");
	record_add_time(s->rec, &t);
	if ((q = memchr(p, ']', (size_t)(end - p))) == NULL)
		return scan_fail(s, LEVEL, p, "[level]");
	add_text(s, NAME("level"), span_to(p, q));
	p = skip_spaces(q + 1, end);
	for (q = p; q < end && is_digit(*q); q++)
		;
	if (q == p || q == end || *q != '#')
		return scan_fail(s, PID, p, "pid#thread:");
	add_number(s, NAME("pid"), span_to(p, q));
	for (p = ++q; q < end && is_digit(*q); q++)
		;
	if (q == end || *q != ':')
		return scan_fail(s, PID, p, "pid#thread:");
	add_text(s, NAME("thread"), span_to(p, q));
	p = skip_spaces(q + 1, end);
	if (p < end && *p == '*') {
		for (q = ++p; q < end && is_digit(*q); q++)
			;
		add_text(s, NAME("connection"), span_to(p, q));
		p = skip_spaces(q, end);
	}
	tail = nginx_tail(p, end);
	record_add_message(s->rec, span_to(p, tail));
	add_nginx_tail(s, tail, end);
	return true;
}

/*
 * Reads [client 192.0.2.1:80], with p at the address.  Returns where the
 * bracket closes, or NULL.  Only Apache 2.4, which has a [pid] too, always
 * writes a port.  Modules such as ModSecurity write the client once more.
 */
static const char *
scan_client(struct scan *s, const char *p, const char *end)
{
	const char *close = memchr(p, ']', (size_t)(end - p));
	struct field f;

	if (close != NULL && *p == '[')		/* [client [::1]:80] */
		close = memchr(close + 1, ']', (size_t)(end - close - 1));
	if (close == NULL)
		return NULL;
	if (record_lookup(s->rec, NAME("client"), &f) &&
	    f.layer == s->rec->layers)
		return span_eq(f.value, span_to(p, close)) ? close : NULL;
	if (record_lookup(s->rec, NAME("pid"), &f))
		add_endpoint(s, span_to(p, close));
	else
		add_address(s, span_to(p, close));
	return close;
}

/*
 * Reads one of the parts in brackets that Apache writes after the time: the
 * module and level, the pid and thread, or the client.  Returns where the text
 * goes on, or NULL.
 */
static const char *
scan_bracket(struct scan *s, const char *p, const char *end, unsigned n)
{
	const char *close = memchr(p, ']', (size_t)(end - p)), *q;

	if (close == NULL)
		return NULL;
	if ((q = skip(p, close, "[pid ")) != NULL) {
		p = memchr(q, ':', (size_t)(close - q));
		add_number(s, NAME("pid"), span_to(q, p != NULL ? p : close));
		if (p != NULL && (q = skip(p, close, ":tid ")) != NULL)
			add_text(s, NAME("thread"), span_to(q, close));
	} else if ((q = skip(p, end, "[client ")) != NULL ||
	    (q = skip(p, end, "[remote ")) != NULL) {
		if ((close = scan_client(s, q, end)) == NULL)
			return NULL;
	} else if (n == 0) {
		q = memchr(p, ':', (size_t)(close - p));
		if (q != NULL && q > p + 1)
			add_text(s, NAME("module"), span_to(p + 1, q));
		add_text(s, NAME("level"), span_to(q != NULL ? q + 1 : p + 1,
		    close));
	} else {
		return NULL;
	}
	return skip_spaces(close + 1, end);
}

/*
 * Reads [Tue Jun 29 10:05:03.123456 2021] [core:error] [pid 12:tid 34] [client
 * a:1] message, referer: http://...
 */
static bool
scan_apache_error(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q, *referer;
	struct timestamp t;
	unsigned n = 0;

	q = p < end && *p == '[' ? timestamp_ctime(p + 1, end, s->zone, &t) :
	    NULL;
	if (q == NULL || (q = skip(q, end, "] [")) == NULL)
		return scan_fail(s, STAMP, p, "[time] [level]");
	record_add_time(s->rec, &t);
	for (p = q - 1; p < end && *p == '[' &&
	    (q = scan_bracket(s, p, end, n)) != NULL; n++)
		p = q;
	if (n == 0)
		return scan_fail(s, LEVEL, p, "[level]");
	referer = memmem(p, (size_t)(end - p), ", referer: ", 11);
	record_add_message(s->rec, span_to(p, referer != NULL ? referer : end));
	if (referer != NULL)
		add_text(s, NAME("referer"), span_to(referer + 11, end));
	return true;
}

const struct format format_nginx_error = {
	.name = "nginx-error", .description = "nginx's error log",
	.example = "2021/06/29 10:05:03 [error] 12#34: *5 text, "
	    "client: 192.0.2.1",
	.first = "0", .distinct = true, .undated = true, .scan = scan_nginx_error,
};

const struct format format_apache_error = {
	.name = "apache-error", .description = "Apache's error log",
	.example = "[Tue Jun 29 10:05:03.123456 2021] [core:error] "
	    "[pid 1:tid 2] text",
	.first = "[", .distinct = true, .scan = scan_apache_error,
};
