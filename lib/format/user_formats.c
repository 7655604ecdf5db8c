#include "format/user_formats.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "format/line_format.h"
#include "format/named_groups.h"
#include "format/scan_util.h"
#include "format/unique_names.h"
#include "input/input.h"
#include "input/lines.h"

struct custom_format {
	struct format format;
	char *name;
	struct line_format *layout;	/* either a layout or groups is set */
	struct named_groups *groups;
	char *time; /* the format of the group timestamp; NULL: any */
	bool only_named; /* from a file: tried only for -f NAME and auto */
};

struct user_formats {
	struct custom_format **formats;
	unsigned n;
};

struct user_formats *
user_formats_new(void)
{
	return calloc(1, sizeof(struct user_formats));
}

static void
format_free(struct custom_format *f)
{
	if (f == NULL)
		return;
	line_format_free(f->layout);
	named_groups_free(f->groups);
	free(f->name);
	free(f->time);
	free(f);
}

void
user_formats_free(struct user_formats *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->n; i++)
		format_free(c->formats[i]);
	free(c->formats);
	free(c);
}

unsigned
user_formats_count(const struct user_formats *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++)
		n += !c->formats[i]->only_named;
	return n;
}

const struct format *
user_formats_at(const struct user_formats *c, unsigned i, bool *of_file)
{
	if (c == NULL || i >= c->n)
		return NULL;
	*of_file = c->formats[i]->only_named;
	return &c->formats[i]->format;
}

/* Add a timestamp in the format that the user gave. */
static bool
add_custom_time(struct scan *s, const struct custom_format *f, struct span v)
{
	const char *end = v.p + v.len;
	struct timestamp t;

	if (timestamp_strptime(v.p, end, f->time, s->zone, &t) != end)
		return scan_fail(s, 1, v.p, f->time);
	record_add_time(s->rec, &t);
	return true;
}

static bool
scan_groups(struct scan *s, const struct custom_format *f, struct span text)
{
	struct memory *m = s->memory;
	struct span name, value;
	int r;

	if (m->found == NULL && (m->found = named_groups_found_new()) == NULL) {
		s->rec->failed = true;
		return false;
	}
	r = named_groups_match(f->groups, m->found, text);
	s->rec->failed |= r == -2;
	if (r <= 0)
		return scan_fail(s, 1, text.p, r < 0 ?
		    "a match within PCRE2's limits" : "a match of the pattern");
	for (unsigned i = 0;
	     named_groups_get(f->groups, m->found, i, text, &name, &value);
	     i++) {
		if (value.p == NULL)
			continue;
		if (f->time == NULL || !span_is(name, "timestamp"))
			add_named(s, name, value);
		else if (!add_custom_time(s, f, value))
			return false;
	}
	unique_names_of_layer(s->rec);
	return true;
}

static bool
scan_custom(struct scan *s, struct span text)
{
	const struct custom_format *f = (const void *)s->format;

	return f->groups != NULL ? scan_groups(s, f, text) :
	    line_format_scan(f->layout, s, text);
}

/* Add f, or free it when that fails. */
static int
add_format(struct user_formats *c, struct custom_format *f)
{
	struct custom_format **more;

	more = realloc(c->formats, (c->n + 1) * sizeof *more);
	if (more == NULL) {
		format_free(f);
		return -1;
	}
	c->formats = more;
	f->format.name = f->name != NULL ? f->name : "custom";
	f->format.scan = scan_custom;
	f->format.nests = true;
	more[c->n++] = f;
	return 0;
}

static int
add_layout(struct user_formats *c, struct line_format *l, const char *name)
{
	struct custom_format *f = calloc(1, sizeof *f);

	if (l == NULL || f == NULL || (name != NULL &&
	    (f->name = strdup(name)) == NULL)) {
		line_format_free(l);
		free(f);
		return -1;
	}
	f->layout = l;
	return add_format(c, f);
}

int
user_formats_log_format(
    struct user_formats *c, const char *text, struct buf *why)
{
	return add_layout(c, line_format_server(text, why), NULL);
}

int
user_formats_regex(struct user_formats *c, const char *pattern, struct buf *why)
{
	struct custom_format *f = calloc(1, sizeof *f);

	if (f == NULL || (f->groups = named_groups_new(pattern, why)) == NULL) {
		free(f);
		return -1;
	}
	return add_format(c, f);
}

static int
add_conf_format(void *custom, const char *name, struct line_format *l)
{
	return add_layout(custom, l, name);
}

