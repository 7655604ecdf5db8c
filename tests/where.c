/*
 * where, select: -W agrees with what logparse prints, line by line
 *
 * For each path in each record, such as "status" or "http.status": path, !path
 * and path=value select those lines whose record has it, or lacks it.  What a
 * JSON or logfmt line calls by a name that its record lacks is found by that
 * name, too.
 */
#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <time.h>

#include "emit/emit.h"
#include "format/scanner.h"
#include "match/selector.h"
#include "tap.h"

enum { LINES = 1000, PAIRS = 10000, NEAR = 1625000000 };

struct pair {
	char *path, *value;	/* NULL: an object or array */
	unsigned line;
};

static struct buf text;		/* of the log */
static struct span lines[LINES];
static bool has_record[LINES], wanted[LINES], got[LINES];
static unsigned in_record[LINES];	/* the line that has a line's record */
static unsigned n_lines;
static struct pairs {
	struct pair p[PAIRS];
	size_t n;
} printed, own;
static int bad, asked;

static char *
to_string(struct span s)
{
	return strndup(s.len > 0 ? s.p : "", s.len);
}

/* Remember all members of an object, and those of the objects inside. */
static void
note_members(struct pairs *to, struct span object, const char *prefix,
    unsigned line)
{
	struct json_value key, v;
	struct json j;

	if (json_open(&j, object, true) < 0)
		return;
	while (json_next(&j, &key, &v) > 0 && to->n < PAIRS) {
		struct buf path = { 0 }, value = { 0 };
		struct pair *p = &to->p[to->n];

		if (v.type == JSON_ABSENT ||
		    (to == &own && json_is(&v, "-")))	/* nginx: no value */
			continue;
		to->n++;

		buf_adds(&path, prefix);
		json_decode(&path, &key);
		json_decode(&value, &v);
		p->line = line;
		p->path = to_string(buf_span(&path));
		p->value = v.type == JSON_OBJECT || v.type == JSON_ARRAY ?
		    NULL : to_string(buf_span(&value));
		buf_addc(&path, '.');
		if (v.type == JSON_OBJECT)
			note_members(to, v.text, buf_str(&path), line);
		buf_free(&path);
		buf_free(&value);
	}
}

/* Is the value at i nothing but a "-", which stands for no value in ltsv? */
static bool
is_absent(struct span of, size_t i)
{
	return i < of.len && of.p[i] == '-' &&
	    (i + 1 == of.len || of.p[i + 1] == '\t');
}

/*
 * Remember the keys of a logfmt line (between pairs is a blank, but in quotes;
 * before a value is =), or the labels of an ltsv one (a tab, and a colon).
 */
static void
note_keys(struct pairs *to, struct span of, unsigned line, char between,
    char before)
{
	bool quoted = false;
	size_t key = 0;

	for (size_t i = 0; i < of.len && to->n < PAIRS; i++) {
		quoted ^= between == ' ' && of.p[i] == '"';
		if (!quoted && of.p[i] == between)
			key = i + 1;
		if (quoted || of.p[i] != before || key == of.len)
			continue;
		if (before == '=' || !is_absent(of, i + 1)) {
			to->p[to->n].path = to_string(span_of(of.p + key,
			    i - key));
			to->p[to->n].value = NULL;
			to->p[to->n++].line = line;
		}
		key = of.len;
	}
}

/*
 * Note whether line i, which was scanned while so much was held of each stream,
 * is a piece of a message, or the end of one, in whose record its pieces are.
 */
static void
note_piece(const struct scanner *s, unsigned i, const size_t held[2])
{
	static int stream[LINES];	/* 1, 2: a piece, which has no end yet */
	size_t now;

	stream[i] = 0;
	in_record[i] = i;
	for (int k = 0; k < 2; k++) {
		now = scanner_held(s, k);
		if (now > held[k])
			stream[i] = k + 1;
		for (unsigned j = 0; held[k] > 0 && now == 0 && j < i; j++)
			if (stream[j] == k + 1) {
				in_record[j] = i;
				stream[j] = 0;
			}
	}
}

/* The line without the name of a file in front. */
static struct span
behind_name(struct record *r, struct span line)
{
	struct span name;

	if (!record_find(r, span_str("prefix"), &name) ||
	    name.len > line.len || memcmp(name.p, line.p, name.len) != 0)
		return line;
	return span_of(line.p + name.len, line.len - name.len);
}

/* The records that logparse makes of the log. */
static void
note_log(void)
{
	struct scanner *s = scanner_new();
	const char *why, *p = text.p, *end = p + text.len, *lf;
	struct emit *e = emit_new("json", NULL, false, &why);
	struct record r = { 0 };
	struct buf json = { 0 };
	size_t held[2];
	unsigned i;

	scanner_input(s, NEAR);
	for (n_lines = 0; p < end && n_lines < LINES; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		lf = lf != NULL ? lf : end;
		i = n_lines++;
		lines[i] = span_of(p, (size_t)(lf - p));
		held[0] = scanner_held(s, 0);
		held[1] = scanner_held(s, 1);
		has_record[i] = scan_line(s, lines[i], &r) != 0;
		note_piece(s, i, held);
		if (!has_record[i])
			continue;
		buf_clear(&json);
		emit_record(e, &r, &json);
		note_members(&printed, buf_span(&json), "", i);
		if (lines[i].len > 0 && *lines[i].p == '{')
			note_members(&own, lines[i], "", i);
		else if (strstr(buf_str(&json), "\"format\":\"logfmt\""))
			note_keys(&own, behind_name(&r, lines[i]), i, ' ', '=');
		else if (strstr(buf_str(&json), "\"format\":\"ltsv\""))
			note_keys(&own, lines[i], i, '\t', ':');
	}
	buf_free(&json);
	record_free(&r);
	emit_free(e);
	scanner_free(s);
}

