/*
 * python: the logging module as people set it up, Flask, Celery, gunicorn and
 * loguru; and supervisor, which writes much the same
 *
 *	2021-06-29 10:05:03,123 - logger - LEVEL - message
 *	2021-06-29 10:05:03,123 LEVEL logger: message
 *	[2021-06-29 10:05:03,123] LEVEL in logger: message
 *	[2021-06-29 10:05:03,123: LEVEL/thread] message
 *	[2021-06-29 10:05:03 +0000] [pid] [LEVEL] message
 *	2021-06-29 10:05:03.123 | LEVEL    | logger:function:line - message
 *	LEVEL:logger:message
 */
#include "format/json_object.h"
#include "format/scan_util.h"

enum { STAMP = 1, LEVEL, LOGGER };

static bool
is_level(struct span s)
{
	static const struct span levels[] = {
	    { "DEBUG", 5 }, { "INFO", 4 }, { "WARNING", 7 }, { "ERROR", 5 },
	    { "CRITICAL", 8 }, { "WARN", 4 }, { "FATAL", 5 }, { "TRACE", 5 },
	    { "SUCCESS", 7 },
	};

	for (size_t i = 0; s.len > 3 &&
	     i < sizeof levels / sizeof levels[0]; i++)
		if (*s.p == *levels[i].p && span_eq(s, levels[i]))
			return true;
	return false;
}

/* Returns the capitals at p. */
static struct span
word_at(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q >= 'A' && *q <= 'Z')
		q++;
	return span_to(p, q);
}

static bool
add_rest(struct scan *s, struct span level, const char *p, const char *end)
{
	add_text(s, NAME("level"), level);
	add_message_and_object(s, span_to(p, end));
	return true;
}

/* Reads "logger - LEVEL - message" or "LEVEL - message". */
static bool
scan_dashes(struct scan *s, const char *p, const char *end,
    const struct timestamp *t)
{
	struct span level = word_at(p, end);
	const char *q = p, *dash;

	if (is_level(level) && (q = skip(level.p + level.len, end, " - ")) !=
	    NULL) {
		record_add_time(s->rec, t);
		return add_rest(s, level, q, end);
	}
	dash = memmem(p, (size_t)(end - p), " - ", 3);
	if (dash == NULL)
		return scan_fail(s, LOGGER, p, "logger - LEVEL");
	level = word_at(dash + 3, end);
	q = skip(level.p + level.len, end, " - ");
	if (!is_level(level) || q == NULL)
		return scan_fail(s, LEVEL, dash + 3, "LEVEL -");
	record_add_time(s->rec, t);
	add_text(s, NAME("logger"), span_to(p, dash));
	return add_rest(s, level, q, end);
}

/* Reads "LEVEL    | logger:function:line - message". */
static bool
scan_loguru(struct scan *s, const char *p, const char *end,
    const struct timestamp *t)
{
	struct span level = word_at(p, end), where;
	const char *q = skip_spaces(level.p + level.len, end), *colon, *name;

	if (!is_level(level) || (q = skip(q, end, "| ")) == NULL)
		return scan_fail(s, LEVEL, p, "LEVEL |");
	where = token_at(q, end);
	colon = memrchr(where.p, ':', where.len);
	name = memchr(where.p, ':', where.len);
	p = where.p + where.len;
	if (colon == NULL || name == colon || (q = skip(p, end, " - ")) == NULL)
		return scan_fail(s, LOGGER, where.p, "logger:function:line -");
	record_add_time(s->rec, t);
	add_text(s, NAME("logger"), span_to(where.p, name));
	add_text(s, NAME("function"), span_to(name + 1, colon));
	add_number(s, NAME("line"), span_to(colon + 1, p));
	return add_rest(s, level, q, end);
}

/*
 * Reads "LEVEL in logger: message", "LEVEL logger: message" or "LEVEL message".
 */
static bool
scan_level_first(struct scan *s, const char *p, const char *end,
    const struct timestamp *t)
{
	struct span level = word_at(p, end), logger;
	const char *q = level.p + level.len, *in;

	if (!is_level(level) || (q < end && *q != ' ' && *q != ':'))
		return scan_fail(s, LEVEL, p, "LEVEL");
	q = skip_spaces(q + (q < end && *q == ':'), end);
	if (!s->sure && q < end && *q == '[' && p[-1] != ']' && p[-2] != ']')
		return scan_fail(s, LOGGER, q, "logger or message");
	record_add_time(s->rec, t);
	if ((in = skip(q, end, "in ")) != NULL)
		q = in;
	logger = token_at(q, end);
	if (logger.len > 1 && logger.p[logger.len - 1] == ':' &&
	    memchr(logger.p, '/', logger.len) == NULL) {
		add_text(s, NAME("logger"), span_of(logger.p, logger.len - 1));
		q = skip_spaces(logger.p + logger.len, end);
	}
	return add_rest(s, level, q, end);
}

/*
 * Reads "[pid] [LEVEL] message", as gunicorn writes, or "[LEVEL] logger:
 * message".
 */
