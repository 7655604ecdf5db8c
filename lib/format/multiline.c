#include "format/multiline.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "format/scan_util.h"

enum {
	/* How many sources can wait at once; one more pushes the oldest out. */
	SOURCES = 64,
	PATIENCE = 1000, /* how many lines of others a source waits */
	MORE_MAX = 1 << 20, /* how many bytes are joined at most */
	GAP_NS = 200000000, /* how far apart the stamps of a trace may be */
};

/*
 * How far a trace has got, for traces where more than the next line depends on
 * it.
 */
enum trace {
	TRACE_NONE, TRACE_PYTHON, TRACE_PYTHON_END,
	TRACE_GO,		/* a panic, but no goroutine so far */
	TRACE_GOROUTINE, TRACE_NODE, TRACE_NODE_CODE, TRACE_NODE_CARET,
	TRACE_NODE_ERROR, TRACE_RUBY,
};

/* A source and its line that may continue. */
struct waiting {
	struct buf source, line, more;
	struct buf level;	/* and severity, as its envelope tells them */
	struct timestamp when;	/* of its last line that has one */
	bool has_when;
	enum trace state;
	unsigned blank;		/* empty lines that may be part of it */
	/*
	 * Those of them that are empty messages in an envelope, each behind its
	 * size: records of their own when nothing continues the line.
	 */
	struct buf empty;
	uint64_t since; /* number of the source's last line; 0: none waits */
};

struct multiline {
	struct scanner *outer;
	struct record rec;
	void (*done)(void *arg, struct span line, struct span more);
	void *arg;
	uint64_t lines;
	struct buf source, level;	/* of the line that is added */
	struct waiting waiting[SOURCES];
	/* The one whose line ends inside of a quote, or NULL. */
	struct waiting *open;
};

