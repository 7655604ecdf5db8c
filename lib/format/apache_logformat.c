/*
 * Apache's LogFormat (mod_log_config, mod_logio) as a layout.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "format/line_format.h"

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

/*
 * The directives without {}.  unless is the directive that is a better source
 * of the same field.
 */
static const struct {
	char letter;
	const char *name;
	enum layout_kind kind;
	char unless;
	/* The field's name when the format has the better source. */
	const char *second;
} directives[] = {
	{ 'h', "client", LAYOUT_TEXT, 'a', "remote_host" },
	{ 'a', "client", LAYOUT_TEXT, 0, "remote_addr" },
	{ 'A', "server_addr", LAYOUT_TEXT, 0, NULL },
	{ 'B', "size", LAYOUT_NUMBER, 0, NULL },
	{ 'b', "size", LAYOUT_NUMBER, 'B', "body_bytes_sent" },
	{ 'D', "duration", LAYOUT_MICROS, 0, NULL },
	{ 'f', "filename", LAYOUT_TEXT, 0, NULL },
	{ 'H', "protocol", LAYOUT_TEXT, 'r', "request_protocol" },
	{ 'I', "bytes_received", LAYOUT_TEXT, 0, NULL },
	{ 'k', "keepalive_requests", LAYOUT_TEXT, 0, NULL },
	{ 'l', "identity", LAYOUT_TEXT, 0, NULL },
	{ 'L', "log_id", LAYOUT_TEXT, 0, NULL },
	{ 'm', "method", LAYOUT_TEXT, 'r', "request_method" },
	{ 'O', "bytes_sent", LAYOUT_TEXT, 0, NULL },
	{ 'p', "server_port", LAYOUT_TEXT, 0, NULL },
	{ 'P', "pid", LAYOUT_NUMBER, 0, NULL },
	{ 'q', "query", LAYOUT_QUERY, 'r', "request_query" },
	{ 'r', "request", LAYOUT_REQUEST, 0, NULL },
	{ 'R', "handler", LAYOUT_TEXT, 0, NULL },
	{ 's', "status", LAYOUT_NUMBER, 0, "original_status" },
	{ 'S', "bytes_total", LAYOUT_TEXT, 0, NULL },
	{ 'T', "duration", LAYOUT_SECONDS, 'D', "duration_seconds" },
	{ 'u', "user", LAYOUT_TEXT, 0, NULL },
	{ 'U', "path", LAYOUT_TARGET, 'r', "request_path" },
	{ 'v', "server_name", LAYOUT_TEXT, 0, NULL },
	{ 'V', "server_name", LAYOUT_TEXT, 'v', "canonical_name" },
	{ 'X', "connection_status", LAYOUT_TEXT, 0, NULL },
};

/* The prefix that a name in {} gets, as nginx calls such variables. */
static const struct {
	const char *letter, *prefix;
} named[] = {
	{ "i", "http_" }, { "o", "sent_http_" }, { "C", "cookie_" },
	{ "e", "env_" }, { "n", "note_" }, { "x", "" },
	{ "^ti", "trailer_" }, { "^to", "sent_trailer_" },
};

/* The parts of a directive: %>{param}letter */
struct directive {
	struct span param;	/* p is NULL when there is none */
	struct span letter;
};

/*
 * Reads the directive at p, after its %.  Returns where the text goes on, or
 * NULL.
 */
static const char *
directive_at(const char *p, const char *end, struct directive *d)
{
	const char *close;

	while (p < end && (is_digit(*p) || memchr("!,<>", *p, 4) != NULL))
		p++;
	d->param = span_of(NULL, 0);
	if (p < end && *p == '{') {
		if ((close = memchr(p, '}', (size_t)(end - p))) == NULL)
			return NULL;
		d->param = span_of(p + 1, (size_t)(close - p - 1));
		p = close + 1;
	}
	d->letter = span_of(p, end - p >= 3 && *p == '^' ? 3 : 1);
	return p < end ? p + d->letter.len : NULL;
}

static bool
mentions(struct span text, char letter)
{
	const char *p = text.p, *end = p + text.len;
	struct directive d;

	while (p < end && (p = memchr(p, '%', (size_t)(end - p))) != NULL) {
		if ((p = directive_at(p + 1, end, &d)) == NULL)
			return false;
		if (d.param.p == NULL && *d.letter.p == letter)
			return true;
	}
	return false;
}

/*
 * Returns 0; -1 with errno ENOMEM, or EINVAL for a letter that Apache does not
 * know.
 */
static int
add_plain_directive(struct line_format *l, struct span text, char letter)
{
	const char *name;
	size_t i = 0;

	while (i < COUNT(directives) && directives[i].letter != letter)
		i++;
	if (i == COUNT(directives)) {
		errno = EINVAL;
		return -1;
	}
	name = directives[i].name;
	if ((directives[i].unless == 0 ||
	    !mentions(text, directives[i].unless)) &&
	    !line_format_has(l, span_str(name)))
		return line_format_field(l, span_str(name), directives[i].kind);
	if (directives[i].second != NULL)
		name = directives[i].second;
	return line_format_field(l, span_str(name), LAYOUT_TEXT);
}

/*
 * Adds the time of %{format}t.  The special formats are sec, msec, usec and the
 * fractions.
 */
