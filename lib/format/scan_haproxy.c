/*
 * haproxy: option httplog, option tcplog, and errors of connections
 *
 *	client:port [time] frontend backend/server Tq/Tw/Tc/Tr/Ta status bytes
 *	cookie cookie state connections queues {headers} "request"
 */
#include "format/scan_util.h"

enum { CLIENT = 1, STAMP, FRONTEND, SERVER, TIMERS, STATUS, SIZE, COOKIES,
	STATE, CONNECTIONS, QUEUES, REQUEST };

/*
 * Adds values with slashes between, by these names.  Returns how many there
 * are, 0 when they do not fit.
 */
static unsigned
add_slashed(struct scan *s, struct span v, const char *const *names,
    unsigned n)
{
	const char *p = v.p, *end = p + v.len, *slash;
	unsigned i;

	for (i = 0; i < n; i++, p = slash + 1) {
		if ((slash = memchr(p, '/', (size_t)(end - p))) == NULL)
			slash = end;
		if (names[i] != NULL)
			add_text(s, span_str(names[i]), span_to(p, slash));
		if (slash == end)
			return i + 1;
	}
	return 0;
}

/*
 * Adds the timers, in milliseconds.  The last one is that of the whole session:
 * it has + in front while the session still ran.  A timer is -1 when that step
 * was not reached.
 */
static bool
add_timers(struct scan *s, struct span v)
{
	static const char *const http[] = { "time_request", "time_queue",
	    "time_connect", "time_response", NULL };
	static const char *const tcp[] = { "time_queue", "time_connect", NULL };
	const char *last = memrchr(v.p, '/', v.len), *end = v.p + v.len;
	unsigned n = 1;

	for (size_t i = 0; i < v.len; i++) {
		if (!is_digit(v.p[i]) && memchr("/-+", v.p[i], 3) == NULL)
			return false;
		n += v.p[i] == '/';
	}
	if (n != 3 && n != 5)
		return false;
	add_slashed(s, v, n == 5 ? http : tcp, n);
	last++;
	last += last < end && *last == '+';
	return add_scaled(s, NAME("duration"), span_to(last, end), 3) ||
	    (last < end && *last == '-');
}

/*
 * Reads the next word; p moves after it and a blank.  Returns false at the end.
 */
static bool
next_word(const char **p, const char *end, struct span *word)
{
	*word = token_at(*p, end);
	*p += word->len + (*p + word->len < end);
	return word->len > 0;
}

/* Reads {captured|headers} of the request, then of the response. */
static const char *
add_captures(struct scan *s, const char *p, const char *end)
{
	static const struct span names[] = { { "request_headers", 15 },
	    { "response_headers", 16 } };
	const char *close;

	for (int i = 0; i < 2 && p < end && *p == '{'; i++) {
		if ((close = memchr(p, '}', (size_t)(end - p))) == NULL)
			return p;
		add_text(s, names[i], span_to(p + 1, close));
		p = close + 1 + (close + 1 < end);
	}
	return p;
}

/* Reads the fields of option tcplog after the timers. */
static bool
scan_tcp(struct scan *s, struct span size, const char *p, const char *end)
{
	static const char *const connections[] = { "actconn", "feconn",
	    "beconn", "srv_conn", "retries" };
	static const char *const queues[] = { "srv_queue", "backend_queue" };
	struct span word;

	if (*size.p == '+') {
		size.p++;
		size.len--;
	}
	if (!all_digits(size))
		return scan_fail(s, SIZE, size.p, "size");
	add_number(s, NAME("size"), size);
	next_word(&p, end, &word);	/* two bytes, as scan_haproxy has seen */
	record_add(s->rec, NAME("termination_state"), word, FIELD_TEXT);
	if (!next_word(&p, end, &word) ||
	    add_slashed(s, word, connections, 5) != 5)
		return scan_fail(s, CONNECTIONS, word.p, "connections");
	if (!next_word(&p, end, &word) || add_slashed(s, word, queues, 2) != 2)
		return scan_fail(s, QUEUES, word.p, "queues");
	if (p < end)
		add_text(s, NAME("extra"), span_to(p, end));
	return true;
}

