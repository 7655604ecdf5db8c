/*
 * app: the lines of most programs: the time, then level, thread, logger and pid
 * in any usual order, then the message
 *
 *	29-Jun-2021 10:05:03.123 INFO [main] org.a.Catalina.start Server startup
 *	2021-06-29T10:05:03.123456Z 0 [System] [MY-010116] [Server] starting
 *	[2021-06-29T10:05:03,123][INFO ][o.e.n.Node       ] [node-1] started
 *	1:M 29 Jun 2021 10:05:03.123 * Ready to accept connections
 *	17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: Registered
 *	2021-06-29 10:05:03.1234|INFO|MyApp.Program|message
 *
 * A line that has the time in front and nothing of these is the time and the
 * message.
 */
#include "format/app_line.h"
#include "format/app_words.h"
#include "format/json_object.h"
#include "format/scan_util.h"

enum {
	PREFIX_MAX = 80, /* how many bytes may stand in front of the time */
	ITEMS_MAX = 8, /* how many parts may stand between time and message */
};

/* Whether the next word is a level, in brackets or bare. */
static bool
level_follows(const struct app *a, const char *p)
{
	struct span inside, word;

	while (p < a->end && (*p == ' ' || *p == '\t' || *p == '-'))
		p++;
	if (p < a->end && *p == '[')
		return bracket_at(p, a->end, &inside) != NULL &&
		    is_level_name(inside);
	word = word_at(p, a->end);
	if (word.len > 0 && word.p[word.len - 1] == ':')
		word.len--;
	return is_upper_level(word) || (word.len == 1 && is_level_letter(
	    *word.p));
}

/* Whether a logger follows: "c.e.App:", "c.e.App.start " or "- ". */
static bool
logger_follows(const struct app *a, const char *p)
{
	struct span word = word_at(p, a->end);

	if (word.len > 1 && word.p[word.len - 1] == ':')
		return is_letter(*word.p);
	return span_is(word, "-") || has_dots(word);
}

/* Reads a bracket after the level: the logger or the thread, or the message. */
static bool
take_bracket_behind(struct app *a, struct span inside, const char *behind)
{
	const char *next = behind;

	while (next < a->end && *next == ' ')
		next++;
	if (a->by_number) {
		a->done = true;
		return app_take(a, &a->logger, NAME("logger"), inside, behind);
	}
	if (is_error_code(inside)) {		/* MY-010116 */
		a->by_number = true;
		add_text(a->s, NAME("error_code"), inside);
		return move_to(a, behind);
	}
	if (!a->logger && (has_dots(inside) || (next < a->end && *next == '('
	    && is_logger_name(inside)) || (a->thread && a->end - next > 1 &&
	    next[0] == '-' && next[1] == ' ')))
		return app_take(a, &a->logger, NAME("logger"), inside, behind);
	if (!a->thread && logger_follows(a, next))
		return app_take(a, &a->thread, NAME("thread"), inside, behind);
	return false;
}

/* Reads "[INFO ]", "[1234]", "[main] INFO" or "[id=1] INFO". */
static bool
take_bracket(struct app *a)
{
	struct span inside;
	const char *behind = bracket_at(a->p, a->end, &inside), *past;

	if (behind == NULL || inside.len == 0)
		return false;
	past = behind + (behind < a->end && *behind == ':');
	if (!a->level && (is_level_name(inside) ||
	    (inside.len == 1 && is_level_letter(*inside.p))))
		return app_take(a, &a->level, NAME("level"), inside, past);
	if (!a->pid && all_digits(inside)) {
		add_pid(a, inside);
		return move_to(a, past);
	}
	if (a->level)
		return take_bracket_behind(a, inside, behind);
	if (!a->thread && level_follows(a, behind))
		return app_take(a, &a->thread, NAME("thread"), inside, behind);
	return false;
}