static bool
scan_brackets(struct scan *s, const char *p, const char *end,
    const struct timestamp *t)
{
	const char *close = memchr(p, ']', (size_t)(end - p));
	struct span level, pid = NAME("");

	if (close != NULL && all_digits(span_to(p + 1, close))) {
		pid = span_to(p + 1, close);
		p = skip_spaces(close + 1, end);
		close = memchr(p, ']', (size_t)(end - p));
	}
	if (close == NULL || p == end || *p != '[' ||
	    !is_level(level = word_at(p + 1, end)) ||
	    level.p + level.len != close)
		return scan_fail(s, LEVEL, p, "[LEVEL]");
	record_add_time(s->rec, t);
	add_number(s, NAME("pid"), pid);
	return add_rest(s, level, skip_spaces(close + 1, end), end);
}

/* Reads "LEVEL/thread] message", as Celery writes after "[time: ". */
static bool
scan_celery(struct scan *s, const char *p, const char *end,
    const struct timestamp *t)
{
	struct span level = word_at(p, end);
	const char *q = level.p + level.len, *close;

	close = memchr(q, ']', (size_t)(end - q));
	if (close == NULL || *q != '/' || !is_level(level))
		return scan_fail(s, LEVEL, p, "LEVEL/thread]");
	record_add_time(s->rec, t);
	add_text(s, NAME("thread"), span_to(q + 1, close));
	return add_rest(s, level, skip_spaces(close + 1, end), end);
}

/* Reads LEVEL:logger:message. */
static bool
scan_basic(struct scan *s, const char *p, const char *end)
{
	struct span level = word_at(p, end);
	const char *q = level.p + level.len, *colon;

	if (!is_level(level) || q == end || *q != ':' ||
	    (colon = memchr(q + 1, ':', (size_t)(end - q - 1))) == NULL ||
	    memchr(q + 1, ' ', (size_t)(colon - q - 1)) != NULL)
		return scan_fail(s, LEVEL, p, "LEVEL:logger:");
	add_text(s, NAME("logger"), span_to(q + 1, colon));
	return add_rest(s, level, colon + 1, end);
}

static bool
scan_python(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;
	bool bracket = p < end && *p == '[';
	struct timestamp t;

	if (p < end && *p >= 'A' && *p <= 'Z')
		return scan_basic(s, p, end);
	if (text.len < 20 || p[4 + bracket] != '-' ||
	    (q = iso_time(s, p + bracket, end, &t)) == NULL)
		return scan_fail(s, STAMP, p, "time");
	if (bracket && (p = skip(q, end, ": ")) != NULL)
		return scan_celery(s, p, end, &t);
	if (bracket && (q = skip(q, end, "]")) == NULL)
		return scan_fail(s, STAMP, text.p, "time]");
	if ((p = skip(q, end, " - ")) != NULL)
		return scan_dashes(s, p, end, &t);
	if ((p = skip(q, end, " | ")) != NULL)
		return scan_loguru(s, p, end, &t);
	p = skip_spaces(q, end);
	if (bracket && p == q && p < end && *p == '[')
		return scan_fail(s, LEVEL, p, "a blank");	/* log4j */
	if (p < end && *p == '[')
		return scan_brackets(s, p, end, &t);
	return scan_level_first(s, p, end, &t);
}

/* Reads 2021-06-29 10:05:03,123 INFO spawned: 'x' with pid 12 */
static bool
scan_supervisor(struct scan *s, struct span text)
{
	static const char levels[] = "CRITERROWARNINFODEBGTRACBLAT";
	static const char *const begins[] = { "spawned:", "success:", "exited:",
	    "stopped:", "gave up:", "supervisord started", "daemonizing",
	    "received SIG", "waiting for", "killing ", "reaped ", "Set uid",
	    "Included extra", "RPC interface", "Increased ", "Supervisor ",
	    "Creating socket", "Unlinking stale", "Clearing ", "entered RUN" };
	const char *p = text.p, *end = p + text.len, *q;
	struct timestamp t;
	struct span level;
	bool known = false;

	if (text.len < 28 || p[19] != ',' ||
	    (q = iso_time(s, p, end, &t)) == NULL || *q != ' ')
		return scan_fail(s, STAMP, p, "time");
	level = token_at(q + 1, end);
	for (size_t i = 0; level.len == 4 && i + 1 < sizeof levels; i += 4)
		known |= memcmp(level.p, levels + i, 4) == 0;
	if (!known)
		return scan_fail(s, LEVEL, q + 1, "level");
	p = skip_spaces(level.p + level.len, end);
	known = s->sure || (memcmp(level.p, "INFO", 4) != 0 &&
	    memcmp(level.p, "WARN", 4) != 0);
	if (!known && (p == end || memchr("segdrwkSIRCU", *p, 12) == NULL))
		return scan_fail(s, LOGGER, p, "what supervisord says");
	for (size_t i = 0; !known && i < sizeof begins / sizeof begins[0]; i++)
		known |= p < end && *p == *begins[i] &&
		    skip(p, end, begins[i]) != NULL;
	if (!known)
		return scan_fail(s, LOGGER, p, "what supervisord says");
	record_add_time(s->rec, &t);
	return add_rest(s, level, p, end);
}

const struct format format_supervisor = {
	.name = "supervisor", .description = "supervisord",
	.example = "2021-06-29 10:05:03,123 INFO spawned: 'x' with pid 12",
	.first = "0", .leveled = true, .scan = scan_supervisor,
};

const struct format format_python = {
	.name = "python",
	.description = "Python's logging, Flask, Celery, gunicorn, loguru",
	.example = "2021-06-29 10:05:03,123 - logger - ERROR - text",
	.first = "0[a", .leveled = true, .scan = scan_python, .nests_answers = true,
	.status = "status",
};
