/*
 * postgres: PostgreSQL's log with the usual values of log_line_prefix
 *
 *	2021-06-29 10:05:03.123 UTC [1234] LOG:  message
 *	2021-06-29 10:05:03.123 UTC [1234] user@database ERROR:  message
 *	2021-06-29 10:05:03 UTC:10.0.0.1(5432):user@database:[1234]:LOG:  message
 */
#include "scanning.h"

enum { STAMP = 1, PID, USER, LEVEL };

static bool
is_level(struct span s)
{
	static const char *const levels[] = { "LOG", "ERROR", "FATAL", "PANIC",
	    "WARNING", "NOTICE", "INFO", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3",
	    "DEBUG4", "DEBUG5", "DETAIL", "HINT", "STATEMENT", "CONTEXT",
	    "QUERY", "LOCATION", "BACKTRACE" };

	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (span_is(s, levels[i]))
			return true;
	return false;
}

/* An abbreviation behind the time stands for the zone that --tz says. */
static const char *
skip_zone(const char *p, const char *end)
{
	const char *q = p + (p < end && *p == ' ');

	if (q == end || *q < 'A' || *q > 'Z')
		return p;
	while (q < end && *q >= 'A' && *q <= 'Z')
		q++;
	return q;
}

static void
add_user(struct scan *s, struct span who)
{
	const char *sign = memchr(who.p, '@', who.len), *end = who.p + who.len;

	add_text(s, NAME("user"), span_to(who.p, sign != NULL ? sign : end));
	if (sign != NULL)
		add_text(s, NAME("database"), span_to(sign + 1, end));
}

/* "10.0.0.1(5432):user@database:" at p, as Amazon RDS writes. */
static const char *
scan_rds(struct scan *s, const char *p, const char *end)
{
	const char *colon = memchr(p, ':', (size_t)(end - p)), *open;

	if (colon == NULL)
		return NULL;
	open = memchr(p, '(', (size_t)(colon - p));
	add_text(s, NAME("client"), span_to(p, open != NULL ? open : colon));
	if (open != NULL && colon[-1] == ')')
		add_text(s, NAME("client_port"), span_to(open + 1, colon - 1));
	p = colon + 1;
	if ((colon = memchr(p, ':', (size_t)(end - p))) == NULL)
		return NULL;
	add_user(s, span_to(p, colon));
	return colon + 1;
}

bool
scan_postgres(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q, *colon;
	struct timestamp t;
	struct span word;

	q = text.len > 20 && p[10] == ' ' ? timestamp_iso(p, end, s->zone, &t) :
	    NULL;
	if (q == NULL)
		return scan_fail(s, STAMP, p, "time");
	record_add_time(s->rec, &t);
	p = skip_zone(q, end);
	if (p < end && *p == ':' && (p = scan_rds(s, p + 1, end)) == NULL)
		return scan_fail(s, USER, q, "user@database");
	if (p < end && *p == ' ')
		p++;
	q = memchr(p, ']', (size_t)(end - p));
	word = span_to(p + 1, q != NULL ? q : p + 1);
	if (p == end || *p != '[' || !is_digit(p[1]) || q == NULL ||
	    word.len > 20)
		return scan_fail(s, PID, p, "[pid]");
	if ((colon = memchr(word.p, '-', word.len)) != NULL)	/* [12-1] */
		word.len = (size_t)(colon - word.p);
	add_number(s, NAME("pid"), word);
	p = q + 1;
	p += p < end && *p == ':';
	p = skip_spaces(p, end);
	for (word = token_at(p, end);; word = token_at(p, end)) {
		if (word.len > 1 && word.p[word.len - 1] == ':' &&
		    is_level(span_of(word.p, word.len - 1)))
			break;
		if (memchr(word.p, '@', word.len) == NULL)
			return scan_fail(s, LEVEL, p, "LEVEL:");
		add_user(s, word);
		p = skip_spaces(word.p + word.len, end);
	}
	add_text(s, NAME("level"), span_of(word.p, word.len - 1));
	p = skip_spaces(word.p + word.len, end);
	record_add_message(s->rec, span_to(p, end));
	return true;
}
