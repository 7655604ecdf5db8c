/*
 * clf and combined: the access logs of Apache, nginx and many others
 *
 *	client identity user [time] "request" status size "referer" "agent"
 *
 * with the virtual host in front or in the middle, and what configurations of
 * nginx and Apache usually add at the end.
 */
#include "format/scan_util.h"
#include "format/unique_names.h"

enum { CLIENT = 1, IDENTITY, USER, TIME, REQUEST, STATUS, SIZE, REFERER, AGENT };

/* Finds the time in brackets.  Returns where it begins, after " [", or NULL. */
static const char *
find_time(const char *p, const char *end, struct scan *s, struct timestamp *t,
    const char **before)
{
	const char *bracket = p, *q;

	while ((bracket = find_char(bracket, end, '[')) < end) {
		q = timestamp_clf(bracket + 1, end, s->zone, t);
		if (q == NULL)
			q = timestamp_iso(bracket + 1, end, s->zone, t);
		if (q == NULL && end - bracket > 1 && is_digit(bracket[1]))
			q = timestamp_at(bracket + 1, end, s->zone, t);
		if (q != NULL && q < end && *q == ']' && bracket > p &&
		    bracket[-1] == ' ') {
			*before = bracket - 1;
			return q + 1;
		}
		bracket++;
	}
	return NULL;
}

/*
 * Whether the word is "example.com:80", in front of a line of vhost_combined.
 */
static bool
has_port(struct span s)
{
	const char *end = s.p + s.len, *colon = find_char(s.p, end, ':');

	return colon < end && all_digits(span_to(colon + 1, end));
}

/* Whether the word has only bytes of an address of IPv4 or IPv6. */
static bool
is_address(struct span s)
{
	size_t dots = 0, colons = 0;

	for (size_t i = 0; i < s.len; i++) {
		dots += s.p[i] == '.';
		colons += s.p[i] == ':';
		if (hex_digit(s.p[i]) < 0 && s.p[i] != '.' && s.p[i] != ':')
			return false;
	}
	return colons >= 2 || (dots == 3 && colons == 0 &&
	    is_digit(s.p[s.len - 1]));
}

/*
 * Whether the word can be a client.  As another log's line may hold a time in
 * brackets after a date and a host, a client that is only guessed must look
 * like one.
 */
static bool
is_client(struct span client, struct span identity)
{
	if (client.len > 5 && client.p[4] == '-' &&
	    all_digits(span_of(client.p, 4)))
		return false;
	if (is_letter(*client.p) && memchr(client.p, '[', client.len) != NULL)
		return false;	/* the tag of syslog: haproxy[12]: */
	if (*client.p == '[')
		return is_address(span_to(client.p + 1, find_char(client.p,
		    client.p + client.len, ']')));
	return span_is(identity, "-") || is_address(identity) ||
	    memchr(client.p, '.', client.len) != NULL ||
	    memchr(client.p, ':', client.len) != NULL;
}

/*
 * Reads an address; or several, "192.0.2.1, 10.0.0.1", as X-Forwarded-For has
 * them.
 */
static struct span
addresses(const char *p, const char *end)
{
	struct span all = token_at(p, end);

	while (all.len > 0 && p[all.len - 1] == ',' && p + all.len < end)
		all.len += 1 + token_at(p + all.len + 1, end).len;
	return all;
}

/* The words in front of the time. */
struct who {
	struct span client, identity, user;
};

/* Adds the virtual host, and its port, if it has one. */
static void
add_server(struct scan *s, struct span host)
{
	const char *end = host.p + host.len, *colon;

	colon = has_port(host) ? memrchr(host.p, ':', host.len) : end;
	add_text(s, NAME("server"), span_to(host.p, colon));
	if (colon < end)
		add_text(s, NAME("server_port"), span_to(colon + 1, end));
}

/*
 * Finds the virtual host, which stands in front ("%v %h %l %u", "%v:%p %h %l
 * %u"), in the second place ("$remote_addr $host $remote_user") or after the
 * identity ("%h - %V %v %u").
 */
