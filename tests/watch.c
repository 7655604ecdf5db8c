/* watch: what is given of files that grow, and when */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "tap.h"
#include "watch.h"

enum { MAX_LINE = 20000 };

static struct watch *w;
static struct buf got;

static void
append(const char *name, const char *text)
{
	FILE *f = fopen(name, "a");

	fputs(text, f);
	fclose(f);
}

/* A bar before what another file gave. */
static void
add(const struct watch_data *d)
{
	if (d->other && d->bytes.len > 0)
		buf_printf(&got, "|%s:", d->path);
	buf_addspan(&got, d->bytes);
}

/* What all of this gives: name, text, ..., NULL. */
static bool
gives(const char *wanted, ...)
{
	struct watch_data d;
	const char *name;
	va_list ap;
	bool same;

	buf_clear(&got);
	va_start(ap, wanted);
	while ((name = va_arg(ap, const char *)) != NULL) {
		append(name, va_arg(ap, const char *));
		while (watch_ready(w) > 0 && watch_read(w, &d) > 0)
			add(&d);
	}
	va_end(ap);
	same = strcmp(buf_str(&got), wanted) == 0;
	if (!same)
		printf("# got %.200s\n", buf_str(&got));
	return same;
}

static bool
rests(const char *wanted)
{
	struct watch_data d;

	buf_clear(&got);
	while (watch_rest(w, &d) > 0)
		add(&d);
	return strcmp(buf_str(&got), wanted) == 0;
}

static void
test_lines(void)
{
	char long_line[MAX_LINE], wanted[MAX_LINE + 8];

	ok(gives("one\n", "a", "one\n", NULL), "a line");
	ok(gives("", "a", "AAA ", NULL), "the start of one is held back");
	ok(gives("|b:BBB\n", "b", "BBB\n", NULL), "not another file's");
	ok(gives("|a:AAA CCC\n", "a", "CCC\n", NULL), "until its end comes");
	ok(gives("two\nthree\n", "a", "two\nth", "a", "r", "a", "ee\n", NULL),
	    "in however many parts");
	ok(gives("", "a", "one ", "b", "two ", NULL) && rests("one |b:two "),
	    "all rests, when asked for");
	ok(gives("go\n|a:on\n", "b", "go\n", "a", "on\n", NULL),
	    "then what comes behind them");
	memset(long_line, 'x', sizeof long_line - 1);
	long_line[sizeof long_line - 1] = '\0';
	ok(gives("", "a", long_line, NULL) && gives("", "a", "x", NULL) &&
	    gives("|b:b\n", "b", "b\n", NULL), "up to the longest line");
	snprintf(wanted, sizeof wanted, "|a:%sxx", long_line);
	ok(gives(wanted, "a", "x", NULL), "but a longer one is not held back");
	ok(gives("xx\n", "a", "xx\n", NULL), "nor is what comes then");
}

static void
test_rotation(void)
{
	append("a", "begun");
	rename("a", "a.1");
	ok(gives("|a:new\n", "a", "new\n", NULL), "a new file of the name");
	ok(gives("|a:begun, ended\n", "a.1", ", ended\n", NULL),
	    "the one before it is another one still");
	ok(gives("", "a.1", "last", NULL), "held back there");
	append("a.1", " words");
	rename("a", "a.2");
	ok(gives("last words|a:newer\n", "a", "newer\n", NULL),
	    "given when it is not followed any more");
	append("a", "gone\nwith");
	unlink("a");
	ok(gives("gone\nwith|b:b\n", "b", "b\n", NULL), "or when it is gone");
	append("b", "all of it");
	unlink("b");
	ok(gives("all of it|b:new\n", "b", "new\n", NULL),
	    "also when another one has taken its place");
	ok(gives("", "b", "cut ", NULL) && truncate("b", 0) == 0 &&
	    gives("cut off\n", "b", "off\n", NULL), "a file that was truncated");
}

static void
test_last(void)
{
	append("a", "one\ntwo");
	append("b", "three\n");
	ok(watch_last(w) == 0, "no more is wanted");
	append("a", "2\n");
	append("b", "four\n");
	rename("b", "b.1");
	ok(gives("|a:one\n|b:three\n", "b", "new\n", NULL),
	    "only what was there before");
	ok(rests("|a:two"), "up to the last byte");
}

int
main(void)
{
	char dir[] = "/tmp/logferry-watch.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) < 0)
		return 1;
	append("a", "old\nhalf");
	w = watch_new(MAX_LINE);
	ok(watch_add(w, "[ab]") == 0, "a pattern");
	ok(gives("|a: done\n", "a", " done\n", NULL), "what was there is old");
	test_lines();
	test_rotation();
	test_last();
	watch_free(w);
	buf_free(&got);
	unlink("a");
	unlink("a.1");
	unlink("a.2");
	unlink("b.1");
	unlink("b");
	ok(chdir("/") == 0 && rmdir(dir) == 0, "no other file");
	return done_testing();
}