static int
add_time(struct line_format *l, struct span f)
{
	static const char *const words[][2] = {
		{ "sec", "%s" }, { "msec", "%s" }, { "usec", "%s" },
		{ "msec_frac", "%f" }, { "usec_frac", "%f" },
	};

	if (f.len > 6 && memcmp(f.p, "begin:", 6) == 0)
		f = span_of(f.p + 6, f.len - 6);
	else if (f.len > 4 && memcmp(f.p, "end:", 4) == 0)
		f = span_of(f.p + 4, f.len - 4);
	for (size_t i = 0; i < COUNT(words); i++)
		if (span_is(f, words[i][0]))
			f = span_str(words[i][1]);
	return line_format_strftime(l, f.p, f.len);
}

/*
 * Adds a header, cookie or variable.  It gets a name of ours, or the one that
 * nginx has for such a variable.
 */
static int
add_header(struct line_format *l, struct span letter, struct span param)
{
	struct buf name = { 0 };
	int r = -1;

	if (span_is(letter, "i") && param.len == 7 &&
	    strncasecmp(param.p, "referer", 7) == 0)
		return line_format_field(l, NAME("referer"), LAYOUT_TEXT);
	if (span_is(letter, "i") && param.len == 10 &&
	    strncasecmp(param.p, "user-agent", 10) == 0)
		return line_format_field(l, NAME("agent"), LAYOUT_TEXT);
	for (size_t i = 0; i < COUNT(named); i++)
		if (span_is(letter, named[i].letter))
			buf_adds(&name, named[i].prefix);
	for (size_t i = 0; i < param.len; i++)
		buf_addc(&name, isalnum((unsigned char)param.p[i]) ?
		    (char)tolower((unsigned char)param.p[i]) : '_');
	if (!name.failed)
		r = line_format_field(l, buf_span(&name), LAYOUT_TEXT);
	buf_free(&name);
	return r;
}

static int
add_directive(
    struct line_format *l, struct span text, const struct directive *d)
{
	char letter = *d->letter.p;

	if (letter == '%')
		return line_format_text(l, "%", 1);
	if (letter == 't' && d->param.p != NULL)
		return add_time(l, d->param);
	if (letter == 't')
		return line_format_text(l, "[", 1) < 0 ||
		    line_format_field(l, NAME("timestamp"), LAYOUT_CLF) < 0 ?
		    -1 : line_format_text(l, "]", 1);
	if (letter == 'T' && d->param.p != NULL)
		return line_format_field(l, NAME("duration"),
		    span_is(d->param, "ms") ? LAYOUT_MILLIS :
		    span_is(d->param, "us") ? LAYOUT_MICROS : LAYOUT_SECONDS);
	if (letter == 'P' && d->param.p != NULL)
		return line_format_field(l,
		    span_is(d->param, "pid") ? NAME("pid") : NAME("thread"),
		    span_is(d->param, "pid") ? LAYOUT_NUMBER : LAYOUT_TEXT);
	if (letter == 'q' && line_format_joins_path(l))
		return 0;
	if (d->param.p != NULL && memchr("ioCenx^", letter, 7) != NULL)
		return add_header(l, d->letter, d->param);
	return add_plain_directive(l, text, letter);
}

/*
 * Returns the quoted string in LogFormat "..." name, or else all of the text.
 */
static struct span
format_string(struct span t)
{
	const char *end = t.p + t.len, *p, *q;

	if (t.len > 10 && strncasecmp(t.p, "LogFormat ", 10) == 0)
		for (t.p += 10; t.p < end && *t.p == ' '; t.p++)
			;
	t.len = (size_t)(end - t.p);
	if (t.len < 2 || (*t.p != '"' && *t.p != '\''))
		return t;
	for (p = q = t.p + 1; p < end && *p != *t.p; p++, q = p)
		p += *p == '\\';
	/*
	 * A format may begin with a quote of its own: then more of it follows.
	 */
	return q + 1 >= end || (*q == *t.p && memchr(q + 1, '%',
	    (size_t)(end - q - 1)) == NULL && t.p[1] == '%') ?
	    span_of(t.p + 1, (size_t)(q - t.p - 1)) : t;
}

struct line_format *
line_format_apache(struct span all, struct buf *why)
{
	struct span text = format_string(all);
	const char *p = text.p, *end = p + text.len, *q;
	struct line_format *l = line_format_new();
	struct directive d;
	int r = l == NULL ? -1 : 0;

	buf_clear(why);
	while (r == 0 && p < end) {
		if (*p == '%') {
			if ((q = directive_at(p + 1, end, &d)) == NULL) {
				buf_adds(why, "% without a directive");
				r = -1;
				break;
			}
			if ((r = add_directive(l, text, &d)) < 0 &&
			    errno == EINVAL)
				buf_printf(why, "%%%c: no such directive",
				    *d.letter.p);
			p = q;
		} else if (*p == '\\' && end - p > 1 &&
		    memchr("\"'\\tn", p[1], 5) != NULL) {
			r = line_format_text(l,
			    p[1] == 't'       ? "\t"
				: p[1] == 'n' ? "\n"
					      : p + 1,
			    1);
			p += 2;
		} else {
			r = line_format_text(l, p++, 1);
		}
	}
	if (r == 0 && why->len == 0 && line_format_check(l, why) == NULL)
		return l;
	line_format_free(l);
	return NULL;
}
