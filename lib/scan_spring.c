/*
 * spring: logback as Spring Boot sets it up, and logback's own patterns
 *
 *	2021-06-29 10:05:03.123  INFO 1234 --- [  main] c.e.App  : message
 *	2021-06-29 10:05:03.123 [main] INFO  c.e.App - message
 *	10:05:03.123 [main] INFO  c.e.App -- message
 */
#include "scanning.h"

enum { STAMP = 1, LEVEL, PID, THREAD, LOGGER, DAY_S = 86400 };

static bool
is_level(struct span s)
{
	static const char *const levels[] = { "TRACE", "DEBUG", "INFO", "WARN",
	    "ERROR", "FATAL" };

	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (span_is(s, levels[i]))
			return true;
	return false;
}

/* A time, or one without its day: then the nearest.  Behind it, or NULL. */
static const char *
scan_stamp(struct scan *s, const char *p, const char *end,
    struct timestamp *t)
{
	const char *q = timestamp_iso(p, end, s->zone, t);
	int64_t sec, local;

	if (q != NULL || (q = timestamp_clock(p, end, &sec, t)) == NULL ||
	    t->digits == 0)
		return q;
	local = 2 * s->zone->near - zone_to_utc(s->zone, s->zone->near);
	local += DAY_S / 2 - sec;
	local -= (local % DAY_S + DAY_S) % DAY_S;
	t->sec = zone_to_utc(s->zone, local + sec);
	return q;
}

/* "[  main]" at p; what is behind it and blanks, or NULL. */
static const char *
bracketed(const char *p, const char *end, struct span *inside)
{
	const char *close;

	if (p == end || *p != '[' ||
	    (close = memchr(p, ']', (size_t)(end - p))) == NULL)
		return NULL;
	p = skip_spaces(p + 1, close);
	*inside = span_to(p, close);
	while (inside->len > 0 && inside->p[inside->len - 1] == ' ')
		inside->len--;
	return skip_spaces(close + 1, end);
}

/* "c.e.App  : message" or "c.e.App - message" at p. */
static bool
scan_rest(struct scan *s, const char *p, const char *end, const char *mark)
{
	struct span logger = token_at(p, end);
	const char *q = skip_spaces(p + logger.len, end), *behind;

	if (*mark == '-' && skip(q, end, "-- ") != NULL)
		mark = "--";
	behind = skip(q, end, mark);
	if (logger.len == 0 || q == p || behind == NULL ||
	    (behind < end && *behind != ' '))
		return scan_fail(s, LOGGER, p, "logger");
	add_text(s, NAME("logger"), logger);
	record_add_message(s->rec, span_to(behind + (behind < end), end));
	return true;
}

/* Behind the level: pid --- [app] [thread] logger : message */
static bool
scan_boot(struct scan *s, const char *p, const char *end)
{
	struct span pid = token_at(p, end), first, second;
	const char *q = pid.p + pid.len;

	if (!all_digits(pid) || (q = skip(q, end, " --- ")) == NULL)
		return scan_fail(s, PID, p, "pid ---");
	add_number(s, NAME("pid"), pid);
	if ((p = bracketed(q, end, &first)) == NULL)
		return scan_fail(s, THREAD, q, "[thread]");
	if ((q = bracketed(p, end, &second)) != NULL) {
		add_text(s, NAME("appname"), first);
		first = second;
		p = q;
	}
	add_text(s, NAME("thread"), first);
	return scan_rest(s, p, end, ":");
}

bool
scan_spring(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;
	struct span level, thread = span_of(NULL, 0);
	struct timestamp t;

	if ((q = scan_stamp(s, p, end, &t)) == NULL || q == end || *q != ' ')
		return scan_fail(s, STAMP, p, "time");
	p = skip_spaces(q, end);
	if ((q = bracketed(p, end, &thread)) != NULL)
		p = q;
	level = token_at(p, end);
	if (!is_level(level))
		return scan_fail(s, LEVEL, p, "level");
	record_add_time(s->rec, &t);
	add_text(s, NAME("level"), level);
	p = skip_spaces(level.p + level.len, end);
	if (thread.p == NULL && p < end && is_digit(*p))
		return scan_boot(s, p, end);
	if (thread.p == NULL && (q = bracketed(p, end, &thread)) != NULL)
		p = q;
	if (thread.p == NULL)
		return scan_fail(s, THREAD, p, "[thread]");
	add_text(s, NAME("thread"), thread);
	return scan_rest(s, p, end, "-");
}