/* Reads the fields of option httplog after the status. */
static bool
scan_http(struct scan *s, const char *p, const char *end)
{
	static const struct span cookies[] = { { "request_cookie", 14 },
	    { "response_cookie", 15 } };
	static const char *const connections[] = { "actconn", "feconn",
	    "beconn", "srv_conn", "retries" };
	static const char *const queues[] = { "srv_queue", "backend_queue" };
	struct span word, size;
	const char *q;

	if (!next_word(&p, end, &size))
		return scan_fail(s, SIZE, p, "size");
	if (*size.p == '+')
		size = span_of(size.p + 1, size.len - 1);
	add_number(s, NAME("size"), size);
	for (int i = 0; i < 2; i++) {
		if (!next_word(&p, end, &word))
			return scan_fail(s, COOKIES, p, "cookies");
		add_text(s, cookies[i], word);
	}
	if (!next_word(&p, end, &word) || word.len != 4)
		return scan_fail(s, STATE, word.p, "termination_state");
	record_add(s->rec, NAME("termination_state"), word, FIELD_TEXT);
	if (!next_word(&p, end, &word) ||
	    add_slashed(s, word, connections, 5) != 5)
		return scan_fail(s, CONNECTIONS, word.p, "connections");
	if (!next_word(&p, end, &word) || add_slashed(s, word, queues, 2) != 2)
		return scan_fail(s, QUEUES, word.p, "queues");
	p = add_captures(s, p, end);
	if (p < end && *p != '"' && (q = memmem(p, (size_t)(end - p), " \"",
	    2)) != NULL) { /* fields that a log-format of the user's own adds */
		add_text(s, NAME("extra"), span_to(p, q));
		p = q + 1;
	}
	if (end - p < 2 || *p != '"')
		return scan_fail(s, REQUEST, p, "\"request\"");
	/* haproxy cuts a long request, and its closing quote with it. */
	word = span_to(p + 1, end[-1] == '"' ? end - 1 : end);
	if (!span_is(word, "<BADREQ>"))
		add_request(s, word, QUOTED_PLAIN);
	else
		record_add(s->rec, NAME("request"), word, FIELD_TEXT);
	return true;
}

static bool
scan_haproxy(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q, *colon;
	struct span word;
	struct timestamp t;

	if (!next_word(&p, end, &word) || memchr(word.p, ':', word.len) ==
	    NULL || p == end || *p != '[')
		return scan_fail(s, CLIENT, text.p, "client:port");
	if ((q = timestamp_clf(p + 1, end, s->zone, &t)) == NULL ||
	    (q = skip(q, end, "] ")) == NULL)
		return scan_fail(s, STAMP, p, "[time]");
	colon = memrchr(word.p, ':', word.len);
	if (!all_digits(span_to(colon + 1, word.p + word.len)))
		return scan_fail(s, CLIENT, colon + 1, "port");
	add_text(s, NAME("client"), span_to(word.p, colon));
	add_text(s, NAME("client_port"), span_to(colon + 1, word.p + word.len));
	record_add_time(s->rec, &t);
	p = q;
	next_word(&p, end, &word);
	if ((q = memchr(word.p, ':', word.len)) != NULL) {
		add_text(s, NAME("frontend"), span_to(word.p, q));
		record_add_message(s->rec, span_to(p, end));
		/* The text has the form fe/bind: SSL handshake failure. */
		return true;
	}
	add_text(s, NAME("frontend"), word);
	if (!next_word(&p, end, &word) ||
	    (q = memchr(word.p, '/', word.len)) == NULL)
		return scan_fail(s, SERVER, word.p, "backend/server");
	add_text(s, NAME("backend"), span_to(word.p, q));
	add_text(s, NAME("server"), span_to(q + 1, word.p + word.len));
	if (!next_word(&p, end, &word) || !add_timers(s, word))
		return scan_fail(s, TIMERS, word.p, "timers");
	if (!next_word(&p, end, &word))
		return scan_fail(s, STATUS, p, "status");
	q = p;
	if (p < end && (*p == '-' || (*p >= 'A' && *p <= 'Z')) &&
	    token_at(q, end).len == 2)
		return scan_tcp(s, word, p, end);
	if (!all_digits(word) && !span_is(word, "-1"))
		return scan_fail(s, STATUS, word.p, "status");
	add_number(s, NAME("status"), word);
	return scan_http(s, p, end);
}

const struct format format_haproxy = {
	.name = "haproxy",
	.description = "HAProxy: option httplog, option tcplog, and errors",
	.example = "192.0.2.1:33317 [06/Feb/2009:12:14:14.655] fe be/s1 "
	    "0/0/1/2/3 200 5 - - ---- 1/1/1/1/0 0/0 \"GET / HTTP/1.1\"",
	.needs = "[", .first = "0a:[", .distinct = true, .undated = true, .scan = scan_haproxy,
	.status = "status",
};
