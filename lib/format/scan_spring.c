/*
 * spring: logback as Spring Boot sets it up, and logback's own patterns
 *
 *	2021-06-29 10:05:03.123  INFO 1234 --- [  main] c.e.App  : message
 *	... INFO 1234 --- [app] [main] [trace-span] c.e.App  : message
 *	... INFO [app,trace,span] 1234 --- [main] c.e.App  : message
 *	2021-06-29 10:05:03.123 [main] INFO  c.e.App - message
 *	10:05:03.123 [main] INFO  c.e.App -- message
 */
#include "format/scan_util.h"

enum { STAMP = 1, LEVEL, PID, THREAD, LOGGER };

static bool
is_level(struct span s)
{
	static const struct span levels[] = {
	    { "TRACE", 5 }, { "DEBUG", 5 }, { "INFO", 4 }, { "WARN", 4 },
	    { "ERROR", 5 }, { "FATAL", 5 },
	};

	for (size_t i = 0; s.len > 3 &&
	     i < sizeof levels / sizeof levels[0]; i++)
		if (*s.p == *levels[i].p && span_eq(s, levels[i]))
			return true;
	return false;
}

/*
 * Reads a time.  One without its day is taken for the nearest.  Returns where
 * the text goes on, or NULL.
 */
static const char *
scan_stamp(struct scan *s, const char *p, const char *end,
    struct timestamp *t)
{
	const char *q = iso_time(s, p, end, t);

	if (q == NULL)
		q = timestamp_of_day(p, end, s->zone, t);
	return q == NULL || q - p >= 12 ? q : NULL;
}

/*
 * Reads "[  main]" at p, and blanks.  Returns where the text goes on, or NULL.
 */
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

/* Splits "c.e.App  : message" or "c.e.App - message" at p. */
static bool
split_rest(struct scan *s, const char *p, const char *end, const char *mark,
    struct span *logger, struct span *message)
{
	const char *q, *behind;

	*message = span_of(end, 0);
	*logger = token_at(p, end);
	q = skip_spaces(p + logger->len, end);
	if (*mark == ':' && logger->len > 1 &&
	    logger->p[logger->len - 1] == ':')
		q = p + --logger->len;
	if (*mark == '-' && skip(q, end, "-- ") != NULL)
		mark = "--";
	behind = skip(q, end, mark);
	if (logger->len == 0 || behind == NULL ||
	    (behind < end && *behind != ' '))
		return scan_fail(s, LOGGER, p, "logger");
	*message = span_to(behind + (behind < end), end);
	return true;
}

/* Adds "name,trace,span" of Sleuth, or "trace-span" of Spring Boot 3. */
static void
add_trace(struct scan *s, struct span ids)
{
	const char *end = ids.p + ids.len;
	const char *mark = find_char(ids.p, end, ',');

	if (mark < end) {
		add_text(s, NAME("appname"), span_to(ids.p, mark));
		ids = span_to(mark + 1, end);
		mark = find_char(ids.p, end, ',');
	} else {
		mark = find_char(ids.p, end, '-');
	}
	add_text(s, NAME("trace_id"), span_to(ids.p, mark));
	if (mark < end) {
		ids = span_to(mark + 1, end);
		add_text(s, NAME("span_id"), span_to(ids.p,
		    find_char(ids.p, end, ',')));
	}
}

/*
 * Reads the text after the level: pid --- [app] [thread] [trace-span] logger :
 * message
 */
static bool
scan_boot(struct scan *s, const char *p, const char *end)
{
	struct span pid = token_at(p, end), inside[3], logger, message;
	const char *q = pid.p + pid.len;
	int n = 0;

	if (!all_digits(pid) || (q = skip(q, end, " --- ")) == NULL)
		return scan_fail(s, PID, p, "pid ---");
	add_number(s, NAME("pid"), pid);
	for (p = q; n < 3 && (q = bracketed(p, end, &inside[n])) != NULL; n++)
		p = q;
	if (n == 0)
		return scan_fail(s, THREAD, p, "[thread]");
	if (n > 1)
		add_text(s, NAME("appname"), inside[0]);
	add_text(s, NAME("thread"), inside[n > 1]);
	if (n > 2)
		add_trace(s, inside[2]);
	if (!split_rest(s, p, end, ":", &logger, &message))
		return false;
	add_text(s, NAME("logger"), logger);
	record_add_message(s->rec, message);
	return true;
}

static void
add_time_and_level(struct scan *s, const struct timestamp *t,
    struct span level)
{
	record_add_time(s->rec, t);
	add_text(s, NAME("level"), level);
}

static bool
scan_spring(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;
	struct span level, thread = span_of(NULL, 0), ids, logger, message;
	struct timestamp t;

	if ((q = scan_stamp(s, p, end, &t)) == NULL || q == end || *q != ' ')
		return scan_fail(s, STAMP, p, "time");
	p = skip_spaces(q, end);
	if ((q = bracketed(p, end, &thread)) != NULL)
		p = q;
	level = token_at(p, end);
	if (!is_level(level))
		return scan_fail(s, LEVEL, p, "level");
	p = skip_spaces(level.p + level.len, end);
	if (thread.p == NULL && p < end && is_digit(*p)) {
		add_time_and_level(s, &t, level);
		return scan_boot(s, p, end);
	}
	q = thread.p == NULL ? bracketed(p, end, &ids) : NULL;
	if (q != NULL && q < end && is_digit(*q)) {
		add_time_and_level(s, &t, level);
		add_trace(s, ids);
		return scan_boot(s, q, end);
	}
	if (q != NULL) {
		thread = ids;
		p = q;
	}
	if (thread.p == NULL)
		return scan_fail(s, THREAD, p, "[thread]");
	if (!split_rest(s, p, end, "-", &logger, &message))
		return false;
	add_time_and_level(s, &t, level);
	add_text(s, NAME("thread"), thread);
	add_text(s, NAME("logger"), logger);
	record_add_message(s->rec, message);
	return true;
}

const struct format format_spring = {
	.name = "spring", .description = "Spring Boot and logback",
	.example = "2021-06-29 10:05:03.123  INFO 7 --- [ main] c.e.App  : "
	    "text",
	.needs = "[", .first = "0", .leveled = true, .scan = scan_spring,
	.nests_answers = true,
};
