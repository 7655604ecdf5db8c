/*
 * clf and combined: the access logs of Apache, nginx and many others
 *
 *	client identity user [time] "request" status size "referer" "agent"
 *
 * with a vhost:port in front (Apache's vhost_combined) and, behind, what nginx
 * configurations usually add.
 */
#include "scanning.h"

enum { CLIENT = 1, IDENTITY, USER, TIME, REQUEST, STATUS, SIZE, REFERER, AGENT,
	MORE };

/* What is behind " [", where the time is, or NULL. */
static const char *
find_time(const char *p, const char *end, struct scan *s, struct timestamp *t,
    const char **before)
{
	const char *bracket = p, *q;

	while ((bracket = find_char(bracket, end, '[')) < end) {
		q = timestamp_clf(bracket + 1, end, s->zone, t);
		if (q == NULL)
			q = timestamp_iso(bracket + 1, end, s->zone, t);
		if (q != NULL && q < end && *q == ']' && bracket > p &&
		    bracket[-1] == ' ') {
			*before = bracket - 1;
			return q + 1;
		}
		bracket++;
	}
	return NULL;
}

/* "example.com:80" in front of a line of vhost_combined. */
static bool
is_vhost(struct span s)
{
	const char *end = s.p + s.len, *colon = find_char(s.p, end, ':');

	return colon < end && all_digits(span_to(colon + 1, end));
}

/*
 * Another log's line may hold one of these behind a date and a host: what is
 * only guessed to be a client must look like one.
 */
static bool
is_client(struct span client, struct span identity)
{
	if (client.len > 5 && client.p[4] == '-' &&
	    all_digits(span_of(client.p, 4)))
		return false;
	return span_is(identity, "-") ||
	    memchr(client.p, '.', client.len) != NULL ||
	    memchr(client.p, ':', client.len) != NULL;
}

/* An address; or some, "192.0.2.1, 10.0.0.1", as X-Forwarded-For has them. */
static struct span
addresses(const char *p, const char *end)
{
	struct span all = token_at(p, end);

	while (all.len > 0 && p[all.len - 1] == ',' && p + all.len < end)
		all.len += 1 + token_at(p + all.len + 1, end).len;
	return all;
}

/* client, identity, user and the time; what is behind them, or NULL. */
static const char *
scan_who(struct scan *s, const char *p, const char *end)
{
	struct span all = addresses(p, end), client = all, identity, user;
	const char *before, *behind, *colon;
	struct timestamp t;

	if (client.len == 0 || client.len == (size_t)(end - p)) {
		scan_fail(s, CLIENT, p, "client address");
		return NULL;
	}
	p += all.len + 1;
	client.len = (size_t)(find_char(all.p, all.p + all.len, ',') - all.p);
	identity = token_at(p, end);
	p += identity.len;
	if (!s->sure && !is_client(client, identity)) {
		scan_fail(s, CLIENT, client.p, "client address");
		return NULL;
	}
	if (p == end) {
		scan_fail(s, IDENTITY, p, "identity");
		return NULL;
	}
	if ((behind = find_time(++p, end, s, &t, &before)) == NULL) {
		user = token_at(p, end);
		scan_fail(s, TIME, p + user.len + (user.len <
		    (size_t)(end - p)), "[time");
		return NULL;
	}
	user = before > p ? span_of(p, (size_t)(before - p)) : span_of(p, 0);
	if (memchr(user.p, ' ', user.len) != NULL && is_vhost(client)) {
		colon = memrchr(client.p, ':', client.len);
		add_text(s, NAME("server_name"), span_of(client.p,
		    (size_t)(colon - client.p)));
		add_text(s, NAME("server_port"), span_of(colon + 1,
		    (size_t)(client.p + client.len - colon - 1)));
		client = identity;
		identity = token_at(user.p, before);
		user.p += identity.len + 1;
		user.len -= identity.len + 1;
	}
	add_address(s, client);
	if (memchr(all.p, ',', all.len) != NULL)
		add_text(s, NAME("http_x_forwarded_for"), all);
	add_text(s, NAME("identity"), identity);
	add_text(s, NAME("user"), user);
	record_add_time(s->rec, &t);
	return behind;
}

/* What people put behind the agent, with the names nginx has for it. */
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