static void
take_server(struct scan *s, struct who *w)
{
	const char *end = w->user.p + w->user.len, *blank;
	struct span host;

	blank = find_char(w->user.p, end, ' ');
	if (blank < end && (has_port(w->client) || is_address(w->identity))) {
		add_server(s, w->client);
		w->client = w->identity;
		w->identity = span_to(w->user.p, blank);
		w->user = span_to(blank + 1, end);
	} else if (blank == end && w->identity.len > 1 &&
	    memchr(w->identity.p, '.', w->identity.len) != NULL &&
	    is_address(w->client)) {
		add_server(s, w->identity);
		w->identity = NAME("-");
	} else if (blank < end && span_is(w->identity, "-")) {
		host = span_to(w->user.p, blank);
		w->user = span_to(blank + 1, end);
		blank = find_char(w->user.p, end, ' ');
		if (blank < end && span_eq(host, span_to(w->user.p, blank))) {
			add_server(s, host);
			w->user = span_to(blank + 1, end);
		} else {
			w->user = span_to(host.p, end);
		}
	}
}

/* Adds the client, which is mostly digits and points; the line ends at end. */
static inline void
add_client(struct scan *s, struct span v, const char *end)
{
#ifdef __SSE2__
	__m128i from_point;
	unsigned others;

	if (v.len > 1 && v.len < 16 && end - v.p >= 16) {
		from_point = _mm_sub_epi8(load16(v.p), _mm_set1_epi8('.'));
		others = ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(
		    _mm_min_epu8(from_point, _mm_set1_epi8('9' - '.')),
		    from_point));
		if ((others & ((1U << v.len) - 1)) == 0) {
			record_add(s->rec, NAME("client"), v, FIELD_SAFE);
			return;
		}
	}
#endif
	(void)end;
	add_address(s, v);
}

/*
 * Reads client, identity, user and the time.  Returns where the text goes on,
 * or NULL.
 */
static const char *
scan_who(struct scan *s, const char *p, const char *end)
{
	struct span all = addresses(p, end);
	struct who w = { .client = all };
	const char *before, *behind;
	struct timestamp t;
	bool has_proxies;

	if (all.len == 0 || all.len == (size_t)(end - p)) {
		scan_fail(s, CLIENT, p, "client address");
		return NULL;
	}
	p += all.len + 1;
	w.client.len = (size_t)(find_char(all.p, all.p + all.len, ',') -
	    all.p);
	has_proxies = w.client.len < all.len;
	w.identity = token_at(p, end);
	p += w.identity.len;
	if (!s->sure && !is_client(w.client, w.identity)) {
		scan_fail(s, CLIENT, w.client.p, "client address");
		return NULL;
	}
	if (p == end) {
		scan_fail(s, IDENTITY, p, "identity");
		return NULL;
	}
	if ((behind = find_time(++p, end, s, &t, &before)) == NULL) {
		w.user = token_at(p, end);
		scan_fail(s, TIME, p + w.user.len + (w.user.len <
		    (size_t)(end - p)), "[time");
		return NULL;
	}
	w.user = before > p ? span_to(p, before) : span_of(p, 0);
	if (w.identity.len > 1 || (w.user.len > 2 &&
	    memchr(w.user.p, ' ', w.user.len) != NULL))
		take_server(s, &w);
	add_client(s, w.client, end);
	if (has_proxies)
		add_text(s, NAME("http_x_forwarded_for"), all);
	add_text(s, NAME("identity"), w.identity);
	add_text(s, NAME("user"), w.user);
	record_add_time(s->rec, &t);
	return behind;
}

/*
 * The fields that people add after the agent, with the names that nginx has for
 * them.
 */
static const struct {
	const char *key, *name;
	bool number;
} usual[] = {
	{ "rt", "duration", true },
	{ "request_time", "duration", true },
	{ "uct", "upstream_connect_time", false },
	{ "uht", "upstream_header_time", false },
	{ "urt", "upstream_response_time", false },
	{ "ut", "upstream_response_time", false },
	{ "ua", "upstream_addr", false },
	{ "us", "upstream_status", false },
	{ "ul", "upstream_response_length", false },
	{ "cs", "upstream_cache_status", false },
};

