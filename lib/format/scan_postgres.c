/*
 * postgres: PostgreSQL's log with the usual values of log_line_prefix
 *
 *	2021-06-29 10:05:03.123 UTC [1234] LOG:  message
 *	2021-06-29 10:05:03.123 UTC [1234] user@database ERROR:  message
 *	2021-06-29 10:05:03 UTC [7]: [1-1] user=u,db=d,client=h LOG:  message
 *	2021-06-29 10:05:03.123 UTC,"user","db",7,...,LOG,00000,"message"
 *	2021-06-29 10:05:03 UTC:10.0.0.1(5432):user@database:[1234]:LOG: message
 *	[2021-06-29 10:05:03.123 UTC] any words LOG:  message
 */
#include "format/scan_util.h"

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

/*
 * Skips an abbreviation after the time.  It stands for the zone that --tz
 * names.
 */
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

/* Adds "user", "user@database" or "user@database/program". */
static void
add_user(struct scan *s, struct span who)
{
	const char *end = who.p + who.len, *sign = find_char(who.p, end, '@');
	const char *slash = find_char(sign, end, '/');

	add_text(s, NAME("user"), span_to(who.p, sign));
	if (sign < end)
		add_text(s, NAME("database"), span_to(sign + 1, slash));
	if (slash < end)
		add_text(s, NAME("appname"), span_to(slash + 1, end));
}

/* Reads "10.0.0.1(5432):user@database:" at p, as Amazon RDS writes. */
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

/*
 * Adds "[3-1]", "user@database" or "user=u,db=d,app=a,client=h", as people
 * write for pgBadger.
 */
static bool
add_session(struct scan *s, struct span word)
{
	static const struct { struct span key, name; } keys[] = {
		{ { "user", 4 }, { "user", 4 } },
		{ { "db", 2 }, { "database", 8 } },
		{ { "app", 3 }, { "appname", 7 } },
		{ { "client", 6 }, { "client", 6 } },
	};
	const char *p = word.p, *end = p + word.len, *comma, *equals;

	if (word.len > 4 && *p == '[' && memchr(p, '-', word.len) != NULL)
		return true;
	if (memchr(p, '=', word.len) == NULL) {
		add_user(s, word);
		return memchr(p, '@', word.len) != NULL;
	}
	for (; p < end; p = comma + 1) {
		comma = find_char(p, end, ',');
		equals = find_char(p, comma, '=');
		for (size_t i = 0; equals < comma && i < 4; i++)
			if (span_eq(span_to(p, equals), keys[i].key))
				add_text(s, keys[i].name,
				    span_to(equals + 1, comma));
	}
	return true;
}

/*
 * Reads one value of CSV at p, in memory of the record.  Returns where the text
 * goes on after its comma.
 */
static const char *
csv_value(struct scan *s, const char *p, const char *end, struct span *v)
{
	char *start, *to;

	if (p == end || *p != '"') {
		*v = span_to(p, find_char(p, end, ','));
		return v->p + v->len + (v->p + v->len < end);
	}
	if ((start = to = record_room(s->rec, (size_t)(end - p))) == NULL)
		return NULL;
	for (p++; p < end && (*p != '"' || (end - p > 1 && p[1] == '"')); p++) {
		*to++ = *p;
		p += *p == '"';
	}
	if (p == end)
		return NULL;	/* the value goes on in the next line */
	*v = span_to(start, to);
	return p + 1 + (end - p > 1);
}

/*
 * Reads the CSV of log_destination = csvlog, after the time.  A value whose
 * quote is open at the end is the last one.
 */
static bool
scan_csv(struct scan *s, const char *p, const char *end)
{
	static const struct span names[] = { { "user", 4 }, { "database", 8 },
	    { "pid", 3 }, { "client", 6 }, { "session_id", 10 },
	    { "session_line", 12 }, { "command", 7 }, { "", 0 }, { "", 0 },
	    { "transaction_id", 14 }, { "level", 5 }, { "sql_state", 9 },
	    { "message", 7 }, { "detail", 6 }, { "hint", 4 },
	    { "internal_query", 14 }, { "internal_position", 17 },
	    { "context", 7 }, { "statement", 9 }, { "cursor_position", 15 },
	    { "location", 8 }, { "application_name", 16 },
	    { "backend_type", 12 }, { "leader_pid", 10 }, { "query_id", 8 } };
	enum { CSV_PID = 2, CSV_CLIENT, CSV_LEVEL = 10, CSV_MESSAGE = 12,
		NUMBERS = 1 << CSV_PID | 1 << 16 | 1 << 19 | 1 << 23 | 1 << 24 };
	const char *next;
	struct span v;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++, p = next) {
		if ((next = csv_value(s, p, end, &v)) == NULL) {
			v = span_to(p + (p < end), end);
			next = end;
		}
		if (i == CSV_PID && !all_digits(v))
			return scan_fail(s, PID, p, "pid");
		if (i == CSV_LEVEL && !is_level(v))
			return scan_fail(s, LEVEL, p, "level");
		if (i == CSV_MESSAGE)
			record_add_message(s->rec, v);
		else if (i == CSV_CLIENT)
			add_address(s, v);
		else if ((NUMBERS >> i & 1) != 0)
			add_number(s, names[i], v);
		else if (names[i].len > 0)
			add_text(s, names[i], v);
	}
	return true;
}