static void
forget(struct pairs *from)
{
	for (; from->n > 0; from->n--) {
		free(from->p[from->n - 1].path);
		free(from->p[from->n - 1].value);
	}
}

static void
select_lines(char *condition, const struct pattern *pattern)
{
	char *where[] = { condition, NULL };
	struct criteria c = { .where = where, .pattern = pattern };
	struct buf why = { 0 };
	struct selector *s = selector_new(&c, &why);
	struct span rest = buf_span(&text), line;
	const char *end = rest.p + rest.len;

	memset(got, 0, sizeof got);
	if (s == NULL) {
		printf("# %s: %s\n", condition, buf_str(&why));
		buf_free(&why);
		return;
	}
	selector_input(s, NEAR);
	selector_block(s, rest);
	while (rest.len > 0 && selector_next(s, rest, &line) > 0) {
		for (unsigned i = 0; i < n_lines; i++)
			got[i] |= lines[i].p == line.p;
		rest.p = line.p + line.len;
		rest.len = (size_t)(end - rest.p);
	}
	selector_free(s);
}

/* What the line calls itself so, and its record does not. */
static bool
is_own(const char *path, unsigned line)
{
	if (strcmp(path, "message") == 0)	/* an inner layer's text */
		return false;
	for (const struct pair *p = printed.p; p < printed.p + printed.n; p++)
		if (p->line == line && strcmp(p->path, path) == 0)
			return false;
	for (const struct pair *p = own.p; p < own.p + own.n; p++)
		if (p->line == line && strcmp(p->path, path) == 0)
			return true;
	return false;
}

/* The lines got must be those wanted, or at least those. */
static void
compare(const char *condition, bool at_least)
{
	asked++;
	for (unsigned i = 0; i < n_lines; i++)
		if (got[i] != wanted[in_record[i]] && !(at_least && got[i]) &&
		    bad++ < 20)
			printf("# %s %s line %u: %.*s\n", condition, got[i] ?
			    "selects" : "does not select", i + 1,
			    (int)lines[i].len, lines[i].p);
}

static void
ask(const struct pairs *of, const struct pair *p, const char *before,
    const char *after, const struct pattern *pattern)
{
	struct buf condition = { 0 };
	bool absent = *before == '!', equals = *after == '=';

	for (unsigned i = 0; i < n_lines; i++)
		wanted[i] = (!equals && is_own(p->path, i)) ^
		    (absent && has_record[i]);
	for (const struct pair *q = of->p; q < of->p + of->n; q++)
		if (strcmp(q->path, p->path) == 0 && (!equals ||
		    (q->value != NULL && strcmp(q->value, p->value) == 0)) &&
		    (of == &printed || is_own(q->path, q->line)))
			wanted[q->line] = !absent;
	buf_printf(&condition, "%s%s%s%s", before, p->path, after,
	    equals ? p->value : "");
	buf_str(&condition);
	select_lines(condition.p, pattern);
	compare(condition.p, equals || of == &own);
	buf_free(&condition);
}

/* Can the value stand in a condition, and is it what stands in the line? */
static bool
can_be_asked(const char *value)
{
	size_t n = strlen(value);

	return (n == 0 || (!isspace((unsigned char)*value) && *value != '=' &&
	    *value != '~' && !isspace((unsigned char)value[n - 1]))) &&
	    strstr(value, "\xef\xbf\xbd") == NULL;
}

static bool
is_first(const struct pairs *of, const struct pair *p, bool with_value)
{
	for (const struct pair *q = of->p; q < p; q++)
		if (strcmp(p->path, q->path) == 0 && (!with_value ||
		    (q->value != NULL && strcmp(p->value, q->value) == 0)))
			return false;
	return true;
}

static void
ask_all(const struct pairs *of, const struct pattern *pattern)
{
	for (const struct pair *p = of->p; p < of->p + of->n; p++) {
		if (strpbrk(p->path, "=!<>~") != NULL)
			continue;
		if (is_first(of, p, false)) {
			ask(of, p, "", "", pattern);
			if (of == &printed)
				ask(of, p, "!", "", pattern);
		}
		if (p->value != NULL && can_be_asked(p->value) &&
		    is_first(of, p, true))
			ask(of, p, "", "=", pattern);
	}
}

static void
read_log(const char *path)
{
	FILE *f = fopen(path, "r");
	char part[4096];
	size_t n;

	buf_clear(&text);
	while (f != NULL && (n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(&text, part, n);
	if (f != NULL)
		fclose(f);
}

int
main(void)
{
	struct buf why = { 0 };
	struct pattern *some = pattern_new(span_str("^(?!#)"), 0, &why);
	glob_t logs;

	setenv("TZ", "UTC", 1);
	tzset();
	if (glob("tests/golden/logparse/*.log", 0, NULL, &logs) != 0 ||
	    glob("tests/golden/logparse/*.json", GLOB_APPEND, NULL, &logs) != 0)
		return 1;
	for (size_t i = 0; i < logs.gl_pathc; i++) {
		read_log(logs.gl_pathv[i]);
		note_log();
		bad = asked = 0;
		ask_all(&printed, NULL);
		ask_all(&printed, some);
		ask_all(&own, NULL);
		ok(bad == 0 && asked > 0,
		    "-W agrees with logparse on %s: %d conditions",
		    strrchr(logs.gl_pathv[i], '/') + 1, asked);
		forget(&printed);
		forget(&own);
	}
	globfree(&logs);
	pattern_free(some);
	buf_free(&text);
	return done_testing();
}