struct multiline *
multiline_new(struct scanner *outer, void (*done)(void *, struct span,
    struct span), void *arg)
{
	struct multiline *m = calloc(1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->outer = outer;
	m->done = done;
	m->arg = arg;
	return m;
}

void
multiline_free(struct multiline *m)
{
	if (m == NULL)
		return;
	for (int i = 0; i < SOURCES; i++) {
		buf_free(&m->waiting[i].source);
		buf_free(&m->waiting[i].line);
		buf_free(&m->waiting[i].more);
		buf_free(&m->waiting[i].level);
		buf_free(&m->waiting[i].empty);
	}
	buf_free(&m->source);
	buf_free(&m->level);
	record_free(&m->rec);
	scanner_free(m->outer);
	free(m);
}

static bool
begins(struct span s, const char *what)
{
	return skip(s.p, s.p + s.len, what) != NULL;
}

static bool
has(struct span s, const char *what)
{
	return memmem(s.p, s.len, what, strlen(what)) != NULL;
}

/* Returns the word with dots at the start of s: java.lang.Error, ValueError. */
static struct span
dotted_word(struct span s, unsigned *dots)
{
	size_t i = 0;

	*dots = 0;
	for (; i < s.len && (is_letter(s.p[i]) || is_digit(s.p[i]) ||
	    memchr("._$", s.p[i], 3) != NULL); i++)
		*dots += s.p[i] == '.';
	return span_of(s.p, i);
}

static bool
ends_word(struct span s, struct span word)
{
	return word.len > 0 && (word.len == s.len || s.p[word.len] == ':');
}

/*
 * Whether s is com.example.SomeException: why, which log frameworks put on a
 * line by itself.
 */
static bool
is_java_exception(struct span s)
{
	unsigned dots;
	struct span word = dotted_word(s, &dots);
	const char *last = memrchr(word.p, '.', word.len);

	return dots >= 2 && s.p[0] >= 'a' && ends_word(s, word) &&
	    last + 1 < word.p + word.len && last[1] >= 'A' && last[1] <= 'Z';
}

/*
 * Whether s is "System.Exception: why", or a line that .NET puts between
 * traces.
 */
static bool
is_dotnet(struct span s)
{
	unsigned dots;
	struct span word = dotted_word(s, &dots);

	if (begins(s, "--- End of ") || begins(s, "---> "))
		return true;
	return dots >= 1 && s.p[0] >= 'A' && s.p[0] <= 'Z' && word.len > 9 &&
	    word.len < s.len && s.p[word.len] == ':' &&
	    memcmp(word.p + word.len - 9, "Exception", 9) == 0;
}

/*
 * Whether s is "#0 file(12): call()", "PHP   1. {main}()", or a line that PHP
 * puts around these, also in Laravel's log.
 */
static bool
is_php(struct span s)
{
	return begins(s, "Stack trace:") || begins(s, "PHP Stack trace:") ||
	    begins(s, "PHP   ") || begins(s, "thrown in ") ||
	    begins(s, "[stacktrace]") || begins(s, "[previous exception]") ||
	    span_is(span_trim(s), "\"}") || (begins(s, "Next ") &&
	    has(s, " in /")) || (s.len > 2 && *s.p == '#' && is_digit(s.p[1]) && has(s, " "));
}

static bool
is_java(struct span s)
{
	return begins(s, "Caused by: ") || begins(s, "Suppressed: ") ||
	    (begins(s, "at ") && has(s, "(")) ||
	    (begins(s, "... ") && has(s, " more")) || is_java_exception(s);
}

/* Whether s is a place of Ruby: app/models/x.rb:12:in 'y'. */
static bool
is_ruby_place(struct span s)
{
	return has(token_at(s.p, s.p + s.len), ".rb:") && has(s, ":in ");
}

/*
 * Whether s is a place and the error there: "x.rb:12:in 'y': why
 * (ArgumentError)".
 */
static bool
is_ruby_error(struct span s)
{
	return s.p[s.len - 1] == ')' && is_ruby_place(s);
}

/*
 * Whether the line is a place in a trace, or the error that led to the one
 * printed first.
 */
static bool
continues_ruby(struct span s, enum trace state)
{
	return is_ruby_place(s) && (state == TRACE_RUBY || !is_ruby_error(s));
}

/* Whether s is "rax    0x7f": a register below a dump of Go. */
static bool
is_register(struct span s)
{
	struct span name = token_at(s.p, s.p + s.len);

	return name.len <= 6 &&
	    skip(skip_spaces(name.p + name.len, s.p + s.len), s.p + s.len,
	    "0x") != NULL;
}

/*
 * Whether s is "net/http.(*conn).serve(0x1, {0x2, 0x3})", or a line that Go
 * puts around these.
 */
static bool
is_go(struct span s)
{
	const char *open = memchr(s.p, '(', s.len);

	return begins(s, "created by ") || begins(s, "[signal ") ||
	    begins(s, "exit status ") || begins(s, "panic: ") ||
	    begins(s, "...") || begins(s, "PC=") || is_register(s) ||
	    (s.p[s.len - 1] == ')' && open != NULL && open > s.p &&
	    find_char(s.p, open, ' ') == open);
}

/* Whether s is "goroutine 7 [running]:". */
static bool
is_goroutine(struct span s)
{
	return begins(s, "goroutine ") && has(s, " [") &&
	    s.p[s.len - 1] == ':';
}

/* Whether s is /app/x.js:12, which Node.js prints above the code and a ^. */
static bool
is_node_place(struct span s)
{
	const char *colon = memrchr(s.p, ':', s.len);

	return colon != NULL && all_digits(span_to(colon + 1, s.p + s.len)) &&
	    token_at(s.p, colon).len == (size_t)(colon - s.p) &&
	    (has(s, "js:") || begins(s, "node:") || has(s, ".ts:") || begins(s, "[eval]:"));
}

static enum trace
trace_start(struct span s)
{
	if (begins(s, "Traceback (most recent call last)"))
		return TRACE_PYTHON;
	if (begins(s, "panic: ") || begins(s, "fatal error: ") ||
	    has(s, "panic serving ") || begins(s, "SIGQUIT: "))
		return TRACE_GO;
	if (is_goroutine(s))
		return TRACE_GOROUTINE;
	if (s.len > 0 && is_ruby_error(s))
		return TRACE_RUBY;
	return is_node_place(s) ? TRACE_NODE : TRACE_NONE;
}

static bool
is_caret(struct span s)
{
	const char *p = skip_spaces(s.p, s.p + s.len);

	return p < s.p + s.len && *p == '^';
}

/*
 * Whether s continues an error of Node.js: the code and a caret, the error, a
 * trace.
 */
static bool
continues_node(struct span s, enum trace *state)
{
	if (is_caret(s) || *state == TRACE_NODE) {
		*state = *state == TRACE_NODE ? TRACE_NODE_CODE :
		    TRACE_NODE_CARET;
		return true;
	}
	if (*state == TRACE_NODE_CARET &&
	    has(token_at(s.p, s.p + s.len), "Error")) {
		*state = TRACE_NODE_ERROR;
		return true;
	}
	return *state == TRACE_NODE_ERROR && (begins(s, "Node.js v") ||
	    begins(s, "Require stack:") || begins(s, "- /"));
}

/*
 * Whether s continues a trace of Python.  There are several traces where one
 * exception led to another.
 */
static bool
continues_python(struct span s, enum trace *state)
{
	unsigned dots;

	if (begins(s, "Traceback (most recent call last)") ||
	    begins(s, "During handling of the above exception") ||
	    begins(s, "The above exception was the direct cause")) {
		*state = TRACE_PYTHON;
		return true;
	}
	if (*state != TRACE_PYTHON || !ends_word(s, dotted_word(s, &dots)))
		return false;
	*state = TRACE_PYTHON_END;	/* ValueError: why */
	return true;
}

/*
 * Whether s continues a trace of Go.  A goroutine is one record.  Only the
 * first goes with the panic right before it, or with the line right before it,
 * which tells why the stack is printed.
 */
static bool
continues_go(struct span s, enum trace *state, bool behind_blank)
{
	if (is_goroutine(s) && (*state == TRACE_GO ||
	    (*state != TRACE_GOROUTINE && !behind_blank))) {
		*state = TRACE_GOROUTINE;
		return true;
	}
	return (*state == TRACE_GO || *state == TRACE_GOROUTINE) && is_go(s);
}

/* Whether s continues a line in this state, perhaps after an empty line. */
static bool
trace_continues(struct span s, enum trace *state, bool behind_blank)
{
	if (s.len == 0)
		return false;
	if (continues_python(s, state) || continues_node(s, state))
		return true;
	if (*s.p == ' ' || *s.p == '\t' || span_is(s, "}"))
		return true;
	return continues_go(s, state, behind_blank) || is_java(s) || is_dotnet(s) ||
	    is_php(s) || continues_ruby(s, *state);
}

static void
finish(struct multiline *m, struct waiting *w)
{
	const char *p = w->empty.p, *end = p + w->empty.len;
	size_t len;

	if (w->since == 0)
		return;
	w->since = 0;
	if (m->open == w)
		m->open = NULL;
	m->done(m->arg, buf_span(&w->line), buf_span(&w->more));
	for (; p < end; p += sizeof len + len) {
		memcpy(&len, p, sizeof len);
		m->done(m->arg, span_of(p + sizeof len, len), NAME(""));
	}
}

/* Returns the source that waits longest, or NULL. */
static struct waiting *
oldest(struct multiline *m)
{
	struct waiting *w = NULL;

	for (int i = 0; i < SOURCES; i++)
		if (m->waiting[i].since > 0 && (w == NULL ||
		    m->waiting[i].since < w->since))
			w = &m->waiting[i];
	return w;
}

void
multiline_flush(struct multiline *m)
{
	struct waiting *w;

	while ((w = oldest(m)) != NULL)
		finish(m, w);
}

bool
multiline_waits(const struct multiline *m)
{
	for (int i = 0; m->open == NULL && i < SOURCES; i++)
		if (m->waiting[i].since > 0)
			return true;
	return false;
}

/* Returns the entry of a source, which may be a new one. */
static struct waiting *
waiting_of(struct multiline *m, struct span source)
{
	struct waiting *free_one = NULL, *w;

	for (int i = 0; i < SOURCES; i++) {
		w = &m->waiting[i];
		if (w->since == 0)
			free_one = w;
		else if (span_eq(buf_span(&w->source), source))
			return w;
	}
	if (free_one == NULL) {
		free_one = oldest(m);
		finish(m, free_one);
	}
	buf_clear(&free_one->source);
	buf_addspan(&free_one->source, source);
	return free_one;
}

/* Sets to to the values of these fields, or to nothing when none is there. */
static void
join_values(struct record *r, const struct span *names, size_t n,
    struct buf *to)
{
	struct span v;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (record_find(r, names[i], &v)) {
			any = true;
			buf_addspan(to, v);
		}
		buf_addc(to, '\0');
	}
	if (!any)
		to->len = 0;
}

