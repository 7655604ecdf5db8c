#include "servererror.h"

#include <ctype.h>

#include "json.h"
#include "statusscan.h"

enum { NESTING = 4 };		/* envelopes within envelopes */

/* What a rule says of a line. */
enum verdict { UNKNOWN, SUCCESS, FAILURE };

static enum verdict judge(struct span line, const char **rule, int depth);

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A number of exactly three digits starts at p, and a status may end so. */
static bool
is_status(const char *p, const char *end)
{
	return end - p >= 3 && isdigit((unsigned char)p[0]) &&
	    isdigit((unsigned char)p[1]) && isdigit((unsigned char)p[2]) &&
	    (end - p == 3 || (p[3] != '\0' && strchr("\t\r \"'),;]|}\\",
	    p[3]) != NULL));
}

static enum verdict
verdict_of(const char *status)
{
	return *status == '5' ? FAILURE : SUCCESS;
}

static bool
starts(const char *p, const char *end, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(end - p) >= n && memcmp(p, s, n) == 0;
}

static bool
ends(const char *start, const char *p, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(p - start) >= n && memcmp(p - n, s, n) == 0;
}

/* Behind a request method (GET, REPORT, M-SEARCH) and a blank; or NULL. */
static const char *
skip_method(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && (isupper((unsigned char)*p) || *p == '-'))
		p++;
	return p - start >= 3 && p - start <= 20 && p < end && is_blank(*p) ?
	    p + 1 : NULL;
}

/* Behind a number, whole or with a fraction; p if there is none. */
static const char *
behind_number(const char *p, const char *end)
{
	while (p < end && isdigit((unsigned char)*p))
		p++;
	if (end - p >= 2 && *p == '.' && isdigit((unsigned char)p[1]))
		for (p++; p < end && isdigit((unsigned char)*p); p++)
			;
	return p;
}

/* A token of digits and the blanks behind it; false when *p is none. */
static bool
skip_number(const char **p, const char *end)
{
	const char *s = *p;

	while (s < end && isdigit((unsigned char)*s))
		s++;
	if (s == *p || (s < end && !is_blank(*s) && *s != '\r'))
		return false;
	while (s < end && is_blank(*s))
		s++;
	*p = s;
	return true;
}

/*
 * The quote that ends the request which begins at p.  Some servers leave
 * quotes in the request as they are, so a status, - or another quoted field
 * must follow, or the line end.
 */
static const char *
end_of_request(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"' && (p + 1 == end || (is_blank(p[1]) &&
		    p + 2 < end && (isdigit((unsigned char)p[2]) ||
		    p[2] == '-' || p[2] == '"'))))
			return p;
	}
	return NULL;
}

/* Two numbers stand before p, as the bytes of a load balancer's line. */
static bool
follows_sizes(const char *start, const char *p)
{
	for (int i = 0; i < 2; i++) {
		if (p == start || *--p != ' ' || p == start ||
		    !isdigit((unsigned char)p[-1]))
			return false;
		while (p > start && isdigit((unsigned char)p[-1]))
			p--;
	}
	return p > start && p[-1] == ' ';
}

/*
 * CLF, combined and their many relatives: [time] "request" status, whatever
 * the request is, or "METHOD target ..." status.  Where another quoted field
 * follows, such as an agent, the status is elsewhere; behind a load balancer's
 * request the agent may look like one.
 */
static enum verdict
judge_access(struct span line)
{
	const char *end = line.p + line.len, *p = line.p, *q, *status;
	bool after_time, quoted;

	for (; (p = memchr(p, '"', (size_t)(end - p))) != NULL; p = q) {
		after_time = ends(line.p, p, "] ");
		q = p + 1;
		if (!after_time && skip_method(q, end) == NULL)
			continue;
		if ((q = end_of_request(q, end)) == NULL || end - q < 5)
			break;
		quoted = q[2] == '"';
		if (quoted && follows_sizes(line.p, p))
			break;
		status = q + 2 + quoted;
		if (is_status(status, end) && (!quoted ||
		    starts(status + 3, end, "\"")))
			return verdict_of(status);
		if (q[2] == '-')	/* no status, as in "request" - 0 */
			return SUCCESS;
	}
	return UNKNOWN;
}

static bool
is_any(struct span s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_is(s, *words))
			return true;
	return false;
}

static bool
is_status_key(struct span key)
{
	static const char *const names[] = {
		"status", "status_code", "statusCode", "http_status",
		"response_status", "response_code", "responseStatus",
		"sc-status", "sc_status", "elb_status_code",
		"DownstreamStatus", "OriginStatus", NULL
	};

	return is_any(key, names);
}