static bool
is_upstream(struct span key)
{
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (span_is(key, usual[i].key))
			return strncmp(usual[i].name, "upstream_", 9) == 0;
	return key.len > 9 && memcmp(key.p, "upstream_", 9) == 0;
}

static void
add_usual(struct scan *s, struct span key, struct span value, enum quoted how)
{
	bool list = how != QUOTED_ESCAPED && is_upstream(key);

	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (span_is(key, usual[i].key)) {
			key = span_str(usual[i].name);
			if (usual[i].number) {
				add_number(s, key, value);
				return;
			}
		}
	if (list)
		add_list(s, key, value);
	else
		add_quoted(s, key, value, how);
}

/*
 * What nginx asked of several servers has values after ", " or " : ".  The next
 * key=value is no value of these.
 */
static struct span
upstream_at(const char *p, const char *end)
{
	struct span word = token_at(p, end);
	const char *q = word.p + word.len;

	while (q < end) {
		if (q > p && q[-1] == ',')
			word = token_at(q + 1, end);
		else if (end - q > 3 && memcmp(q, " : ", 3) == 0)
			word = token_at(q + 3, end);
		else
			break;
		if (word.len == 0 || memchr(word.p, '=', word.len) != NULL)
			break;
		q = word.p + word.len;
	}
	return span_to(p, q);
}

static bool
is_decimal(struct span s)
{
	const char *point = memchr(s.p, '.', s.len);

	return point != NULL && all_digits(span_of(s.p,
	    (size_t)(point - s.p))) && all_digits(span_of(point + 1,
	    (size_t)(s.p + s.len - point - 1)));
}

/* Some write ", " between pairs, and perhaps "," behind the last. */
static bool
is_pair_end(const char *comma, const char *end)
{
	struct span next;

	if (comma == end || *comma != ',')
		return false;
	if (comma + 1 == end)
		return true;
	next = token_at(comma + 2, end);
	return comma[1] == ' ' && memchr(next.p, '=', next.len) != NULL;
}

/* As quoted_at, but the end of a pair may be behind the closing quote, too. */
static const char *
quoted_pair_at(const char *p, const char *end, struct span *value,
    enum quoted *how)
{
	const char *quote = p, *slash;

	while ((quote = find_char(quote + 1, end, '"')) < end) {
		for (slash = quote; slash[-1] == '\\'; slash--)
			;
		if ((quote - slash) % 2 == 0 && (quote + 1 == end ||
		    quote[1] == ' ' || is_pair_end(quote + 1, end)))
			return quoted_at(p, quote + 1, value, how);
	}
	return NULL;
}

/*
 * Reads key=value or key="value" at p.  Returns where the text goes on, or
 * NULL.
 */
static const char *
scan_pair(struct scan *s, const char *p, const char *end)
{
	const char *q = p;
	struct span key, value;
	enum quoted how = QUOTED_PLAIN;

	while (q < end && (is_letter(*q) || *q == '_' || is_digit(*q)))
		q++;
	key = span_of(p, (size_t)(q - p));
	if (key.len == 0 || q == end || *q++ != '=')
		return NULL;
	if (q < end && *q == '"') {
		if ((q = quoted_pair_at(q, end, &value, &how)) == NULL)
			return NULL;
		q += is_pair_end(q, end);
	} else {
		value = is_upstream(key) ? upstream_at(q, end) :
		    token_at(q, end);
		q += value.len;
		if (value.len > 1 && is_pair_end(q - 1, end))
			value.len--;
	}
	add_usual(s, key, value, how);
	return q;
}

/*
 * Reads $upstream_response_time at p, of one server or several.  Returns where
 * the text goes on, or NULL.
 */
static const char *
scan_upstream_times(struct scan *s, const char *p, const char *end)
{
	const char *start = p;
	struct span word;

	for (;;) {
		word = token_at(p, end);
		p += word.len;
		if (word.len > 1 && p[-1] == ',')
			word.len--;
		if (!is_decimal(word) && !span_is(word, "-"))
			return NULL;
		if (p[-1] == ',' && p < end)
			p++;
		else if (end - p > 3 && memcmp(p, " : ", 3) == 0)
			p += 3;
		else
			break;
	}
	add_list(s, NAME("upstream_response_time"), span_to(start, p));
	return p;
}

