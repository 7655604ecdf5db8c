#include "custom.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "groups.h"
#include "input.h"
#include "layout.h"
#include "line.h"
#include "scanning.h"

struct custom_format {
	struct format format;
	char *name;
	struct layout *layout;	/* one of these two */
	struct groups *groups;
	char *time;		/* of the group timestamp; NULL: any */
	bool only_named;	/* from a file: not tried by itself */
};

struct custom {
	struct custom_format **formats;
	unsigned n;
};

struct custom *
custom_new(void)
{
	return calloc(1, sizeof(struct custom));
}

static void
format_free(struct custom_format *f)
{
	if (f == NULL)
		return;
	layout_free(f->layout);
	groups_free(f->groups);
	free(f->name);
	free(f->time);
	free(f);
}

void
custom_free(struct custom *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->n; i++)
		format_free(c->formats[i]);
	free(c->formats);
	free(c);
}

unsigned
custom_count(const struct custom *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++)
		n += !c->formats[i]->only_named;
	return n;
}

const struct format *
custom_at(const struct custom *c, unsigned i, bool *only_named)
{
	if (c == NULL || i >= c->n)
		return NULL;
	*only_named = c->formats[i]->only_named;
	return &c->formats[i]->format;
}

/* A timestamp in the format that the user gave. */
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

	if (m->found == NULL && (m->found = groups_found_new()) == NULL) {
		s->rec->failed = true;
		return false;
	}
	r = groups_match(f->groups, m->found, text);
	if (r <= 0)
		return scan_fail(s, 1, text.p, r < 0 ?
		    "a match within PCRE2's limits" : "a match of the pattern");
	for (unsigned i = 0; groups_get(f->groups, m->found, i, text, &name,
	    &value); i++) {
		if (value.p == NULL)
			continue;
		if (f->time == NULL || !span_is(name, "timestamp"))
			add_named(s, name, value);
		else if (!add_custom_time(s, f, value))
			return false;
	}
	return true;
}

static bool
scan_custom(struct scan *s, struct span text)
{
	const struct custom_format *f = (const void *)s->format;

	return f->groups != NULL ? scan_groups(s, f, text) :
	    layout_scan(f->layout, s, text);
}

/* Add f, which is freed when that fails. */
static int
add_format(struct custom *c, struct custom_format *f)
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
add_layout(struct custom *c, struct layout *l, const char *name)
{
	struct custom_format *f = calloc(1, sizeof *f);

	if (l == NULL || f == NULL || (name != NULL &&
	    (f->name = strdup(name)) == NULL)) {
		layout_free(l);
		free(f);
		return -1;
	}
	f->layout = l;
	return add_format(c, f);
}

int
custom_log_format(struct custom *c, const char *text, struct buf *why)
{
	return add_layout(c, layout_server(text, why), NULL);
}

int
custom_regex(struct custom *c, const char *pattern, struct buf *why)
{
	struct custom_format *f = calloc(1, sizeof *f);

	if (f == NULL || (f->groups = groups_new(pattern, why)) == NULL) {
		free(f);
		return -1;
	}
	return add_format(c, f);
}

static int
add_conf_format(void *custom, const char *name, struct layout *l)
{
	return add_layout(custom, l, name);
}

int
custom_nginx_conf(struct custom *c, const char *where, struct buf *why)
{
	const char *colon = strrchr(where, ':');
	char *path = NULL;
	int r;

	buf_clear(why);
	if (colon != NULL && access(where, F_OK) != 0 &&
	    (path = strndup(where, (size_t)(colon - where))) == NULL)
		return -1;
	r = layout_nginx_conf(path != NULL ? path : where, path != NULL ?
	    colon + 1 : NULL, add_conf_format, c, why);
	free(path);
	return r;
}

/* One "key = value" of the format that the file is at. */
static int
set_key(struct custom_format *f, const char *key, char *value,
    struct buf *why)
{
	buf_clear(why);
	if (f == NULL) {
		buf_adds(why, "no [name] before it");
		return -1;
	}
	if (strcmp(key, "time") == 0)
		return (f->time = strdup(value)) != NULL ? 0 : -1;
	if (f->groups != NULL || f->layout != NULL)
		buf_adds(why, "one regex or log_format is enough");
	else if (strcmp(key, "regex") == 0)
		f->groups = groups_new(value, why);
	else if (strcmp(key, "log_format") == 0)
		f->layout = layout_server(value, why);
	else
		buf_printf(why, "%s: no such key", key);
	return f->groups != NULL || f->layout != NULL ? 0 : -1;
}

static char *
trim(char *s)
{
	char *end = s + strlen(s);

	while (end > s && (end[-1] == ' ' || end[-1] == '\t' ||
	    end[-1] == '\r'))
		*--end = '\0';
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* One line of the file; *f is the format that it is about. */
static int
read_line(struct custom *c, char *line, struct custom_format **f,
    struct buf *why)
{
	char *value;

	buf_clear(why);
	line = trim(line);
	if (*line == '\0' || *line == '#' || *line == ';')
		return 0;
	if (*line == '[') {
		if (line[1] == ']' || line[strlen(line) - 1] != ']' ||
		    strchr(line, ',') != NULL) {
			buf_adds(why, "expected [name]");
			return -1;
		}
		line[strlen(line) - 1] = '\0';
		if ((*f = calloc(1, sizeof **f)) == NULL)
			return -1;
		(*f)->only_named = true;
		(*f)->name = strdup(line + 1);
		return add_format(c, *f);
	}
	if ((value = strchr(line, '=')) == NULL) {
		buf_adds(why, "expected key = value");
		return -1;
	}
	*value++ = '\0';
	return set_key(*f, trim(line), trim(value), why);
}

static int
read_lines(struct custom *c, struct lines *lines, struct buf *why)
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
		if (c->formats[i]->groups == NULL &&
		    c->formats[i]->layout == NULL) {
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
custom_file(struct custom *c, const char *path, struct buf *why)
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
