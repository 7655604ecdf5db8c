/*
 * nginx-error and apache-error: what web servers say of themselves
 */
#include "layout.h"

enum { STAMP = 1, LEVEL, PID, MESSAGE };

/* Where ", client: " and what follows it begins, or end. */
static const char *
nginx_tail(const char *p, const char *end)
{
	const char *tail = memmem(p, (size_t)(end - p), ", client: ", 10);

	if (tail == NULL)
		tail = memmem(p, (size_t)(end - p), ", server: ", 10);
	return tail != NULL ? tail : end;
}

/* The end, or ", key: " and no more than that before it. */
static bool
is_tail(const char *p, const char *end)
{
	const char *q = skip(p, end, ", ");

	while (q != NULL && q < end && (is_letter(*q) || *q == ' '))
		q++;
	return p == end || (q != NULL && q < end && *q == ':');
}

/* The value of one key in the tail; what is behind it. */
static const char *
add_tail_value(struct scan *s, struct span key, const char *p, const char *end)
{
	const char *q = NULL;
	enum quoted how = QUOTED_PLAIN;
	bool quoted = false;
	struct span value;

	if (p < end && *p == '"')	/* nginx escapes nothing here */
		for (q = p + 1; q < end && (*q != '"' ||
		    !is_tail(q + 1, end)); q++)
			;
	if (q != NULL && q < end) {
		value = span_to(p + 1, q++);
		quoted = true;
		if (memchr(value.p, '\\', value.len) != NULL)
			how = QUOTED_ESCAPED;
	} else {
		q = memmem(p, (size_t)(end - p), ", ", 2);
		q = q != NULL ? q : end;
		value = span_to(p, q);
	}
	if (span_is(key, "request"))
		add_request(s, value, how);
	else if (span_is(key, "referrer"))
		add_quoted(s, NAME("referer"), value, how);
	else if (quoted)
		add_quoted(s, snake_case(s->rec, key), value, how);
	else
		add_text(s, snake_case(s->rec, key), value);
	return q;
}

static void
add_nginx_tail(struct scan *s, const char *p, const char *end)
{
	const char *colon;
	struct span key;

	while (end - p > 2 && *p == ',') {
		p = skip_spaces(p + 1, end);
		if ((colon = memchr(p, ':', (size_t)(end - p))) == NULL)
			return;
		key = span_to(p, colon);
		p = add_tail_value(s, key, skip_spaces(colon + 1, end), end);
	}
}

/* 2021/06/29 10:05:03 [error] 1234#5678: *99 message, client: ..., ... */
bool
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

/* One [...] of Apache behind the time; what is behind it, or NULL. */
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
		if (*q == '[')			/* [client [::1]:80] */
			close = memchr(close + 1, ']', (size_t)(end - close -
			    1));
		if (close == NULL)
			return NULL;
		add_address(s, span_to(q, close));
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
 * [Tue Jun 29 10:05:03.123456 2021] [core:error] [pid 12:tid 34] [client a:1]
 * message, referer: http://...
 */
bool
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