/* Reads one field after the agent.  Returns where the text goes on, or NULL. */
static const char *
scan_extra(struct scan *s, const char *p, const char *end, int n,
    bool has_times)
{
	struct span value = token_at(p, end);
	const char *q;
	enum quoted how;

	if (*p == '"' && n == 0 &&
	    (q = quoted_at(p, end, &value, &how)) != NULL) {
		add_quoted(s, NAME("http_x_forwarded_for"), value, how);
		return q;
	}
	if ((q = scan_pair(s, p, end)) != NULL)
		return q;
	if (!has_times && (is_decimal(value) || span_is(value, "-"))) {
		add_number(s, NAME("duration"), value);
		return p + value.len;
	}
	if (has_times && (span_is(value, ".") || span_is(value, "p"))) {
		record_add(s->rec, NAME("pipe"), value, FIELD_SAFE);
		return p + value.len;
	}
	return has_times ? scan_upstream_times(s, p, end) : NULL;
}

/*
 * Reads the fields after the agent: "$http_x_forwarded_for", $request_time,
 * $upstream_response_time, $pipe, key=value.  The rest becomes extra.
 */
static void
scan_extras(struct scan *s, const char *p, const char *end)
{
	bool has_times = false, has_pairs = false, quoted, pair;
	const char *q;

	for (int n = 0; p < end && *p == ' ' && p + 1 < end; n++, p = q) {
		quoted = p[1] == '"';
		if ((q = scan_extra(s, p + 1, end, n, has_times)) == NULL)
			break;
		pair = memchr(p, '=', (size_t)(q - p)) != NULL;
		has_times |= !quoted && !pair;
		has_pairs |= !quoted && pair;
	}
	if (has_pairs)
		unique_names_of_layer(s->rec);
	if (end - p > 1)
		add_text(s, NAME("extra"), span_to(p + (*p == ' '), end));
}

/*
 * Reads a blank and a quoted field.  Returns where the text goes on, or NULL.
 */
static const char *
scan_quoted(struct scan *s, const char *p, const char *end, unsigned field,
    const char *expected, struct span *value, enum quoted *how)
{
	const char *behind = NULL;

	if (end - p > 1 && p[0] == ' ' && p[1] == '"')
		behind = quoted_at(p + 1, end, value, how);
	if (behind == NULL)
		scan_fail(s, field, p + (p < end), expected);
	return behind;
}

/* Adds digits, or "-". */
static void
add_count(struct scan *s, struct span name, struct span v)
{
	if (*v.p > '0' && v.len < 18)
		record_add(s->rec, name, v, FIELD_JSON);
	else
		add_number(s, name, v);
}

/*
 * Reads "-", or a number in quotes, at p.  Returns where the text goes on, or
 * NULL.
 */
static const char *
scan_odd_count(struct scan *s, const char *p, const char *end,
    struct span name, size_t digits)
{
	bool quoted = p < end && *p == '"';
	const char *start = p + quoted, *q = skip_digits(start, end);

	if (q == start && q < end && *q == '-')
		q++;
	else if (q == start || (digits > 0 && q - start != (ptrdiff_t)digits))
		return NULL;
	if (quoted && (q == end || *q != '"'))
		return NULL;
	add_count(s, name, span_to(start, q));
	q += quoted;
	return q == end || *q == ' ' ? q : NULL;
}

/*
 * Reads a blank and a number or "-".  Returns where the text goes on, or NULL.
 */
static inline const char *
scan_count(struct scan *s, const char *p, const char *end, unsigned field,
    struct span name, size_t digits)
{
	const char *q;

	if (p < end && *p == ' ') {
		q = ++p;
		while (q < end && is_digit(*q))
			q++;
		if (q > p && (q == end || *q == ' ') &&
		    (digits == 0 || q - p == (ptrdiff_t)digits)) {
			add_count(s, name, span_to(p, q));
			return q;
		}
		if ((q = scan_odd_count(s, p, end, name, digits)) != NULL)
			return q;
	}
	scan_fail(s, field, p, name.p);
	return NULL;
}

/*
 * Reads the request and the status.  Some servers write quotes in a request as
 * they are: then it ends at the quote with a status after it.
 */