static void
add_usual(struct scan *s, struct span key, struct span value, enum quoted how)
{
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (span_is(key, usual[i].key)) {
			key = span_str(usual[i].name);
			if (usual[i].number) {
				add_number(s, key, value);
				return;
			}
		}
	add_quoted(s, key, value, how);
}

static bool
is_decimal(struct span s)
{
	const char *point = memchr(s.p, '.', s.len);

	return point != NULL && all_digits(span_of(s.p,
	    (size_t)(point - s.p))) && all_digits(span_of(point + 1,
	    (size_t)(s.p + s.len - point - 1)));
}

/* key=value or key="value" at p: what is behind it, or NULL. */
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
		if ((q = quoted_at(q, end, &value, &how)) == NULL)
			return NULL;
	} else {
		value = token_at(q, end);
		q += value.len;
	}
	add_usual(s, key, value, how);
	return q;
}

/* $upstream_response_time at p, of one server or several; behind it, or NULL. */
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

/* One thing behind the agent; what is behind it, or NULL. */
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
 * Behind the agent: "$http_x_forwarded_for", $request_time,
 * $upstream_response_time, $pipe, key=value; the rest is extra.
 */
static void
scan_extras(struct scan *s, const char *p, const char *end)
{
	bool has_times = false, quoted;
	const char *q;

	for (int n = 0; p < end && *p == ' ' && p + 1 < end; n++, p = q) {
		quoted = p[1] == '"';
		if ((q = scan_extra(s, p + 1, end, n, has_times)) == NULL)
			break;
		has_times |= !quoted && memchr(p, '=', (size_t)(q - p)) == NULL;
	}
	if (end - p > 1)
		add_text(s, NAME("extra"), span_to(p + (*p == ' '), end));
}

/* A blank and a quoted field; what is behind it, or NULL. */
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

/* Digits, or "-". */
static void
add_count(struct scan *s, struct span name, struct span v)
{
	if (*v.p > '0' && v.len < 18)
		record_add(s->rec, name, v, FIELD_JSON);
	else
		add_number(s, name, v);
}

/* A blank and a number or "-"; what is behind it, or NULL. */
static const char *
scan_count(struct scan *s, const char *p, const char *end, unsigned field,
    struct span name, size_t digits)
{
	const char *start, *q;

	if (p < end && *p == ' ') {
		start = q = ++p;
		while (q < end && is_digit(*q))
			q++;
		if (q == start && q < end && *q == '-')
			q++;
		else if (digits > 0 && q - start != (ptrdiff_t)digits)
			q = start;
		if (q > start && (q == end || *q == ' ')) {
			add_count(s, name, span_to(start, q));
			return q;
		}
	}
	scan_fail(s, field, p, name.p);
	return NULL;
}

bool
scan_access(struct scan *s, struct span text)
{
	const char *end = text.p + text.len, *p;
	struct span value;
	enum quoted how;

	if ((p = scan_who(s, text.p, end)) == NULL ||
	    (p = scan_quoted(s, p, end, REQUEST, "\"request\"", &value,
	    &how)) == NULL)
		return false;
	add_request(s, value, how);
	if ((p = scan_count(s, p, end, STATUS, NAME("status"), 3)) == NULL ||
	    (p = scan_count(s, p, end, SIZE, NAME("size"), 0)) == NULL)
		return false;
	s->format = &format_clf;
	if (p == end)
		return true;
	if ((p = scan_quoted(s, p, end, REFERER, "\"referer\"", &value,
	    &how)) == NULL)
		return false;
	add_quoted(s, NAME("referer"), value, how);
	if ((p = scan_quoted(s, p, end, AGENT, "\"agent\"", &value,
	    &how)) == NULL)
		return false;
	add_quoted(s, NAME("agent"), value, how);
	s->format = &format_combined;
	scan_extras(s, p, end);
	return true;
}

bool
scan_clf(struct scan *s, struct span text)
{
	if (!scan_access(s, text))
		return false;
	if (s->sure && s->format != &format_clf)
		return scan_fail(s, REFERER, text.p, "end of line");
	return true;
}

bool
scan_combined(struct scan *s, struct span text)
{
	if (!scan_access(s, text))
		return false;
	if (s->sure && s->format != &format_combined)
		return scan_fail(s, REFERER, text.p + text.len, "\"referer\"");
	return true;
}
