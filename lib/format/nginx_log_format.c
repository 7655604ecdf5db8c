/*
 * Reads nginx's log_format as a layout, and finds it in a configuration.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/line_format.h"
#include "input/input.h"

enum { CONF_MAX = 16 << 20 };

/*
 * The variables that have a field name of ours.  Several may have the same one:
 * a variable keeps its nginx name when the format also has one of `unless`,
 * which is a better source of the field.
 */
static const struct {
	const char *variable, *name;
	enum layout_kind kind;
	const char *unless[3];
} variables[] = {
	{ "remote_addr", "client", LAYOUT_TEXT, { NULL } },
	{ "remote_port", "client_port", LAYOUT_TEXT, { NULL } },
	{ "remote_user", "user", LAYOUT_TEXT, { NULL } },
	{ "time_local", "timestamp", LAYOUT_CLF, { NULL } },
	{ "time_iso8601", "timestamp", LAYOUT_ISO, { "time_local" } },
	{ "msec", "timestamp", LAYOUT_EPOCH, { "time_local", "time_iso8601" } },
	{ "request", "request", LAYOUT_REQUEST, { NULL } },
	{ "request_method", "method", LAYOUT_TEXT, { "request" } },
	{ "request_uri", "path", LAYOUT_TARGET, { "request" } },
	{ "uri", "path", LAYOUT_TARGET, { "request", "request_uri" } },
	{ "server_protocol", "protocol", LAYOUT_TEXT, { "request" } },
	{ "status", "status", LAYOUT_NUMBER, { NULL } },
	{ "body_bytes_sent", "size", LAYOUT_NUMBER, { NULL } },
	{ "bytes_sent", "size", LAYOUT_NUMBER, { "body_bytes_sent" } },
	{ "http_referer", "referer", LAYOUT_TEXT, { NULL } },
	{ "http_user_agent", "agent", LAYOUT_TEXT, { NULL } },
	{ "request_time", "duration", LAYOUT_SECONDS, { NULL } },
	{ "pid", "pid", LAYOUT_NUMBER, { NULL } },
};

static bool
is_word(char c)
{
	return is_letter(c) || is_digit(c) || c == '_';
}

/*
 * Reads $name or ${name} at p, which is a $.  Returns where the text goes on,
 * or NULL.
 */
static const char *
variable_at(const char *p, const char *end, struct span *name)
{
	bool braces = p + 1 < end && p[1] == '{';
	const char *start = p + 1 + braces;

	for (p = start; p < end && is_word(*p); p++)
		;
	*name = span_of(start, (size_t)(p - start));
	if (name->len == 0 || (braces && (p == end || *p != '}')))
		return NULL;
	return p + braces;
}

static bool
mentions(struct span text, const char *name)
{
	const char *p = text.p, *end = p + text.len;
	struct span found;

	for (; p < end; p++)
		if (*p == '$' && variable_at(p, end, &found) != NULL &&
		    span_is(found, name))
			return true;
	return false;
}

static bool
is_second_best(struct span text, const char *const unless[3])
{
	for (int i = 0; i < 3 && unless[i] != NULL; i++)
		if (mentions(text, unless[i]))
			return true;
	return false;
}

static int
add_variable(struct line_format *l, struct span text, struct span variable)
{
	enum layout_kind kind = LAYOUT_TEXT;

	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		if (span_is(variable, variables[i].variable) &&
		    !is_second_best(text, variables[i].unless) &&
		    !line_format_has(l, span_str(variables[i].name)))
			return line_format_field(l, span_str(variables[i].name),
			    variables[i].kind);
	if (variable.len > 9 && memcmp(variable.p, "upstream_", 9) == 0)
		kind = LAYOUT_LIST;
	return line_format_field(l, variable, kind);
}

/* escape is the value of escape=. */
static struct line_format *
layout_of(struct span text, enum layout_escape escape, struct buf *why)
{
	struct line_format *l = line_format_new();
	const char *p = text.p, *end = p + text.len, *q;
	struct span variable;
	int r = l == NULL ? -1 : 0;

	buf_clear(why);
	while (r == 0 && p < end) {
		q = *p == '$' ? variable_at(p, end, &variable) : NULL;
		if (q != NULL) {
			r = add_variable(l, text, variable);
			p = q;
		} else {
			r = line_format_text(l, p++, 1);
		}
	}
	if (r == 0) {
		line_format_escapes(l, escape);
		if (line_format_check(l, why) == NULL)
			return l;
	}
	line_format_free(l);
	return NULL;
}

/*
 * Reads the next word of a configuration: bare, or in quotes, without escapes.
 */
