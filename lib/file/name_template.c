#include "file/name_template.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { DATE_MAX = 256 };

static const char *const names[] = {
	"name", "path", "host", "instance", "mtime", "sha256",
	"dcopylogs", NULL,
};

/*
 * Finds the next field at or after *s: its text without braces; *s is moved
 * after it.
 */
static bool
next_field(const char **s, struct span *before, struct span *field)
{
	const char *open = strchr(*s, '{'), *close;

	if (open == NULL || (close = strchr(open, '}')) == NULL)
		return false;
	*before = span_of(*s, (size_t)(open - *s));
	*field = span_of(open + 1, (size_t)(close - open - 1));
	*s = close + 1;
	return true;
}

static bool
is_date(struct span field)
{
	return field.len > 5 && memcmp(field.p, "date:", 5) == 0;
}

const char *
name_template_check(const char *template)
{
	static const char unknown[] = "unknown {field}: known are name path "
	    "host instance mtime sha256 dcopylogs date:FORMAT";
	struct span before, field;
	int i;

	while (next_field(&template, &before, &field)) {
		if (is_date(field))
			continue;
		for (i = 0; names[i] != NULL && !span_is(field, names[i]); i++)
			;
		if (names[i] == NULL)
			return unknown;
	}
	return strchr(template, '{') != NULL ? "{ without }" : NULL;
}

bool
name_template_uses(const char *template, const char *name)
{
	struct span before, field;

	while (next_field(&template, &before, &field))
		if (span_is(field, name))
			return true;
	return false;
}

bool
name_template_varies(const char *template)
{
	struct span before, field;

	while (next_field(&template, &before, &field))
		if (!span_is(field, "host") && !span_is(field, "instance"))
			return true;
	return false;
}

/*
 * Returns path without leading "/" and "./", so that it can stand below any
 * prefix.
 */
static const char *
relative(const char *path)
{
	for (;;) {
		if (*path == '/')
			path++;
		else if (path[0] == '.' && path[1] == '/')
			path += 2;
		else
			return path;
	}
}

static int
print_date(struct buf *out, struct span format, time_t t)
{
	char fmt[DATE_MAX], text[DATE_MAX];
	struct tm tm;

	if (format.len >= sizeof fmt || gmtime_r(&t, &tm) == NULL)
		goto invalid;
	memcpy(fmt, format.p, format.len);
	fmt[format.len] = '\0';
#pragma GCC diagnostic push
/* The format is the user's own. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (strftime(text, sizeof text, fmt, &tm) > 0)
		return buf_adds(out, text);
#pragma GCC diagnostic pop
invalid:
	errno = EINVAL;
	return -1;
}

/*
 * dcopylogs puts the instance's id, without its i, after the last ".log".  A
 * name without ".log" gets the id at its end here; dcopylogs leaves it out
 * there, so that two machines write the same object.
 */
static int
print_dcopylogs(struct buf *out, const struct place_fields *f)
{
	const char *path = relative(f->path), *slash = strrchr(path, '/');
	const char *id = f->instance, *p, *at = NULL;
	size_t len = strlen(path);

	for (p = slash != NULL ? slash : path; (p = strstr(p, ".log")) != NULL;)
		at = p += 4;
	if (at == NULL) {
		at = path + len;
		if (len > 3 && strcmp(at - 3, ".gz") == 0)
			at -= 3;
	}
	buf_add(out, path, (size_t)(at - path));
	buf_addc(out, '-');
	buf_adds(out, strncmp(id, "i-", 2) == 0 ? id + 2 : id);
	return buf_adds(out, at);
}

static int
print_field(struct buf *out, struct span field, const struct place_fields *f)
{
	const char *slash = strrchr(f->path, '/');

	if (is_date(field))
		return print_date(out, span_of(field.p + 5, field.len - 5),
		    f->mtime);
	if (span_is(field, "name"))
		return buf_adds(out, slash != NULL ? slash + 1 : f->path);
	if (span_is(field, "path"))
		return buf_adds(out, relative(f->path));
	if (span_is(field, "host"))
		return buf_adds(out, f->host);
	if (span_is(field, "instance"))
		return buf_adds(out, f->instance);
	if (span_is(field, "sha256"))
		return buf_adds(out, f->sha256);
	if (span_is(field, "dcopylogs"))
		return print_dcopylogs(out, f);
	return buf_printf(out, "%lld", (long long)f->mtime);
}

int
name_template_escape(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (isalnum(c) || (c != 0 && strchr("-._~/", c) != NULL))
			buf_addc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
	return out->failed ? -1 : 0;
}

int
name_template_escape_query(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '/')
			buf_adds(out, "%2F");
		else
			name_template_escape(out, span_of(s.p + i, 1));
	return out->failed ? -1 : 0;
}

int
name_template_expand(struct buf *out, const char *template,
    const struct place_fields *f, bool escape)
{
	struct span before, field;
	struct buf value = { 0 };
	int r = 0;

	while (r == 0 && next_field(&template, &before, &field)) {
		buf_addspan(out, before);
		buf_clear(&value);
		if ((r = print_field(&value, field, f)) < 0)
			break;
		r = escape ? name_template_escape(out, buf_span(&value)) :
		    buf_addspan(out, buf_span(&value));
	}
	buf_free(&value);
	if (r == 0)
		r = buf_adds(out, template);
	return r < 0 || out->failed ? -1 : 0;
}

char *
name_template_suffix(const char *name, unsigned n)
{
	size_t len = strlen(name);
	bool gz = len > 3 && strcmp(name + len - 3, ".gz") == 0;
	char *p;

	if (n == 0)
		return strdup(name);
	if (gz)
		len -= 3;
	if (asprintf(&p, "%.*s_%02u%s", (int)len, name, n, gz ? ".gz" : "") < 0)
		return NULL;
	return p;
}