/* Whether a row of csvlog ends inside of a quote. */
static bool
row_goes_on(struct span line)
{
	const char *p = line.p, *end = p + line.len;
	bool open = false;

	while (p < end && (is_digit(*p) || is_letter(*p) ||
	    memchr(".:+- ", *p, 5) != NULL))
		p++;
	if (p == end || *p != ',')
		return false;
	for (; (p = find_char(p, end, '"')) < end; p++)
		open = !open;
	return open;
}

/* Whether ",", ":" or " [1" follows the time, as in each kind of line. */
static bool
may_follow_time(const char *p, const char *end)
{
	if (end - p < 3)
		return false;
	if (*p == ',' || *p == ':')
		return true;
	p += *p == ' ';
	return *p == '[' && is_digit(p[1]);
}

/*
 * Returns where the time may stand: in front, or in "[time]", "< time >" or
 * "6a5c1f4e.c time".
 */
static const char *
time_place(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;

	if (text.len < 20)
		return p;
	if (*p == '[' || *p == '<')
		return skip_spaces(p + 1, end);
	if (p[8] != '.')
		return p;
	for (q = p; q < end && (hex_digit(*q) >= 0 || q == p + 8); q++)
		;
	if (q == end || *q != ' ')
		return p;
	add_text(s, NAME("session_id"), span_to(p, q));
	return q + 1;
}

/*
 * Reads a prefix of other words than the usual: the level is behind them, in
 * front of a colon and two blanks, and a zone in front of them.
 */
static bool
scan_other_prefix(struct scan *s, const char *p, const char *end)
{
	enum { OTHER_MAX = 200 };
	size_t room = end - p < OTHER_MAX ? (size_t)(end - p) : OTHER_MAX;
	const char *colon = memmem(p, room, ":  ", 3), *level = colon, *q;
	struct span word;

	if (colon == NULL || p[-1] < 'A' || p[-1] > 'Z')
		return false;
	while (level > p && (is_letter(level[-1]) || is_digit(level[-1])))
		level--;
	if (!is_level(span_to(level, colon)))
		return false;
	while (p < level && memchr(" ]>|,;:", *p, 7) != NULL)
		p++;
	for (q = level; q > p && memchr(" |,;:-", q[-1], 6) != NULL; q--)
		;
	add_text(s, NAME("prefix"), span_to(p, q));
	for (; p < q; p = skip_spaces(word.p + word.len, q)) {
		word = token_at(p, q);
		if (memchr(word.p, '@', word.len) != NULL)
			add_user(s, word);
		else if (*p == '[' && p[word.len - 1] == ']' &&
		    all_digits(span_of(p + 1, word.len - 2)))
			add_number(s, NAME("pid"), span_of(p + 1, word.len - 2));
	}
	add_text(s, NAME("level"), span_to(level, colon));
	record_add_message(s->rec, span_to(skip_spaces(colon + 1, end), end));
	return true;
}

/* Reads one of the usual lines, from the end of the time, q, and the zone, p. */
static bool
scan_usual(struct scan *s, const char *q, const char *p, const char *end)
{
	const char *colon;
	struct span word;

	if (!may_follow_time(p, end))
		return scan_fail(s, PID, p + (p < end && *p == ' '), "[pid]");
	if (p < end && *p == ',')
		return scan_csv(s, p + 1, end);
	if (p < end && *p == ':' && (p = scan_rds(s, p + 1, end)) == NULL)
		return scan_fail(s, USER, q, "user@database");
	p += p < end && *p == ' ';
	q = memchr(p, ']', (size_t)(end - p));
	word = span_to(p + 1, q != NULL ? q : p + 1);
	if (q == NULL || *p != '[' || !is_digit(p[1]) || word.len > 20)
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
		if (!add_session(s, word))
			return scan_fail(s, LEVEL, p, "LEVEL:");
		p = skip_spaces(word.p + word.len, end);
	}
	add_text(s, NAME("level"), span_of(word.p, word.len - 1));
	p = skip_spaces(word.p + word.len, end);
	record_add_message(s->rec, span_to(p, end));
	return true;
}

static bool
scan_postgres(struct scan *s, struct span text)
{
	const char *at = time_place(s, text), *end = text.p + text.len, *q, *p;
	struct record_mark mark;
	struct timestamp t;

	q = end - at > 20 && at[10] == ' ' ? iso_time(s, at, end, &t) : NULL;
	if (q == NULL)
		return scan_fail(s, STAMP, at, "time");
	p = skip_zone(q, end);
	record_add_time(s->rec, &t);
	mark = record_mark(s->rec);
	if (at == text.p && scan_usual(s, q, p, end))
		return true;
	record_reset(s->rec, &mark);
	return scan_other_prefix(s, p, end) ||
	    (at > text.p && scan_fail(s, LEVEL, p, "LEVEL:"));
}

const struct format format_postgres = {
	.name = "postgres",
	.description = "PostgreSQL, with the usual log_line_prefix",
	.example = "2021-06-29 10:05:03.123 UTC [7] bob@db ERROR:  text",
	.first = "0a[<", .scan = scan_postgres, .goes_on = row_goes_on,
};