static const char *
scan_answer(struct scan *s, const char *p, const char *end)
{
	struct span request, longer;
	enum quoted how;
	const char *q, *first, *next;

	p += p < end && *p == ' ';
	q = p < end && *p == '"' ? quoted_at(p, end, &request, &how) : NULL;
	if (q == NULL) {
		scan_fail(s, REQUEST, p, "\"request\"");
		return NULL;
	}
	p = request.p;
	first = q;
	while (end - q > 4 && !is_digit(q[1]) && q[1] != '-' && q[1] != '"' &&
	    (next = quoted_at(q - 1, end, &longer, &how)) != NULL) {
		q = next;
		request.len = (size_t)(q - 1 - p);
	}
	if (q > first)
		how = memchr(p, '\\', request.len) != NULL ? QUOTED_ESCAPED :
		    QUOTED_PLAIN;
	add_request(s, request, how);
	return scan_count(s, q, end, STATUS, NAME("status"), 3);
}

/*
 * Reads the text after the size: nothing, the referer and the agent, or
 * anything.
 */
static bool
scan_rest(struct scan *s, const char *p, const char *end, bool *is_combined)
{
	struct span value;
	enum quoted how;

	*is_combined = end - p > 1 && p[1] == '"';
	if (!*is_combined) {
		scan_extras(s, p, end);
		return true;
	}
	if ((p = scan_quoted(s, p, end, REFERER, "\"referer\"", &value,
	    &how)) == NULL)
		return false;
	add_quoted(s, NAME("referer"), value, how);
	if ((p = scan_quoted(s, p, end, AGENT, "\"agent\"", &value,
	    &how)) == NULL)
		return false;
	add_quoted(s, NAME("agent"), value, how);
	if (p < end)
		scan_extras(s, p, end);
	return true;
}

static bool
scan_access(struct scan *s, struct span text, bool *is_combined)
{
	const char *end = text.p + text.len, *p;
	struct timestamp t;

	if (text.len > 4 && *text.p == '[' && text.p[3] == '/') {
		p = timestamp_at(text.p + 1, end, s->zone, &t);
		if (p == NULL || p == end || *p++ != ']')
			return scan_fail(s, CLIENT, text.p, "client address");
		/* Django's runserver writes only the time */
		record_add_time(s->rec, &t);
	} else if (text.len > 1 && *text.p == '"') {
		p = text.p;		/* the line begins with the request */
	} else if ((p = scan_who(s, text.p, end)) == NULL) {
		return false;
	}
	if ((p = scan_answer(s, p, end)) == NULL)
		return false;
	*is_combined = false;
	if (p == end)
		return true;
	return (p = scan_count(s, p, end, SIZE, NAME("size"), 0)) != NULL &&
	    (p == end || scan_rest(s, p, end, is_combined));
}

static bool
scan_combined(struct scan *s, struct span text)
{
	bool is_combined = false;

	return scan_access(s, text, &is_combined) && (is_combined ||
	    scan_fail(s, REFERER, text.p + text.len, "\"referer\""));
}

/* A guess tries clf, which reads both. */
const struct format format_combined = {
	.name = "combined",
	.description = "Apache's and nginx's combined access log",
	.example = "192.0.2.1 - bob [29/Jun/2021:10:05:03 +0000] "
	    "\"GET / HTTP/1.1\" 200 5 \"-\" \"curl/7.74.0\"",
	.first = "", .scan = scan_combined,
	.status = "status",
};

/* A guess may turn out to be combined. */
static bool
scan_clf(struct scan *s, struct span text)
{
	bool is_combined = false;

	if (!scan_access(s, text, &is_combined))
		return false;
	if (s->sure && is_combined)
		return scan_fail(s, REFERER, text.p, "end of line");
	if (is_combined)
		s->format = &format_combined;
	return true;
}

const struct format format_clf = {
	.name = "clf", .description = "Apache's common log format",
	.example = "192.0.2.1 - bob [29/Jun/2021:10:05:03 +0000] "
	    "\"GET / HTTP/1.1\" 200 5",
	.first = "0a:-[\"", .distinct = true, .undated = true, .scan = scan_clf,
	.status = "status",
};