/*
 * Reads "(main)" of Quarkus, after the logger in brackets, or "<0.222.0>" of
 * Erlang.
 */
static bool
take_thread(struct app *a)
{
	struct span inside;
	const char *behind = bracket_at(a->p, a->end, &inside);

	if (behind == NULL || inside.len == 0 || a->thread)
		return false;
	if (*a->p == '(' ? !(a->level && a->logger) : !is_erlang_pid(inside))
		return false;
	a->done = *a->p == '(';
	return app_take(a, &a->thread, NAME("thread"), inside, behind);
}

/* Reads "1234 INFO", "1702  2395 D Tag:" or "0 [Note]". */
static bool
take_number(struct app *a, struct span word)
{
	const char *p = word.p + word.len;
	struct span second;

	while (p < a->end && *p == ' ')
		p++;
	if (level_follows(a, p)) {
		if (*p == '[') /* MySQL writes the thread's number here */
			app_add(a, &a->thread, NAME("thread"), word);
		else
			add_pid(a, word);
		return move_to(a, p);
	}
	second = word_at(p, a->end);
	if (!all_digits(second) || !level_follows(a, p + second.len))
		return false;
	add_pid(a, word);
	app_add(a, &a->thread, NAME("thread"), second);
	return move_to(a, p + second.len);
}

/* Reads "main.go:42:" or "x/y.go:42". */
static bool
take_file(struct app *a, struct span word)
{
	struct span file, line, function;

	if (a->file || !split_file_line(word, &file, &line, &function))
		return false;
	app_add(a, &a->file, NAME("file"), file);
	add_number(a->s, NAME("line"), line);
	add_text(a->s, NAME("function"), function);
	return move_to(a, word.p + word.len);
}

/* Reads "NOTICE[1638]", "hostd[2099]:" or "web_php[118770].ERR". */
static bool
take_name_and_pid(struct app *a, struct span word)
{
	const char *open = memchr(word.p, '[', word.len), *close;
	const char *end = word.p + word.len;
	struct span name, rest;

	if (open == NULL || open == word.p ||
	    (close = memchr(open, ']', (size_t)(end - open))) == NULL ||
	    !all_digits(span_to(open + 1, close)))
		return false;
	name = span_to(word.p, open);
	rest = span_to(close + 1, end);
	if (!a->level && is_upper_level(name)) {
		add_level(a, name);
		app_add(a, &a->thread, NAME("thread"), span_to(open + 1, close));
		return move_to(a, close + 1 + (rest.len > 0 && *rest.p == ':'));
	}
	if (a->logger || a->pid || !is_logger_name(name))
		return false;
	if (rest.len > 1 && *rest.p == '.' && !a->level &&
	    is_upper_level(span_of(rest.p + 1, rest.len - 1)))
		add_level(a, span_of(rest.p + 1, rest.len - 1));
	else if (rest.len > 0 && !span_is(rest, ":"))
		return false;
	app_add(a, &a->logger, NAME("logger"), name);
	add_pid(a, span_to(open + 1, close));
	return move_to(a, end);
}

/* Reads "production.ERROR:" of Monolog. */
static bool
take_channel(struct app *a, struct span name)
{
	const char *dot = memrchr(name.p, '.', name.len);
	struct span level;

	if (dot == NULL || dot == name.p)
		return false;
	level = span_to(dot + 1, name.p + name.len);
	if (!is_upper_level(level))
		return false;
	app_add(a, &a->logger, NAME("logger"), span_to(name.p, dot));
	a->done = true;
	return app_take(a, &a->level, NAME("level"), level,
	    level.p + level.len + 1);
}

/*
 * Reads "queries: info:" or "fail2ban.actions: NOTICE", where the logger goes
 * first.
 */