static const char *
find_word(const char *p, const char *end, struct buf *word, bool *special)
{
	char quote = '\0';

	buf_clear(word);
	*special = false;
	for (;; p++) {
		while (p < end && memchr(" \t\r\n", *p, 4) != NULL)
			p++;
		if (p == end)
			return NULL;
		if (*p != '#')
			break;
		if ((p = memchr(p, '\n', (size_t)(end - p))) == NULL)
			return NULL;
	}
	if (memchr(";{}", *p, 3) != NULL) {
		*special = true;
		buf_addc(word, *p);
		return p + 1;
	}
	if (*p == '"' || *p == '\'')
		quote = *p++;
	for (; p < end; p++) {
		if (quote != '\0' ? *p == quote :
		    memchr(" \t\r\n;", *p, 5) != NULL)
			return p + (quote != '\0');
		if (*p == '\\' && p + 1 < end) {
			p++;
			if (*p == 't' || *p == 'n' || *p == 'r')
				buf_addc(word, *p == 't' ? '\t' : *p == 'n' ?
				    '\n' : '\r');
			else if (memchr("\"'\\", *p, 3) != NULL)
				buf_addc(word, *p);
			else
				buf_add(word, p - 1, 2);
			continue;
		}
		buf_addc(word, *p);
	}
	return end;
}

/* As find_word; NULL, too, without memory: then word->failed is set. */
static const char *
next_word(const char *p, const char *end, struct buf *word, bool *special)
{
	p = find_word(p, end, word, special);
	return word->failed ? NULL : p;
}

/*
 * Reads the directive at p, after the word log_format: its name, the joined
 * strings, and escape=.  Returns where the text goes on, or NULL.
 */
static const char *
read_directive(const char *p, const char *end, struct buf *name,
    struct buf *format, enum layout_escape *escape)
{
	struct buf word = { 0 };
	bool special;

	buf_clear(format);
	*escape = LAYOUT_BACKSLASH;
	p = next_word(p, end, name, &special);
	while (p != NULL && (p = next_word(p, end, &word, &special)) != NULL &&
	    !special) {
		if (format->len == 0 && span_is(buf_span(&word), "escape=json"))
			*escape = LAYOUT_JSON_ESCAPE;
		else if (format->len == 0 &&
		    span_is(buf_span(&word), "escape=none"))
			*escape = LAYOUT_NO_ESCAPE;
		else if (format->len > 0 ||
		    !span_is(buf_span(&word), "escape=default"))
			buf_addspan(format, buf_span(&word));
	}
	format->failed |= word.failed;
	buf_free(&word);
	return p != NULL ? p : end;
}

typedef int add_layout(void *arg, const char *name, struct line_format *l);

/* The search for formats in a configuration. */
struct conf {
	/* The name of the wanted format; NULL: all of them. */
	const char *wanted;
	/* The folder of the main file, for include; or NULL. */
	const char *folder;
	add_layout *add;
	void *arg;
	struct buf *why;
	bool there;
	/* The names of formats that are not wanted, for a message. */
	struct buf others;
	unsigned depth; /* how many files include each other around this one */
};

enum { DEPTH_MAX = 8 };

static int find_formats(struct conf *c, struct span text);

static int
read_file(const char *path, struct buf *text)
{
	struct input *in = input_open(path);
	ssize_t got = -1;

	while (in != NULL && buf_reserve(text, 64 * 1024) == 0) {
		got = input_read(in, text->p + text->len, 64 * 1024);
		if (got <= 0)
			break;
		text->len += (size_t)got;
		if (text->len > CONF_MAX) {
			errno = EFBIG;
			got = -1;
			break;
		}
	}
	input_close(in);
	return got < 0 || text->failed ? -1 : 0;
}

/*
 * Searches the files that the pattern after an include matches.  It is no error
 * when there are none.
 */
static int
include_files(struct conf *c, const char *pattern)
{
	struct buf path = { 0 }, text = { 0 };
	glob_t files = { .gl_pathc = 0 };
	int r = 0;

	errno = 0;
	if (*pattern != '/')
		buf_printf(&path, "%s/", c->folder);
	buf_adds(&path, pattern);
	if (buf_str(&path) != NULL && c->depth < DEPTH_MAX &&
	    glob(path.p, 0, NULL, &files) == 0) {
		r = errno == ENOMEM ? -1 : 0;	/* glob skips folders then */
		c->depth++;
		for (size_t i = 0; r == 0 && i < files.gl_pathc; i++) {
			buf_clear(&text);
			if (read_file(files.gl_pathv[i], &text) == 0)
				r = find_formats(c, buf_span(&text));
			else if (errno == ENOMEM)
				r = -1;
		}
		c->depth--;
		globfree(&files);
	} else if (errno == ENOMEM) {
		r = -1;
	}
	buf_free(&path);
	buf_free(&text);
	return r;
}