static bool
holds_status(struct span key)
{
	static const char *const names[] = {
		"http", "request", "response", "res", "resp", "httpRequest",
		NULL
	};

	return is_any(key, names);
}

/* A key such as http.response.status_code, or just status. */
static bool
is_status_path(struct span key)
{
	const char *dot;

	while ((dot = memchr(key.p, '.', key.len)) != NULL) {
		if (!holds_status(span_of(key.p, (size_t)(dot - key.p))))
			return false;
		key = span_of(dot + 1, key.len - (size_t)(dot + 1 - key.p));
	}
	return is_status_key(key);
}

/* A line in an envelope: Docker's, journald's, fluentd's, a record's. */
static bool
is_message_key(struct span key)
{
	static const char *const names[] = {
		"log", "message", "msg", "MESSAGE", NULL
	};

	return is_any(key, names);
}

static enum verdict
judge_message(const struct json_value *v, const char **rule, int depth)
{
	struct buf b = { 0 };
	struct span line = v->text;
	enum verdict verdict = UNKNOWN;

	if (v->escaped && json_decode(&b, v) == 0)
		line = buf_span(&b);
	while (line.len > 0 && line.p[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0)
		verdict = judge(line, rule, depth + 1);
	buf_free(&b);
	return verdict;
}

/* A status from 100 to 999, alone, or as a number with nothing but .0 behind. */
static bool
is_status_value(const struct json_value *v)
{
	const char *p = v->text.p, *end = p + v->text.len;

	if (end - p < 3 || !is_status(p, p + 3))
		return false;
	p += 3;
	if (v->type == JSON_NUMBER && end - p >= 2 && *p == '.')
		for (p++; p < end && *p == '0'; p++)
			;
	return p == end;
}

/* The lines that an object envelops. */
struct messages {
	struct json_value v[4];
	size_t n;
};

static enum verdict
judge_messages(const struct messages *m, const char **rule, int depth)
{
	enum verdict verdict = UNKNOWN;

	for (size_t i = 0; i < m->n && verdict != FAILURE; i++)
		verdict = judge_message(&m->v[i], rule, depth);
	return verdict;
}

/* One object, and the messages in it. */
static enum verdict
judge_object(struct span text, struct messages *messages, int depth)
{
	struct json j;
	struct json_value key, v;
	enum verdict verdict = UNKNOWN, inner;

	if (json_open(&j, text, true) < 0)
		return UNKNOWN;
	while (verdict != FAILURE && json_next(&j, &key, &v) > 0) {
		if (v.type == JSON_OBJECT) {
			if (depth < NESTING && holds_status(key.text) &&
			    (inner = judge_object(v.text, messages,
			    depth + 1)) != UNKNOWN)
				verdict = inner;
		} else if (v.type == JSON_NUMBER || v.type == JSON_STRING) {
			if (is_status_path(key.text)) {
				if (is_status_value(&v))
					verdict = verdict_of(v.text.p);
			} else if (depth == 0 && v.type == JSON_STRING &&
			    is_message_key(key.text) && messages->n <
			    sizeof messages->v / sizeof *messages->v) {
				messages->v[messages->n++] = v;
			}
		}
	}
	return verdict;
}

/* An object that stands behind any prefix. */
static enum verdict
judge_json(struct span line, const char **rule, int depth)
{
	const char *end = line.p + line.len, *p = line.p, *q;
	struct messages messages = { .n = 0 };
	enum verdict verdict;

	while ((p = memchr(p, '{', (size_t)(end - p))) != NULL) {
		for (q = p + 1; q < end && is_blank(*q); q++)
			;
		if (q < end && *q == '"')
			break;
		p++;
	}
	if (p == NULL)
		return UNKNOWN;
	verdict = judge_object(span_of(p, (size_t)(end - p)), &messages, 0);
	if (verdict == UNKNOWN && messages.n > 0 && depth < NESTING)
		return judge_messages(&messages, rule, depth);
	*rule = "json";
	return verdict;
}

/*
 * The status at s is the value of a key, status=503 or status="503", which is
 * not in somebody's string; quoted: an odd number of quotes is before s.
 */
static bool
is_logfmt(struct span line, const char *s, bool quoted)
{
	const char *p = s, *key;

	if (p > line.p && p[-1] == '"') {
		p--;
		quoted = !quoted;
	}
	if (quoted || p == line.p || p[-1] != '=')
		return false;
	key = --p;
	while (key > line.p && !is_blank(key[-1]) && key[-1] != ',' &&
	    key[-1] != '{' && key[-1] != '=' && key[-1] != '"')
		key--;
	if (key > line.p && (key[-1] == '=' || key[-1] == '"'))
		return false;
	return is_status_path(span_of(key, (size_t)(p - key)));
}

/* A line that may hold many numbers, and what was found in it before. */
struct text {
	const char *start, *end;
	const char *gin, *paren, *took, *from, *in;	/* see seek */
	const char *data, *data_end;	/* see in_data */
};

/*
 * The first word at or behind p, or end.  It is looked for once, however often
 * it is asked for from further and further on: *found, NULL at first, keeps it.
 */
static const char *
seek(const char **found, const char *p, const char *end, const char *word)
{
	if (*found == NULL || *found < p)
		*found = memmem(p, (size_t)(end - p), word, strlen(word));
	if (*found == NULL)
		*found = end;
	return *found;
}

/* Behind [id@number key="value" ...] at p, and what follows of its kind. */
static const char *
skip_data(const char *p, const char *end)
{
	const char *id, *s;
	bool quoted;

	for (; p < end && *p == '['; p = s + 1) {
		for (id = s = p + 1; s < end && !is_blank(*s) &&
		    memchr("=]\"[", *s, 4) == NULL; s++)
			;
		if (memchr(id, '@', (size_t)(s - id)) == NULL)
			return p;
		for (quoted = false; s < end && (quoted || *s != ']'); s++) {
			if (*s == '\\' && s + 1 < end)
				s++;
			else if (*s == '"')
				quoted = !quoted;
		}
		if (s >= end)
			return end;
	}
	return p;
}

/* s is in syslog's structured data, which is looked for once in a line. */
static bool
in_data(struct text *t, const char *s)
{
	const char *p = t->start, *end = t->end;

	if (t->data == NULL) {
		t->data = t->data_end = end;
		for (; (p = memchr(p, '[', (size_t)(end - p))) != NULL; p++)
			if ((t->data_end = skip_data(p, end)) > p) {
				t->data = p;
				break;
			}
	}
	return s > t->data && s < t->data_end;
}

/* HAProxy: backend/server Tq/Tw/Tc/Tr/Tt status bytes. */
static bool
is_haproxy(struct text *t, const char *s)
{
	const char *end = t->end, *p = s - 1, *after = s + 4;
	int slashes = 0;

	if (p <= t->start || *p != ' ')
		return false;
	for (; p > t->start && !is_blank(p[-1]); p--) {
		if (p[-1] == '/')
			slashes++;
		else if (!isdigit((unsigned char)p[-1]) && p[-1] != '-' &&
		    p[-1] != '+')
			return false;
	}
	if (after < end && *after == '+')
		after++;
	return slashes == 4 && skip_number(&after, end);
}

/* uWSGI: ... in 15 msecs (HTTP/1.1 500) 2 headers ... */
static bool
is_uwsgi(struct text *t, const char *s)
{
	const char *end = t->end, *p = s - 1;

	if (s + 3 == end || s[3] != ')' || p <= t->start || *p != ' ')
		return false;
	while (p > t->start && !is_blank(p[-1]))
		p--;
	return starts(p, end, "(HTTP/");
}

/*
 * ALB and classic ELB: three times in seconds, elb_status, target_status or -,
 * two numbers of bytes, "request".
 */
static bool
is_elb(struct text *t, const char *s)
{
	const char *end = t->end, *p = s, *after = s + 3;

	for (int i = 0; i < 3; i++) {
		if (p == t->start || *--p != ' ')
			return false;
		while (p > t->start && (isdigit((unsigned char)p[-1]) ||
		    p[-1] == '.' || p[-1] == '-'))
			p--;
	}
	if (after >= end || *after++ != ' ')
		return false;
	if (starts(after, end, "- "))
		after += 2;
	else if (!skip_number(&after, end))
		return false;
	return skip_number(&after, end) && skip_number(&after, end) &&
	    after < end && *after == '"';
}

/* Rails: Completed 500 Internal Server Error in 5ms */
static bool
is_rails(struct text *t, const char *s)
{
	const char *end = t->end, *p, *ms;

	if (!ends(t->start, s, "Completed ") ||
	    (p = seek(&t->took, s + 3, end, " in ")) == end)
		return false;
	ms = behind_number(p += 4, end);
	return ms > p && starts(ms, end, "ms");
}

/* Gin: 2021/06/29 - 10:05:03 | 500 |  1.2ms | 127.0.0.1 | GET "/" */
static bool
is_gin(struct text *t, const char *s)
{
	return ends(t->start, s, "| ") && starts(s + 3, t->end, " |") &&
	    seek(&t->gin, t->start, t->end, "[GIN]") < t->end;
}

/* Tornado: 500 GET /path (127.0.0.1) 1.23ms */
static bool
is_tornado(struct text *t, const char *s)
{
	const char *end = t->end, *p;

	while (end > s && (is_blank(end[-1]) || end[-1] == '\r'))
		end--;
	return s + 4 < end && s[3] == ' ' &&
	    (p = skip_method(s + 4, end)) != NULL && p < end && *p == '/' &&
	    ends(p, end, "ms") && isdigit((unsigned char)end[-3]) &&
	    seek(&t->paren, p, t->end, " (") < end;
}

/* 12.3 ms - 22, or 22 - 12.3 ms; - for what is not known */
static bool
is_morgan_end(const char *p, const char *end)
{
	int ms = 0;

	for (int i = 0; i < 2; i++) {
		const char *n = *p == '-' ? p + 1 : behind_number(p, end);

		if (n == p)
			return false;
		p = n;
		if (starts(p, end, " ms")) {
			ms++;
			p += 3;
		}
		if (i == 0 && !starts(p, end, " - "))
			return false;
		p += i == 0 ? 3 : 0;
		if (i == 0 && p == end)
			return false;
	}
	return ms == 1 && (p == end || is_blank(*p) || *p == '\r');
}

/* The start of the token that ends at p, which is behind start. */
static const char *
token_before(const char *start, const char *p)
{
	while (p > start && !is_blank(p[-1]))
		p--;
	return p;
}

/*
 * morgan: GET /path 500 12.3 ms - 22, and GET /path 500 22 - 12.3 ms, with or
 * without a protocol
 */
static bool
is_morgan(struct text *t, const char *s)
{
	const char *end = t->end, *p = s - 1;

	if (p <= t->start || *p != ' ' || end - s < 9 || s[3] != ' ' ||
	    !is_morgan_end(s + 4, end))
		return false;
	p = token_before(t->start, p);
	if (starts(p, end, "HTTP/") && p > t->start)
		p = token_before(t->start, p - 1);
	if (*p != '/' || p == t->start)
		return false;
	for (s = --p; s > t->start && isupper((unsigned char)s[-1]); s--)
		;
	return skip_method(s, end) == p + 1;
}

/* chi: "GET http://host/ HTTP/1.1" from 127.0.0.1:1234 - 500 22B in 1ms */
static bool
is_chi(struct text *t, const char *s)
{
	const char *end = t->end;

	return ends(t->start, s, " - ") && starts(s + 3, end, " ") &&
	    seek(&t->from, t->start, end, "\" from ") < s &&
	    seek(&t->in, s, end, "B in ") < end;
}

/* A W3C line: behind its date and time and the blank there, or NULL. */
static const char *
skip_w3c_time(const char *p, const char *end)
{
	static const char form[] = "0000-00-00 00:00:00 ";

	for (const char *f = form; *f != '\0'; f++, p++)
		if (p == end || (*f == '0' ? !isdigit((unsigned char)*p) :
		    *f == ' ' ? !is_blank(*p) : *p != *f))
			return NULL;
	return p;
}

static const char *
skip_field(const char *p, const char *end)
{
	while (p < end && !is_blank(*p))
		p++;
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/*
 * W3C without its #Fields: date, time, ..., method, stem, perhaps query, port,
 * user, client, agent and referer, then the status and other numbers, as IIS
 * writes it.  A query or a user may be a number, too, so it is the last three
 * or more numbers in a row that begin with the status, or those at the end.
 */
static enum verdict
judge_iis(const char *stem, const char *end)
{
	const char *p = skip_field(stem, end), *run = NULL, *status = NULL;
	int n = 0;

	while (p < end) {
		if (n++ == 0)
			run = p;
		if (!skip_number(&p, end)) {
			p = skip_field(p, end);
			n = 0;
		} else if (n == 3) {
			status = run;
		}
		if (p < end && *p == '\r')
			break;
	}
	if (n > 0 && status == NULL)
		status = run;
	return status != NULL && is_status(status, end) ?
	    verdict_of(status) : UNKNOWN;
}

/* IIS, or CloudFront between tabs: ..., method, host, stem, status. */
static enum verdict
judge_w3c(struct span line)
{
	const char *end = line.p + line.len, *p = line.p, *q = NULL;

	while (p < end && (q = skip_w3c_time(p, end)) == NULL)
		p = skip_field(p, end);
	for (p = q; p != NULL && p < end; p = skip_field(p, end)) {
		if ((q = skip_method(p, end)) == NULL || q == end)
			continue;
		if (*q == '/' || starts(q, end, "* "))
			return judge_iis(q, end);
		if (q[-1] != '\t')
			continue;
		q = skip_field(q, end);
		if (q < end && *q == '/') {
			q = skip_field(q, end);
			return is_status(q, end) ? verdict_of(q) : UNKNOWN;
		}
	}
	return UNKNOWN;
}

static const struct {
	const char *name;
	bool (*is)(struct text *t, const char *status);
} rules[] = {
	{ "haproxy", is_haproxy },
	{ "uwsgi", is_uwsgi },
	{ "elb", is_elb },
	{ "rails", is_rails },
	{ "gin", is_gin },
	{ "tornado", is_tornado },
	{ "morgan", is_morgan },
	{ "chi", is_chi },
};

/* Go on to s, with *quoted: whether it is inside quotes. */
static void
follow_quotes(const char **p, const char *s, bool *quoted)
{
	for (; *p < s; ++*p) {
		if (**p == '\\')
			++*p;
		else if (**p == '"')
			*quoted = !*quoted;
	}
}

/* The rules that look at a number and what stands around it. */
static enum verdict
judge_numbers(struct span line, const char **rule)
{
	const char *end = line.p + line.len, *s = line.p, *p = line.p;
	struct text text = { .start = line.p, .end = end };
	bool quoted = false;

	for (; (s = status_scan(s, end)) < end; s += 3) {
		if (!is_status(s, end))
			continue;
		follow_quotes(&p, s, &quoted);
		*rule = "logfmt";
		if (is_logfmt(line, s, quoted) && !in_data(&text, s))
			return FAILURE;
		for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
			*rule = rules[i].name;
			if (rules[i].is(&text, s))
				return FAILURE;
		}
	}
	return UNKNOWN;
}

static enum verdict
judge(struct span line, const char **rule, int depth)
{
	enum verdict verdict;

	*rule = "access";
	if ((verdict = judge_access(line)) != UNKNOWN ||
	    (verdict = judge_json(line, rule, depth)) != UNKNOWN ||
	    (verdict = judge_numbers(line, rule)) != UNKNOWN)
		return verdict;
	*rule = "w3c";
	return judge_w3c(line);
}

/* "#Fields: date time ... sc-status ...", which holds from here on. */
static void
read_fields(struct server_errors *e, struct span line)
{
	static const char name[] = "sc-status";
	const char *end = line.p + line.len, *p, *s;

	e->columns = e->status = 0;
	for (p = line.p + strlen("#Fields:"); p < end && is_blank(*p); p++)
		;
	for (; p < end && *p != '\r'; p = skip_field(p, end)) {
		e->columns++;
		s = p + strlen(name);
		if (starts(p, end, name) && (s == end || is_blank(*s) ||
		    *s == '\r'))
			e->status = e->columns;
	}
	if (e->status == 0)
		e->columns = 0;
}

/* By the status field, if the line has all the fields. */
static enum verdict
judge_fields(const struct server_errors *e, struct span line)
{
	const char *end = line.p + line.len, *p = line.p, *status = end;
	char blank = memchr(p, '\t', line.len) != NULL ? '\t' : ' ';
	size_t n = 0;

	while (p != NULL && n++ < e->columns) {
		if (n == e->status)
			status = p;
		if ((p = memchr(p, blank, (size_t)(end - p))) != NULL)
			p++;
	}
	return p == NULL && n == e->columns && is_status(status, end) ?
	    verdict_of(status) : UNKNOWN;
}

static const char *
judge_line(struct server_errors *e, struct span line)
{
	const char *end = line.p + line.len, *rule = "w3c";
	enum verdict verdict = UNKNOWN;

	if (starts(line.p, end, "#Fields:"))
		read_fields(e, line);
	else if (e->columns > 0)
		verdict = judge_fields(e, line);
	if (verdict == UNKNOWN)
		verdict = judge(line, &rule, 0);
	return verdict == FAILURE ? rule : NULL;
}

const char *
server_errors_next(struct server_errors *e, struct span block,
    struct span *line)
{
	const char *end = block.p + block.len, *p = block.p, *s, *lf, *rule;

	while (p < end && (s = *p == '#' ? p : status_scan(p, end)) < end) {
		lf = memrchr(p, '\n', (size_t)(s - p));
		p = lf != NULL ? lf + 1 : p;
		lf = memchr(s, '\n', (size_t)(end - s));
		*line = span_of(p, (size_t)((lf != NULL ? lf : end) - p));
		buf_clear(&e->line);
		rule = buf_addspan(&e->line, *line) < 0 ? NULL :
		    judge_line(e, buf_span(&e->line));
		line->len += lf != NULL;
		if (rule != NULL)
			return rule;
		p += line->len;
	}
	return NULL;
}