static bool
take_logger_first(struct app *a, struct span name)
{
	const char *p = name.p + name.len + 1;
	struct span word;

	while (p < a->end && *p == ' ')
		p++;
	word = word_at(p, a->end);
	if (a->logger || !is_logger_name(name) || !(is_upper_level(word) ||
	    (word.len > 1 && word.p[word.len - 1] == ':' &&
	    is_level_name(span_of(word.p, word.len - 1)))))
		return false;
	return app_take(a, &a->logger, NAME("logger"), name, p);
}

/*
 * Whether word, which is no level in capitals, is a bare level: it has a mark
 * or two blanks after it.
 */
static bool
is_bare_level(const struct app *a, struct span word)
{
	const char *behind = word.p + word.len;

	if (word.len == 1 && is_level_letter(*word.p))
		return a->end - behind > 2 && *behind == ' ' &&
		    ((behind[1] >= 'A' && behind[1] <= 'Z') ||
		    behind[1] == '[' || a->pid);
	return is_level_name(word) && a->end - behind > 2 &&
	    (*behind == '\t' || (*behind == ' ' && (behind[1] == ' ' ||
	    is_name_and_pid(word_at(behind + 1, a->end)))));
}

/*
 * Reads the text after the level: "c.e.App: ", "c.e.App.start ", "logger - ",
 * "tag  ".
 */
static bool
take_logger(struct app *a, struct span word, struct span name)
{
	const char *behind = word.p + word.len;
	bool tab = behind < a->end && *behind == '\t', bare;

	while (behind < a->end && *behind == ' ')
		behind++;
	if (behind < a->end && (*behind == 'o' || *behind == 'w') &&
	    is_odoo_database(name, word_at(behind, a->end))) {
		if (!span_is(name, "?"))
			add_text(a->s, NAME("database"), name);
		return move_to(a, behind);
	}
	bare = name.len == word.len && !tab && behind - name.p <=
	    (ptrdiff_t)name.len + 1 && skip(behind, a->end, "- ") == NULL;
	if (a->logger || !(bare ? has_dots(name) : is_logger_name(name)))
		return false;
	if (tab && (a->end - behind < 2 || behind[1] == '{'))
		return false;	/* a message with an object at its end */
	a->done = !tab;
	app_add(a, &a->logger, NAME("logger"), name);
	move_to(a, behind);
	if (a->done && a->end - a->p > 1 && (*a->p == '-' || *a->p == ':') &&
	    a->p[1] == ' ')
		move_to(a, a->p + 2);
	return true;
}

/*
 * Reads "fail2ban.actions        [123]: NOTICE", where the name has a fixed
 * width.
 */
static bool
take_wide_name(struct app *a, struct span word)
{
	const char *open = word.p + word.len, *behind;
	struct span inside;

	if (a->logger || a->end - open < 3 || (open[1] != ' ' &&
	    open[1] != '['))
		return false;
	open = skip_spaces(open, a->end);
	if (open - word.p - (ptrdiff_t)word.len < 1 ||
	    a->end - open < 2 || *open != '[' || !is_digit(open[1]) ||
	    !is_logger_name(word) ||
	    (behind = bracket_at(open, a->end, &inside)) == NULL ||
	    !all_digits(inside) || behind == a->end || *behind != ':' ||
	    !level_follows(a, behind + 1))
		return false;
	app_add(a, &a->logger, NAME("logger"), word);
	add_pid(a, inside);
	return move_to(a, behind + 1);
}

/* Reads "INFO", "INFO:", or "INFO:root:message" with no blank after it. */
static bool
take_upper_level(struct app *a, struct span word)
{
	struct span level = span_to(word.p, find_char(word.p,
	    word.p + word.len, ':'));

	if (!is_upper_level(level))
		return false;
	if (level.len == word.len && take_wide_name(a, word))
		return true;
	a->done = level.len + 1 < word.len;
	return app_take(a, &a->level, NAME("level"), level, level.p +
	    level.len + (level.len < word.len));
}

