/*
 * nginx's log_format as a layout, and where it stands in a configuration.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "input.h"
#include "layout.h"

enum { CONF_MAX = 16 << 20 };

/* Names of the table; one that is there keeps those behind unless it from it. */
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
	{ "request_uri", "path", LAYOUT_TEXT, { "request" } },
	{ "uri", "path", LAYOUT_TEXT, { "request", "request_uri" } },
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

/* $name or ${name} at p, which is a $: what is behind it, or NULL. */
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
add_variable(struct layout *l, struct span text, struct span variable)
{
	enum layout_kind kind = LAYOUT_TEXT;

	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		if (span_is(variable, variables[i].variable) &&
		    !is_second_best(text, variables[i].unless) &&
		    !layout_has(l, span_str(variables[i].name)))
			return layout_field(l, span_str(variables[i].name),
			    variables[i].kind);
	if (variable.len > 9 && memcmp(variable.p, "upstream_", 9) == 0)
		kind = LAYOUT_LIST;
	return layout_field(l, variable, kind);
}

struct layout *
layout_nginx(struct span text, enum layout_escape escape, struct buf *why)
{
	struct layout *l = layout_new();
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
			r = layout_text(l, p++, 1);
		}
	}
	if (r == 0) {
		layout_escapes(l, escape);
		if (layout_check(l, why) == NULL)
			return l;
	}
	layout_free(l);
	return NULL;
}

/* The next word of a configuration: bare, or in quotes, escapes taken out. */
static const char *
next_word(const char *p, const char *end, struct buf *word, bool *special)
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

/*
 * p is behind log_format: its name, the joined strings, and escape=.  What is
 * behind the directive, or NULL.
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
	buf_free(&word);
	return p != NULL ? p : end;
}

typedef int add_layout(void *arg, const char *name, struct layout *l);

/* Each log_format in text, or the one called wanted, to add. */
static int
find_formats(struct span text, const char *wanted, add_layout *add, void *arg,
    struct buf *why)
{
	const char *p = text.p, *end = p + text.len;
	struct buf word = { 0 }, name = { 0 }, format = { 0 };
	enum layout_escape escape;
	struct layout *l;
	bool special, there = false;
	int r = 0;

	buf_clear(why);
	while (r == 0 && (p = next_word(p, end, &word, &special)) != NULL) {
		if (!span_is(buf_span(&word), "log_format"))
			continue;
		p = read_directive(p, end, &name, &format, &escape);
		if (buf_str(&name) == NULL || (wanted != NULL &&
		    strcmp(name.p, wanted) != 0))
			continue;
		there = true;
		l = layout_nginx(format.len > 0 ? buf_span(&format) : NAME(""),
		    escape, why);
		r = l == NULL ? -1 : add(arg, name.p, l);
	}
	if (!there)
		buf_printf(why, "no log_format %s%sin it", wanted != NULL ?
		    wanted : "", wanted != NULL ? " " : "");
	buf_free(&word);
	buf_free(&name);
	buf_free(&format);
	return there ? r : -1;
}

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
	return got < 0 ? -1 : 0;
}

int
layout_nginx_conf(const char *path, const char *name, add_layout *add,
    void *arg, struct buf *why)
{
	struct buf text = { 0 };
	int r = -1;

	buf_clear(why);
	if (read_file(path, &text) < 0)
		buf_adds(why, strerror(errno));
	else
		r = find_formats(buf_span(&text), name, add, arg, why);
	buf_free(&text);
	return r;
}

/* All of text is one string in quotes, as it stands in a configuration. */
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
keep_layout(void *arg, const char *name, struct layout *l)
{
	struct layout **kept = arg;

	(void)name;
	layout_free(*kept);
	*kept = l;
	return 0;
}

struct layout *
layout_server(const char *string, struct buf *why)
{
	struct span text = span_str(string);
	struct buf directive = { 0 };
	struct layout *l = NULL;

	while (text.len > 0 && memchr(" \t\n;", text.p[text.len - 1], 4))
		text.len--;
	while (text.len > 0 && memchr(" \t\n", *text.p, 3)) {
		text.p++;
		text.len--;
	}
	if (!has_variable(text))
		return layout_apache(text, why);
	if (text.len > 11 && memcmp(text.p, "log_format ", 11) == 0)
		buf_addspan(&directive, text);
	else if (is_quoted(text))
		buf_printf(&directive, "log_format f %.*s", (int)text.len,
		    text.p);
	if (directive.len == 0)
		return layout_nginx(text, LAYOUT_BACKSLASH, why);
	find_formats(buf_span(&directive), NULL, keep_layout, &l, why);
	buf_free(&directive);
	return l;
}
