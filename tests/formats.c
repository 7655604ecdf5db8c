/* format_table: what the table says of each format is true */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "format/format.h"
#include "format/scanner.h"
#include "match/server_error.h"
#include "tap.h"

/*
 * Is the last line of the example read as the format, without being told?  Only
 * akkeris is never guessed.
 */
static bool
reads_example(const struct format *f)
{
	struct scanner *s = scanner_new();
	struct record r = { 0 };
	const char *p = f->example, *lf;
	struct span want = span_str(f->name), got, bad;
	bool good;

	if (span_is(want, "akkeris"))
		scanner_formats(s, f->name, &bad);
	for (; (lf = strchr(p, '\n')) != NULL; p = lf + 1)
		scan_line(s, span_of(p, (size_t)(lf - p)), &r);
	good = scan_line(s, span_str(p), &r) > 0;
	got = record_format(&r);
	good &= got.len >= want.len && memcmp(got.p, want.p, want.len) == 0 &&
	    (got.len == want.len || got.p[want.len] == ',');
	record_free(&r);
	scanner_free(s);
	return good;
}

/* Does each layout of the format hold its word? */
static bool
needs_word(const struct format *f)
{
	const char *p = f->layout, *lf;

	for (; p != NULL; p = lf != NULL ? lf + 1 : NULL) {
		lf = strchr(p, '\n');
		if (memmem(p, lf != NULL ? (size_t)(lf - p) : strlen(p),
		    f->word, strlen(f->word)) == NULL)
			return false;
	}
	return f->layout != NULL;
}

/* What logparse and loggrep -5 say of the lines of a file. */
struct judges {
	struct scanner *scanner;
	struct record rec;
	struct server_errors *errors;
	unsigned lines, failed, differ, unlike;
};

/* A line alone, but a W3C line is read behind its directives. */
static void
judge_line(struct judges *j, struct span line)
{
	struct span found;
	bool parsed, selected;

	if (line.len == 0 || *line.p != '#') {
		j->lines++;
		parsed = scan_line(j->scanner, line, &j->rec) != 0 &&
		    scan_status(&j->rec) / 100 == 5;
		server_errors_block(j->errors);
		selected = server_errors_next(j->errors, line, &found);
		j->failed += parsed;
		if (parsed != selected && j->differ++ == 0)
			printf("# %.*s\n", (int)line.len, line.p);
		return;
	}
	scan_line(j->scanner, line, &j->rec);
	server_errors_block(j->errors);
	server_errors_next(j->errors, line, &found);
}

static void
judge_file(struct judges *j, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	scanner_input(j->scanner, 0);
	server_errors_input(j->errors, 0);
	while (f != NULL && (n = getline(&line, &size, f)) > 0) {
		n -= line[n - 1] == '\n';
		judge_line(j, span_of(line, (size_t)n));
		if (*line != '#' && strstr(path, "w3c") == NULL) {
			scanner_input(j->scanner, 0);
			server_errors_input(j->errors, 0);
		}
	}
	free(line);
	if (f != NULL)
		fclose(f);
}

/*
 * All lines of a file at once, after one that tells nothing: so each is judged
 * only if the search finds it.
 */
static void
judge_block(struct judges *j, const char *path)
{
	struct buf b = { 0 };
	FILE *f = fopen(path, "r");
	struct span found = { 0 }, rest, line;
	const char *end, *lf;
	bool more = true, parsed;
	int c;

	buf_adds(&b, "x\n");
	while (f != NULL && (c = getc(f)) != EOF)
		buf_addc(&b, (char)c);
	if (f != NULL)
		fclose(f);
	scanner_input(j->scanner, 0);
	server_errors_input(j->errors, 0);
	server_errors_block(j->errors);
	end = b.p + b.len;
	for (rest = buf_span(&b); rest.len > 0; rest = span_to(lf + 1, end)) {
		lf = memchr(rest.p, '\n', rest.len);
		line = span_to(rest.p, lf != NULL ? lf : end);
		if (more && found.p < line.p)
			more = server_errors_next(j->errors, rest, &found);
		parsed = scan_line(j->scanner, line, &j->rec) != 0 &&
		    scan_status(&j->rec) / 100 == 5;
		if (scanner_held(j->scanner, -1) == 0 &&
		    parsed != (more && found.p == line.p) &&
		    j->unlike++ == 0)
			printf("# %.*s\n", (int)line.len, line.p);
		if (lf == NULL || lf + 1 == end)
			break;
	}
	buf_free(&b);
}

/* Every line of the golden files that are read with no option. */
static void
judge_golden(void)
{
	struct judges j = { .scanner = scanner_new(),
	    .errors = server_errors_new() };
	char opts[256];
	glob_t files;

	if (glob("tests/golden/logparse/*.log", 0, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc; i++) {
			snprintf(opts, sizeof opts, "%.*s.opts",
			    (int)strlen(files.gl_pathv[i]) - 4,
			    files.gl_pathv[i]);
			if (access(opts, R_OK) == 0)
				continue;
			judge_file(&j, files.gl_pathv[i]);
			judge_block(&j, files.gl_pathv[i]);
		}
		globfree(&files);
	}
	judge_file(&j, "tests/golden/loggrep/others");
	judge_block(&j, "tests/golden/loggrep/others");
	judge_block(&j, "tests/golden/loggrep/errors");
	ok(j.lines > 250 && j.failed > 10, "the golden files hold server "
	    "errors, and other lines");
	ok(j.differ == 0, "loggrep -5 selects a line of the golden files just "
	    "when logparse gives it a status of 500 to 599");
	ok(j.unlike == 0, "the search of a block misses no server error of "
	    "the golden files");
	record_free(&j.rec);
	server_errors_free(j.errors);
	scanner_free(j.scanner);
}

/* What is after a line in memory is no part of it. */
static void
read_past_haproxy(void)
{
	static const char text[] = "10.0.1.2:33317 [06/Feb/2009:12:14:14.655] "
	    "fe be/s1 1/2/+x";
	struct scanner *s = scanner_new();
	struct record r = { 0 };
	struct span bad;

	scanner_formats(s, "haproxy", &bad);
	scan_line(s, span_of(text, sizeof text - 3), &r);
	ok(memmem(r.error.p, r.error.len, "status", 6) != NULL,
	    "haproxy: bytes after a line are no part of its last timer");
	record_free(&r);
	scanner_free(s);
}

int
main(void)
{
	size_t n = 0;

	for (; formats[n] != NULL; n++) {
		ok(reads_example(formats[n]), "%s: its example is read as %s",
		    formats[n]->name, formats[n]->name);
		ok(formats[n]->word == NULL ||
		    formats[n]->layout == NULL || needs_word(formats[n]),
		    "%s: each layout holds the word of all lines",
		    formats[n]->name);
		ok(strlen(formats[n]->description) <= 60,
		    "%s: its description fits a line", formats[n]->name);
	}
	ok(n <= 64, "there are no more formats than bits in a word");
	judge_golden();
	read_past_haproxy();
	return done_testing();
}