/*
 * Finds the source and the level of the line, and returns its text: the whole
 * line when it has no envelope.
 */
static struct span
text_of(struct multiline *m, struct span line)
{
	static const struct span names[] = { { "prefix", 6 },
	    { "hostname", 8 }, { "appname", 7 }, { "procid", 6 },
	    { "container_id", 12 }, { "pod", 3 }, { "container", 9 },
	    { "stream", 6 } };
	static const struct span levels[] = { { "severity", 8 },
	    { "level", 5 } };
	struct span text;

	buf_clear(&m->source);
	buf_clear(&m->level);
	if (m->rec.layers == 0)
		return line;
	join_values(&m->rec, levels, sizeof levels / sizeof *levels, &m->level);
	if (!record_find(&m->rec, NAME("message"), &text))
		return line;
	join_values(&m->rec, names, sizeof names / sizeof *names, &m->source);
	return text;
}

/*
 * Whether the line's envelope tells that it is a record of its own: its level
 * is another, or its time is too far from that of the line before.
 */
static bool
stands_alone(const struct multiline *m, const struct waiting *w)
{
	const struct timestamp *t = &m->rec.when;
	int64_t gap;

	if (m->level.len > 0 && !span_eq(buf_span(&m->level),
	    buf_span(&w->level)))
		return true;
	if (!m->rec.has_when || !w->has_when)
		return false;
	if (t->sec > w->when.sec + 1 || t->sec < w->when.sec - 1)
		return true;
	gap = (t->sec - w->when.sec) * 1000000000 + t->nsec - w->when.nsec;
	return gap > GAP_NS || gap < -GAP_NS;
}