/* Reads a part that begins with neither bracket nor sign. */
static bool
take_word(struct app *a)
{
	struct span word = word_at(a->p, a->end), name = word;
	const char *last = word.p + word.len - 1;

	if (word.len > APP_NAME_MAX || word.len == 0)
		return false;
	if (!a->level && word.len > 2 && word.p[1] < 'a' &&
	    take_upper_level(a, word))
		return true;
	name.len -= *last == ':';
	if (is_digit(*word.p) && all_digits(word))
		return !a->level && !a->pid && take_number(a, word);
	if (find_either(word.p, last, ':', '[') < last &&
	    (take_file(a, word) || take_name_and_pid(a, word)))
		return true;
	if (take_wide_name(a, word))
		return true;
	if (!a->level && name.len < word.len) {
		if (is_level_name(name))
			return app_take(a, &a->level, NAME("level"), name,
			    word.p + word.len);
		return take_channel(a, name) || take_logger_first(a, name);
	}
	if (!a->level)
		return is_bare_level(a, word) && app_take(a, &a->level,
		    NAME("level"), word, word.p + word.len);
	return take_logger(a, word, name);
}

/* Reads "PHP Fatal error:  Uncaught". */
static bool
take_php(struct app *a)
{
	const char *p = skip(a->p, a->end, "PHP "), *colon;
	struct span level;

	if (p == NULL || a->level ||
	    (colon = memchr(p, ':', (size_t)(a->end - p))) == NULL)
		return false;
	level = span_to(p, colon);
	if (!is_php_level(level))
		return false;
	a->done = true;
	return app_take(a, &a->level, NAME("level"), level, colon + 1);
}

/* Skips the text between parts: "- ", "| ", "-- ", "--- ", ": ". */
static bool
skip_sign(struct app *a)
{
	const char *p = a->p;

	while (p < a->end && (*p == '-' || *p == '|' || *p == ':' ||
	    *p == ','))
		p++;
	if (p - a->p > 3 || (p < a->end && *p != ' ' &&
	    *p != '\t'))
		return false;
	return move_to(a, p);
}

/* Reads one part.  Returns false where the message begins. */
static bool
take_item(struct app *a)
{
	if (a->p == a->end)
		return false;
	switch (*a->p) {
	case '[': return take_bracket(a);
	case '(': case '<': return take_thread(a);
	case '-': case '|': case ':': case ',':
		return skip_sign(a);
	case 'P':
		if (take_php(a))
			return true;
	}
	return take_word(a);
}

/* Reads "|INFO|logger|message": a level in the first columns, then a logger. */
static bool
take_columns(struct app *a)
{
	const char *p = a->p, *bar;
	struct span column, before = span_of(NULL, 0);

	for (int i = 0; i < 3 && *p == '|' && (bar = memchr(p + 1, '|',
	    (size_t)(a->end - p - 1))) != NULL; i++, p = bar) {
		column = span_trim(span_to(p + 1, bar));
		if (!is_level_name(column)) {
			before = column;
			continue;
		}
		if (before.len > 0)
			app_add(a, &a->thread, NAME("thread"), before);
		add_level(a, column);
		p = bar + 1;
		bar = memchr(p, '|', (size_t)(a->end - p));
		column = span_trim(span_to(p, bar != NULL ? bar : p));
		if (bar != NULL && is_logger_name(column)) {
			app_add(a, &a->logger, NAME("logger"), column);
			p = bar + 1;
		}
		a->done = true;
		return move_to(a, p);
	}
	return false;
}