/* Gives each log_format in text, or only the wanted one, to add. */
static int
find_formats(struct conf *c, struct span text)
{
	const char *p = text.p, *end = p + text.len;
	struct buf word = { 0 }, name = { 0 }, format = { 0 };
	enum layout_escape escape;
	struct line_format *l;
	bool special;
	int r = 0;

	while (r == 0 && (p = next_word(p, end, &word, &special)) != NULL) {
		if (c->folder != NULL && span_is(buf_span(&word), "include") &&
		    (p = next_word(p, end, &name, &special)) != NULL &&
		    !special && buf_str(&name) != NULL)
			r = include_files(c, name.p);
		if (p == NULL)
			break;
		if (!span_is(buf_span(&word), "log_format"))
			continue;
		p = read_directive(p, end, &name, &format, &escape);
		if (buf_str(&name) == NULL || format.failed)
			break;
		if (c->wanted != NULL && strcmp(name.p, c->wanted) != 0) {
			buf_printf(&c->others, "%s%s",
			    c->others.len > 0 ? ", " : " but ", name.p);
			continue;
		}
		c->there = true;
		l = layout_of(format.len > 0 ? buf_span(&format) :
		    NAME(""), escape, c->why);
		r = l == NULL ? -1 : c->add(c->arg, name.p, l);
	}
	if (word.failed || name.failed || format.failed || c->others.failed) {
		buf_clear(c->why);	/* no reason: no memory */
		r = -1;
	}
	buf_free(&word);
	buf_free(&name);
	buf_free(&format);
	return r;
}

/* Gives add the format that nginx has when none is configured. */
static int
add_combined(struct conf *c)
{
	struct line_format *l = layout_of(NAME("$remote_addr - "
	    "$remote_user [$time_local] \"$request\" $status "
	    "$body_bytes_sent \"$http_referer\" \"$http_user_agent\""),
	    LAYOUT_BACKSLASH, c->why);

	return l == NULL ? -1 : c->add(c->arg, "combined", l);
}

int
line_format_nginx_conf(const char *path, const char *name, add_layout *add,
    void *arg, struct buf *why)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? strdup(".") : slash == path ?
	    strdup("/") : strndup(path, (size_t)(slash - path));
	struct conf c = { .wanted = name, .folder = folder, .add = add,
	    .arg = arg, .why = why };
	struct buf text = { 0 };
	int r = -1;

	buf_clear(why);
	if (folder == NULL || read_file(path, &text) < 0)
		buf_adds(why, strerror(errno));
	else if ((r = find_formats(&c, buf_span(&text))) == 0 && !c.there) {
		if (name == NULL || strcmp(name, "combined") == 0) {
			r = add_combined(&c);
		} else {
			buf_printf(why, "no log_format %s in it%.*s", name,
			    (int)c.others.len, c.others.p);
			r = -1;
		}
	}
	free(folder);
	buf_free(&c.others);
	buf_free(&text);
	return r;
}

/* Whether all of text is one string in quotes, as in a configuration. */
static bool
is_quoted(struct span t)
{
	if (t.len < 2 || (*t.p != '"' && *t.p != '\''))
		return false;
	for (size_t i = 1; i < t.len - 1; i++) {
		if (t.p[i] == '\\')
			i++;
		else if (t.p[i] == *t.p && *t.p == '"')
			return false;
	}
	return t.p[t.len - 1] == *t.p;
}

static bool
has_variable(struct span text)
{
	struct span name;

	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] == '$' && variable_at(text.p + i, text.p +
		    text.len, &name) != NULL)
			return true;
	return false;
}

static int
keep_layout(void *arg, const char *name, struct line_format *l)
{
	struct line_format **kept = arg;

	(void)name;
	line_format_free(*kept);
	*kept = l;
	return 0;
}

struct line_format *
line_format_server(const char *string, struct buf *why)
{
	struct span text = span_str(string);
	struct buf directive = { 0 };
	struct line_format *l = NULL;
	struct conf c = { .add = keep_layout, .arg = &l, .why = why };

	while (text.len > 0 && memchr(" \t\n;", text.p[text.len - 1], 4))
		text.len--;
	while (text.len > 0 && memchr(" \t\n", *text.p, 3)) {
		text.p++;
		text.len--;
	}
	if (!has_variable(text))
		return line_format_apache(text, why);
	if (text.len > 11 && memcmp(text.p, "log_format ", 11) == 0)
		buf_addspan(&directive, text);
	else if (is_quoted(text))
		buf_printf(&directive, "log_format f %.*s", (int)text.len,
		    text.p);
	if (directive.failed)
		return NULL;
	if (directive.len == 0)
		return layout_of(text, LAYOUT_BACKSLASH, why);
	buf_clear(why);
	if (find_formats(&c, buf_span(&directive)) < 0) {
		line_format_free(l);
		l = NULL;
	}
	buf_free(&directive);
	return l;
}
