/*
 * records: what becomes of lines, by the cases in tests/golden/records
 *
 * A case is some lines of a file up to an empty one:
 *
 *	# what it shows
 *	-f syslog	options of logparse: -f, -F, -e, -o, -s, or -m for
 *			--multiline, -H for --header, -u for --unparsed=drop
 *	| text		a line of a file
 *	-N name		--nginx-conf, with that file
 *	-L		--formats, with that file
 *	< text		a line; <$ one with \n, \t, \\ and \xHH in it
 *	> text		a line of output
 *	! text		why the options are wrong
 *
 * Nothing is read past the end of its lines, nor of what is left of them when
 * they break off.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "emit/parse_block.h"
#include "guarded.h"
#include "tap.h"

struct test {
	char name[256];
	struct buf input, wanted, wrong, file, why;
	char *formats, *output, *fields;
	bool joined, header, drop;
	struct user_formats *custom;
};

static char path[] = "/tmp/logferry-records.XXXXXX";

/* Adds a line whose escapes are resolved. */
static void
add_escaped(struct buf *b, const char *p)
{
	static const char from[] = "ntr\\", to[] = "\n\t\r\\";
	const char *known;

	for (; *p != '\0'; p++) {
		if (*p != '\\') {
			buf_addc(b, *p);
		} else if (p[1] == 'x') {
			buf_addc(b, (char)(hex_digit(p[2]) << 4 |
			    hex_digit(p[3])));
			p += 3;
		} else if ((known = memchr(from, *++p, 4)) != NULL) {
			buf_addc(b, to[known - from]);
		}
	}
}

static const char *
write_file(const struct test *t)
{
	FILE *f = fopen(path, "w");

	if (f != NULL) {
		fwrite(t->file.p, 1, t->file.len, f);
		fclose(f);
	}
	return path;
}

/* Reads an option, whose argument begins at p. */
static void
set_option(struct test *t, char letter, char *p)
{
	char where[64];
	int r = 0;

	switch (letter) {
	case 'f': t->formats = strdup(p); break;
	case 'o': t->output = strdup(p); break;
	case 's': t->fields = strdup(p); break;
	case 'm': t->joined = true; break;
	case 'H': t->header = true; break;
	case 'u': t->drop = true; break;
	case 'F': r = user_formats_log_format(t->custom, p, &t->why); break;
	case 'e': r = user_formats_regex(t->custom, p, &t->why); break;
	case 'L':
		r = user_formats_file(t->custom, write_file(t), &t->why);
		break;
	case 'N':
		snprintf(where, sizeof where, "%s%s%s", write_file(t),
		    *p != '\0' ? ":" : "", p);
		r = user_formats_nginx_conf(t->custom, where, &t->why);
		break;
	default: buf_printf(&t->why, "-%c: no such option", letter);
	}
	if (r == 0 && letter != '?')
		return;
	if (t->why.len == 0)
		buf_adds(&t->why, "refused");
}

/* Puts the records of the input in out.  Returns false when it cannot. */
static bool
run(struct test *t, struct parser *p)
{
	const char *why;
	struct span bad;
	struct scanner *outer;

	p->scanner = scanner_new();
	scanner_custom(p->scanner, t->custom);
	if (t->formats != NULL && scanner_formats(p->scanner, t->formats,
	    &bad) < 0) {
		buf_printf(&t->why, "%.*s", (int)bad.len, bad.p);
		return false;
	}
	zone_set(scanner_zone(p->scanner), "UTC");
	scanner_zone(p->scanner)->year = 2021;
	p->emit = emit_new(t->output != NULL ? t->output : "json", t->fields,
	    t->header, &why);
	if (p->emit == NULL) {
		buf_adds(&t->why, why);
		return false;
	}
	if (t->joined && (outer = scanner_copy(p->scanner)) != NULL)
		p->multiline = multiline_new(outer, parse_one, p);
	p->unparsed = t->drop ? UNPARSED_DROP : UNPARSED_KEEP;
	parse_lines(p, buf_span(&t->input));
	return parse_end(p) == 0;
}

static void
show(const char *what, const struct buf *b)
{
	printf("# %s:\n", what);
	for (size_t i = 0, start = 0; i < b->len; i++)
		if (b->p[i] == '\n') {
			printf("#   %.*s\n", (int)(i - start), b->p + start);
			start = i + 1;
		}
}

/* Reads the lines when each breaks off anywhere: no more than is there. */
static void
run_cut(struct parser *p, struct span input)
{
	const char *end = input.p + input.len, *lf;

	for (const char *at = input.p; at < end; at = lf + 1) {
		lf = memchr(at, '\n', (size_t)(end - at));
		for (size_t n = (size_t)(lf - at); n > 0; n--) {
			buf_clear(&p->text);
			parse_line(p, guarded(at, n));
		}
	}
}

static void
finish(struct test *t)
{
	struct parser p = { 0 };
	bool good;

	if (t->why.len == 0)
		run(t, &p);
	if (t->why.len > 0)
		buf_addc(&t->why, '\n');
	good = span_eq(buf_span(&p.text), buf_span(&t->wanted)) &&
	    span_eq(buf_span(&t->why), buf_span(&t->wrong));
	if (!ok(good, "%s", t->name)) {
		show("got", &p.text);
		show("wanted", &t->wanted);
		show("why", &t->why);
	}
	if (p.emit != NULL)
		run_cut(&p, buf_span(&t->input));
	scanner_free(p.scanner);
	emit_free(p.emit);
	parser_free(&p);
	user_formats_free(t->custom);
	buf_free(&t->input);
	buf_free(&t->wanted);
	buf_free(&t->wrong);
	buf_free(&t->file);
	buf_free(&t->why);
	free(t->formats);
	free(t->output);
	free(t->fields);
	memset(t, 0, sizeof *t);
}

static void
read_line(struct test *t, char *line)
{
	const char *text = line[0] != '\0' && line[1] != '\0' ? line + 2 : "";
	struct buf *to = *line == '<' ? &t->input : *line == '>' ? &t->wanted :
	    *line == '!' ? &t->wrong : &t->file;

	if (t->custom == NULL)
		t->custom = user_formats_new();
	if (*line == '#') {
		snprintf(t->name, sizeof t->name, "%s", text);
	} else if (*line == '-') {
		set_option(t, line[1], line + 2 + (line[2] == ' '));
	} else {
		if (line[1] == '$')
			add_escaped(to, line + 3);
		else
			buf_adds(to, text);
		buf_addc(to, '\n');
	}
}

static void
read_cases(const char *file)
{
	struct test t = { 0 };
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while (f != NULL && (n = getline(&line, &size, f)) > 0) {
		line[n - (line[n - 1] == '\n')] = '\0';
		if (*line != '\0')
			read_line(&t, line);
		else if (t.custom != NULL)
			finish(&t);
	}
	if (t.custom != NULL)
		finish(&t);
	free(line);
	if (f != NULL)
		fclose(f);
}

int
main(void)
{
	glob_t files;
	int fd = mkstemp(path);

	if (fd >= 0)
		close(fd);
	if (glob("tests/golden/records/*", 0, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc; i++)
			read_cases(files.gl_pathv[i]);
		globfree(&files);
	}
	unlink(path);
	return done_testing();
}