/* Reads " #1234]  INFO -- progname: " of Ruby, after the time. */
static bool
take_ruby(struct app *a)
{
	const char *p = a->p, *close, *colon;
	struct span level;

	if (a->end - p < 4 || *p != '#' ||
	    (close = memchr(p, ']', (size_t)(a->end - p))) == NULL ||
	    !all_digits(span_to(p + 1, close)))
		return false;
	level = word_at(skip_spaces(close + 1, a->end), a->end);
	if (!is_level_name(level) ||
	    (colon = skip(level.p + level.len, a->end, " -- ")) == NULL)
		return false;
	add_pid(a, span_to(p + 1, close));
	add_level(a, level);
	p = colon;
	if ((colon = memchr(p, ':', (size_t)(a->end - p))) != NULL) {
		app_add(a, &a->logger, NAME("logger"), span_to(p, colon));
		p = colon + 1;
	}
	a->done = true;
	return move_to(a, p);
}

/* Returns the bracket or quote that stands right in front of the time. */
static char
opening(struct span text, const char *at)
{
	char c = at > text.p ? at[-1] : '\0';

	return c == '[' || c == '(' || c == '<' || c == '"' ? c : '\0';
}

/*
 * Reads the text after the time to the end of its bracket, which comes at once
 * or after some parts.
 */
static void
enter(struct app *a, char open)
{
	char close = open == '[' ? ']' : open == '(' ? ')' : open == '<' ?
	    '>' : open;
	const char *q;

	if (open != '\0' && a->p < a->end && *a->p == close)
		move_to(a, a->p + 1);
	else if (open == '[' && (q = find_char(a->p, a->end, ']')) < a->end &&
	    q - a->p <= APP_NAME_MAX)
		a->close = q;
	if (a->p < a->end && (*a->p == ',' || *a->p == ':' || *a->p == ';'))
		a->p++;
	if (a->end - a->p > 2 && *a->p == ' ' && a->p[1] == '|' &&
	    a->p[2] == ' ')
		a->p++;
	else if (a->p == a->end || *a->p != '|')
		move_to(a, skip_zone_abbreviation(a->p, a->end));
}

/* Reads "web:2064" or "ServerApp": a module of Python and its line. */
static void
take_module(struct app *a, struct span word)
{
	const char *end = word.p + word.len;
	const char *colon = find_char(word.p, end, ':');

	if (!is_logger_name(span_to(word.p, colon)) || (colon < end &&
	    !all_digits(span_to(colon + 1, end))))
		return;
	app_add(a, &a->logger, NAME("logger"), span_to(word.p, colon));
	if (colon < end)
		add_number(a->s, NAME("line"), span_to(colon + 1, end));
}

/*
 * Reads the parts in the time's bracket: "[2021-06-29T10:05:03Z INFO  my::mod]
 * message"
 */
static void
take_inside(struct app *a)
{
	const char *end = a->end, *close = a->close;
	struct span word = word_at(a->p, close);

	a->end = close;
	if (a->level) {
		take_module(a, span_trim(span_to(a->p, close)));
	} else if (is_level_name(word) || (word.len == 1 && is_level_letter(*word.p))) {
		add_level(a, word);
		move_to(a, word.p + word.len);
		word = span_trim(span_to(a->p, close));
		if (!take_file(a, word) && is_logger_name(word))
			app_add(a, &a->logger, NAME("logger"), word);
	} else {
		while (take_item(a) && a->p < close)
			;
	}
	a->end = end;
	move_to(a, close + 1);
	a->done = a->logger && a->level;
}

/*
 * Finds the time, wherever it stands at the beginning; NULL when there is none.
 */
static const char *
scan_time(struct scan *s, struct span text, struct timestamp *t,
    const char **at)
{
	const char *p = text.p, *end = p + text.len, *q;

	p += p < end && *p == '[';
	*at = p;
	if (end - p > 8 && is_digit(*p) && p[2] != ':' &&
	    (q = any_time(s, p, end, t)) != NULL)
		return q;
	if (s->rec->has_when)	/* an envelope has a better time than a clock */
		q = timestamp_find_date(text, s->zone, t, at);
	else
		q = timestamp_find(text, s->zone, t, at);
	return q != NULL && *at - text.p <= PREFIX_MAX ? q : NULL;
}