int
user_formats_nginx_conf(
    struct user_formats *c, const char *where, struct buf *why)
{
	const char *colon = strrchr(where, ':');
	char *path = NULL;
	int r;

	buf_clear(why);
	if (colon != NULL && access(where, F_OK) != 0 &&
	    (path = strndup(where, (size_t)(colon - where))) == NULL)
		return -1;
	r = line_format_nginx_conf(path != NULL ? path : where, path != NULL ?
	    colon + 1 : NULL, add_conf_format, c, why);
	free(path);
	return r;
}

static bool
has_grammar(const struct custom_format *f)
{
	return f->groups != NULL || f->layout != NULL;
}

/* Read one "key = value" for the last format of the file. */
static int
set_key(struct custom_format *f, const char *key, char *value,
    struct buf *why)
{
	buf_clear(why);
	if (f == NULL) {
		buf_adds(why, "no [name] before it");
		return -1;
	}
	if (strcmp(key, "time") == 0 && f->time == NULL)
		return (f->time = strdup(value)) != NULL ? 0 : -1;
	if (strcmp(key, "regex") == 0 && !has_grammar(f))
		f->groups = named_groups_new(value, why);
	else if (strcmp(key, "log_format") == 0 && !has_grammar(f))
		f->layout = line_format_server(value, why);
	else if (strcmp(key, "time") == 0)
		buf_adds(why, "one time is enough");
	else if (strcmp(key, "regex") == 0 || strcmp(key, "log_format") == 0)
		buf_adds(why, "one regex or log_format is enough");
	else
		buf_printf(why, "%s: no such key", key);
	return why->len == 0 && !why->failed && has_grammar(f) ? 0 : -1;
}

/* Whether a record or -f means something else by this name. */
static bool
is_taken(const char *name)
{
	return format_named(span_str(name)) != NULL ||
	    strcmp(name, "auto") == 0 || strcmp(name, "raw") == 0 ||
	    strcmp(name, "custom") == 0;
}

/* Read one line of the file; *f is the format that it belongs to. */
static int
read_line(struct user_formats *c, char *line, struct custom_format **f,
    struct buf *why)
{
	char *value;

	buf_clear(why);
	line = trim_string(line);
	if (*line == '\0' || *line == '#' || *line == ';')
		return 0;
	if (*line == '[') {
		if (line[1] == ']' || line[strlen(line) - 1] != ']' ||
		    strchr(line, ',') != NULL) {
			buf_adds(why, "expected [name]");
			return -1;
		}
		line[strlen(line) - 1] = '\0';
		if (is_taken(line + 1)) {
			buf_printf(why, "%s: a format of that name is there",
			    line + 1);
			return -1;
		}
		if ((*f = calloc(1, sizeof **f)) == NULL)
			return -1;
		(*f)->only_named = true;
		if (((*f)->name = strdup(line + 1)) == NULL) {
			format_free(*f);
			return -1;
		}
		(*f)->format.description = "of --formats";
		return add_format(c, *f);
	}
	if ((value = strchr(line, '=')) == NULL) {
		buf_adds(why, "expected key = value");
		return -1;
	}
	*value++ = '\0';
	return set_key(*f, trim_string(line), trim_string(value), why);
}

static int
read_lines(struct user_formats *c, struct lines *lines, struct buf *why)
{
	struct custom_format *f = NULL;
	struct buf text = { 0 }, wrong = { 0 };
	unsigned n = 0;
	struct span line;
	int r = 0;

	while (r == 0 && line_next(lines, &line, NULL) > 0) {
		n++;
		buf_clear(&text);
		buf_addspan(&text, line);
		r = buf_str(&text) != NULL ? read_line(c, text.p, &f, &wrong) :
		    -1;
	}
	for (unsigned i = 0; r == 0 && i < c->n; i++)
		if (!has_grammar(c->formats[i])) {
			buf_printf(&wrong, "[%s]: no regex or log_format",
			    c->formats[i]->format.name);
			r = -1;
		}
	if (r < 0)
		buf_printf(why, "line %u: %.*s", n, (int)wrong.len, wrong.p);
	buf_free(&text);
	buf_free(&wrong);
	return r;
}

int
user_formats_file(struct user_formats *c, const char *path, struct buf *why)
{
	struct input *in = input_open(path);
	struct lines *lines = NULL;
	int r = -1;

	buf_clear(why);
	if (in != NULL && (lines = lines_new(in, LINE_MAX_DEFAULT)) != NULL)
		r = read_lines(c, lines, why);
	else
		buf_adds(why, strerror(errno));
	lines_free(lines);
	input_close(in);
	return r;
}