/* Adds an empty line, which is a part of a trace when more of that follows. */
static int
add_blank(struct multiline *m, struct waiting *w, struct span line)
{
	w->blank++;
	if (m->rec.layers == 0)
		return 0;
	/* Both or none: finish reads as many bytes as the length says. */
	if (buf_reserve(&w->empty, sizeof line.len + line.len) < 0)
		return -1;
	buf_add(&w->empty, &line.len, sizeof line.len);
	return buf_addspan(&w->empty, line);
}

static int
add_more(struct waiting *w, struct span text)
{
	unsigned ends = w->blank + (w->more.len > 0);

	while (ends-- > 0)
		buf_addc(&w->more, '\n');
	w->blank = 0;
	buf_clear(&w->empty);
	return buf_addspan(&w->more, text);
}

/* Keeps the time of the source's last line. */
static void
note_line(struct multiline *m, struct waiting *w)
{
	w->since = m->lines;
	if (m->rec.has_when) {
		w->when = m->rec.when;
		w->has_when = true;
	}
}

/* Begins a record; the line waits for more. */
static int
begin(struct multiline *m, struct span line, struct span text)
{
	struct waiting *w = oldest(m);

	if (w != NULL && m->lines - w->since > PATIENCE)
		finish(m, w);
	w = waiting_of(m, buf_span(&m->source));
	w->state = trace_start(text);
	w->blank = 0;
	w->has_when = false;
	if (scanner_goes_on(m->outer, line))
		m->open = w;
	note_line(m, w);
	buf_clear(&w->empty);
	buf_clear(&w->line);
	buf_clear(&w->more);
	buf_clear(&w->level);
	buf_addspan(&w->level, buf_span(&m->level));
	buf_addspan(&w->line, line);
	return w->source.failed || w->level.failed || w->line.failed ? -1 : 0;
}

/* Adds a line to one that ended inside of a quote. */
static int
add_quoted_line(struct multiline *m, struct waiting *w, struct span line)
{
	const char *p = line.p, *end = p + line.len;

	w->since = m->lines;
	for (; (p = find_char(p, end, '"')) < end; p++)
		m->open = m->open == NULL ? w : NULL;
	buf_addc(&w->line, '\n');
	return buf_addspan(&w->line, line);
}

int
multiline_add(struct multiline *m, struct span line)
{
	struct waiting *w;
	struct span text;
	bool alone;
	int r;

	m->lines++;
	if (m->open != NULL && m->open->line.len + line.len < MORE_MAX)
		return add_quoted_line(m, m->open, line);
	m->open = NULL;
	r = scan_outer(m->outer, line, &m->rec);
	if (m->rec.failed)
		return -1;
	/*
	 * The line is a part of an entry, or its end: the scanner joins those.
	 */
	if ((r == 0) == (line.len > 0)) {
		multiline_flush(m);
		m->done(m->arg, line, span_of("", 0));
		return 0;
	}
	text = text_of(m, line);
	if (m->source.failed || m->level.failed || m->rec.failed)
		return -1;
	w = waiting_of(m, buf_span(&m->source));
	alone = w->since == 0 || w->empty.len > MORE_MAX || stands_alone(m, w);
	if (text.len == 0 && (!alone || line.len == 0))
		return w->since > 0 ? add_blank(m, w, line) : 0;
	if (!alone && w->more.len + w->blank + text.len < MORE_MAX &&
	    trace_continues(text, &w->state, w->blank > 0)) {
		note_line(m, w);
		return add_more(w, text);
	}
	finish(m, w);
	return begin(m, line, text);
}