/*
 * Whether the message may be an object or pairs, each of which is a format by
 * itself.
 */
static bool
may_nest(const struct app *a)
{
	const char *p = a->p;

	if (p == a->end || *p == '{')
		return p < a->end;
	while (p < a->end && (is_letter(*p) || *p == '_'))
		p++;
	return p > a->p && p < a->end && *p == '=';
}

/*
 * Reads "=ERROR REPORT==== 7-May-2021::15:16:44 ===", with which Erlang begins
 * a report of several lines.
 */
static bool
scan_report(struct app *a, struct span text, const struct timestamp *t,
    const char *behind)
{
	struct span head = span_of(text.p + 1, text.len - 1), level;

	head.len = (size_t)(find_char(head.p, a->end, '=') - head.p);
	if (*text.p != '=' || head.len < 7 ||
	    memcmp(head.p + head.len - 7, " REPORT", 7) != 0)
		return false;
	level = word_at(head.p, head.p + head.len);
	record_add_time(a->s->rec, t);
	if (is_upper_level(level))
		add_level(a, level);
	while (behind < a->end && (*behind == ' ' || *behind == '=' ||
	    *behind == '\n'))
		behind++;
	if (behind < a->end) {		/* all of it came as one line */
		add_text(a->s, NAME("prefix"), head);
		head = span_to(behind, a->end);
	}
	record_add_message(a->s->rec, head);
	return true;
}

/*
 * Whether the text, which an envelope with a time carries, is a sentence that
 * names a time: "was shut down at 2021-06-29 10:05:03 UTC".  It has words in
 * front, and nothing else that a log line has.
 */
static bool
is_sentence(const struct app *a, struct span prefix)
{
	return !a->level && !a->pid && !a->logger && !a->thread &&
	    prefix.len > 0 && is_letter(*prefix.p) &&
	    (a->p == a->end || memchr(prefix.p, ' ', prefix.len) != NULL);
}

static const struct format app_that_nests;

static bool
scan_app(struct scan *s, struct span text)
{
	struct app a = { .s = s };
	struct timestamp t;
	bool enveloped = s->rec->has_when;
	const char *at, *behind;
	struct span prefix;
	char open;

	text = without_colors(s->rec, text);
	a.end = text.p + text.len;
	text = span_to(skip_spaces(text.p, a.end), a.end);
	s->start = text.p;
	behind = scan_time(s, text, &t, &at);
	if (behind != NULL && scan_report(&a, text, &t, behind))
		return true;
	if (behind == NULL || is_time_of_other(text, at))
		return scan_fail(s, 1, text.p, "time");
	record_add_time(s->rec, &t);
	a.p = behind;
	open = opening(text, at);
	enter(&a, open);
	prefix = span_trim(span_to(text.p, at - (open != '\0')));
	if (!take_ruby(&a))
		app_prefix(&a, prefix);
	if (!a.done) {
		if (a.close != NULL && a.close > a.p)
			take_inside(&a);
		if (a.p < a.end && *a.p == '|' && !take_columns(&a))
			move_to(&a, a.p + 1);
		for (int i = 0; i < ITEMS_MAX && !a.done && take_item(&a); i++)
			;
	}
	if (enveloped && is_sentence(&a, prefix))
		return scan_fail(s, 1, text.p, "time");
	add_message_and_object(s, span_to(a.p, a.end));
	if (may_nest(&a))
		s->format = &app_that_nests;
	return true;
}

static const struct format app_that_nests = {
	.name = "app", .scan = scan_app, .nests = true, .status = "status",
};

const struct format format_app = {
	.name = "app",
	.description = "most programs: time, level, thread, logger, message",
	.example = "29-Jun-2021 10:05:03.123 INFO [main] c.e.App: text",
	.first = "0a[<(\"*@-|=# \033\xe4\xe5", .leveled = true, .scan = scan_app, .nests_answers = true,
	.status = "status",
};
