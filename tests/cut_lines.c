/*
 * cut_lines: a line that breaks off anywhere, or has another byte somewhere, is
 * still a record, or is kept whole as one that was not parsed; and nothing
 * reads past its end
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "emit/emit.h"
#include "format/scanner.h"
#include "guarded.h"
#include "record/json.h"
#include "tap.h"

/* The outputs of one line each: JSON first, then others. */
static const char *const outputs[] = { "json", "ecs", "gelf", "hec", "logfmt",
	"ltsv", "syslog", "sls", "tsv" };
enum { OBJECTS = 4, OUTPUTS = sizeof outputs / sizeof outputs[0] };

struct cuts {
	struct scanner *any;	/* finds the formats by itself */
	struct scanner *known;	/* is told those of the whole line */
	struct emit *emits[OUTPUTS];
	struct record rec;
	struct buf text;
	unsigned lines, lost, broken;
};

/* Is the text one line, and if it must be one, an object of JSON? */
static bool
is_good(struct span text, bool object)
{
	struct json_value key, value;
	struct json j;
	int r;

	if (text.len == 0 || text.p[text.len - 1] != '\n')
		return false;
	text.len--;
	if (memchr(text.p, '\n', text.len) != NULL)
		return false;
	if (!object)
		return true;
	if (json_open(&j, text, false) < 0 || j.close != '}')
		return false;
	while ((r = json_next(&j, &key, &value)) > 0)
		;
	return r == 0 && j.p == j.end;
}

/* Reads the line, and notes when its record is not as it must be. */
static void
judge(struct cuts *c, struct scanner *s, struct span line)
{
	struct span message = { NULL, 0 };
	unsigned output = c->lines % OUTPUTS;
	int r;

	scanner_input(s, 0);
	r = scan_line(s, line, &c->rec);
	c->lines++;
	if (line.len >= 3 && memcmp(line.p, "\xef\xbb\xbf", 3) == 0)
		line = span_of(line.p + 3, line.len - 3);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (r < 0 && c->rec.layers == 0 && (!record_find(&c->rec,
	    NAME("message"), &message) || !span_eq(message, line) ||
	    c->rec.error.len == 0) && c->lost++ == 0)
		printf("# %.*s\n", (int)line.len, line.p);
	if (r == 0)
		return;
	buf_clear(&c->text);
	if ((emit_record(c->emits[output], &c->rec, &c->text) < 0 ||
	    !is_good(buf_span(&c->text), output < OBJECTS)) && c->broken++ == 0)
		printf("# %.*s\n# gives %.*s", (int)line.len, line.p,
		    (int)c->text.len, c->text.p);
}

static void
judge_copy(struct cuts *c, const char *p, size_t n)
{
	struct span copy = guarded(p, n);

	judge(c, c->any, copy);
	judge(c, c->known, copy);
	judge(c, c->any, guarded_start(p, n));
}

static void
cut_line(struct cuts *c, char *p, size_t n)
{
	static const char bytes[] = " \"]\\=0:\xff/[-{";
	struct span formats, bad;
	char list[256], was;

	scanner_input(c->any, 0);
	if (scan_line(c->any, span_of(p, n), &c->rec) <= 0)
		return;
	formats = record_format(&c->rec);
	snprintf(list, sizeof list, "%.*s", (int)formats.len, formats.p);
	if (scanner_formats(c->known, list, &bad) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		judge_copy(c, p, i);
		judge_copy(c, p + i, n - i);
		was = p[i];
		p[i] = bytes[(i + c->lines) % (sizeof bytes - 1)];
		judge_copy(c, p, n);
		p[i] = was;
	}
}

/* A line of the file stands behind the first bytes of "< ". */
static void
cut_file(struct cuts *c, const char *path, ssize_t skip)
{
	enum { LONGEST = 600 };		/* longer lines would take too long */
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while (f != NULL && (n = getline(&line, &size, f)) > 0) {
		n -= line[n - 1] == '\n';
		if (n > skip && n < LONGEST && memcmp(line, "< ", skip) == 0)
			cut_line(c, line + skip, (size_t)(n - skip));
	}
	free(line);
	if (f != NULL)
		fclose(f);
}

static void
cut_files(struct cuts *c, const char *pattern, ssize_t skip)
{
	glob_t files;

	if (glob(pattern, 0, NULL, &files) != 0)
		return;
	for (size_t i = 0; i < files.gl_pathc; i++)
		cut_file(c, files.gl_pathv[i], skip);
	globfree(&files);
}

int
main(void)
{
	const char *why;
	struct cuts c = { .any = scanner_new(), .known = scanner_new() };

	for (int i = 0; i < OUTPUTS; i++)
		c.emits[i] = emit_new(outputs[i], NULL, false, &why);
	zone_set(scanner_zone(c.any), "UTC");
	zone_set(scanner_zone(c.known), "UTC");
	cut_files(&c, "tests/golden/logparse/*.log", 0);
	cut_files(&c, "tests/golden/records/*", 2);
	ok(c.lines > 10000, "the golden files have lines to cut");
	ok(c.lost == 0, "a line that is cut, or has another byte, is parsed, "
	    "else its text is kept and the record says why");
	ok(c.broken == 0, "its record is one line, and where it must be an "
	    "object of JSON");
	buf_free(&c.text);
	record_free(&c.rec);
	for (int i = 0; i < OUTPUTS; i++)
		emit_free(c.emits[i]);
	scanner_free(c.any);
	scanner_free(c.known);
	return done_testing();
}
