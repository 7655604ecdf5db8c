/* watch: what is given of files that grow, and when */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "input/watch.h"
#include "tap.h"

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

	ok(gives("one\n", "a", "one\n", NULL),
	    "a line is given once it is whole");
	ok(gives("", "a", "AAA ", NULL), "the start of a line is held back");
	ok(gives("|b:BBB\n", "b", "BBB\n", NULL),
	    "the start of a line does not hold back another file's");
	ok(gives("|a:AAA CCC\n", "a", "CCC\n", NULL),
	    "the start of a line is given when its end comes");
	ok(gives("two\nthree\n", "a", "two\nth", "a", "r", "a", "ee\n", NULL),
	    "a line may come in several parts");
	ok(gives("", "a", "one ", "b", "two ", NULL) && rests("one |b:two "),
	    "all starts of lines are given when asked for");
	ok(gives("go\n|a:on\n", "b", "go\n", "a", "on\n", NULL),
	    "what comes after a start that was given is given");
	memset(long_line, 'x', sizeof long_line - 1);
	long_line[sizeof long_line - 1] = '\0';
	ok(gives("", "a", long_line, NULL) && gives("", "a", "x", NULL) &&
	    gives("|b:b\n", "b", "b\n", NULL),
	    "the start of a line is held back up to the longest line");
	snprintf(wanted, sizeof wanted, "|a:%sxx", long_line);
	ok(gives(wanted, "a", "x", NULL), "a longer line is not held back");
	ok(gives("xx\n", "a", "xx\n", NULL),
	    "what follows in a longer line is not held back");
}

static void
test_rotation(void)
{
	append("a", "begun");
	rename("a", "a.1");
	ok(gives("|a:new\n", "a", "new\n", NULL),
	    "a new file of the name is followed");
	ok(gives("|a:begun, ended\n", "a.1", ", ended\n", NULL),
	    "the file before a rotation is followed as another one");
	ok(gives("", "a.1", "last", NULL),
	    "the start of a line in the file before a rotation is held back");
	append("a.1", " words");
	rename("a", "a.2");
	ok(gives("last words|a:newer\n", "a", "newer\n", NULL),
	    "a start is given when its file is not followed any more");
	append("a", "gone\nwith");
	unlink("a");
	ok(gives("gone\nwith|b:b\n", "b", "b\n", NULL),
	    "a start is given when its file is gone");
	append("b", "all of it");
	unlink("b");
	ok(gives("all of it|b:new\n", "b", "new\n", NULL),
	    "a start is given when another file has taken its place");
	ok(gives("", "b", "cut ", NULL) && truncate("b", 0) == 0 &&
		gives("cut off\n", "b", "off\n", NULL),
	    "a file that was truncated");
}

static void
test_last(void)
{
	append("a", "one\ntwo");
	append("b", "three\n");
	ok(watch_last(w) == 0, "what comes from now on is not wanted");
	append("a", "2\n");
	append("b", "four\n");
	rename("b", "b.1");
	ok(gives("|a:one\n|b:three\n", "b", "new\n", NULL),
	    "what came after that is not given");
	ok(rests("|a:two"),
	    "what was there before is given up to the last byte");
}

static void
test_folders(void)
{
	mkdir("one", 0700);
	append("one/a.log", "old\n");
	append("file", "is no folder\n");
	w = watch_new(MAX_LINE);
	ok(watch_add(w, "*/*.log") == 0, "a pattern of folders is watched");
	ok(gives("|one/a.log:new\n", "one/a.log", "new\n", "one/a", "no\n", NULL),
	    "a file in a folder that matches is followed from its end");
	ok(gives("|one/b.log:b\n", "one/b.log", "b\n", NULL),
	    "a new file in such a folder is followed");
	mkdir("two", 0700);
	ok(gives("|two/a.log:first\n", "two/a.log", "first\n", NULL),
	    "a file in a new folder is followed from its start");
	rename("two/a.log", "two/a.log.1");
	ok(gives("|two/a.log:next\n", "two/a.log", "next\n", NULL),
	    "a file in a new folder is followed across rotation");
	append("two/a.log", "last\n");
	unlink("two/a.log");
	unlink("two/a.log.1");
	ok(rmdir("two") == 0 && gives("|one/a.log:on\n|two/a.log:last\n",
	    "one/a.log", "on\n", NULL), "a folder may go, and what its file held is given");
	mkdir("two", 0700);
	ok(gives("|two/a.log:again\n", "two/a.log", "again\n", NULL),
	    "a folder that has gone may come again");
	watch_free(w);
	unlink("two/a.log");
	unlink("one/a.log");
	unlink("one/b.log");
	unlink("one/a");
	unlink("file");
	rmdir("one");
	rmdir("two");
}

static void
test_names(void)
{
	w = watch_new(MAX_LINE);
	append("c.log", "old\n");
	ok(watch_add(w, "c*") == 0, "a pattern of a log's rotated names");
	ok(gives("", "c.log.1", "old\n", NULL) && truncate("c.log", 0) == 0,
	    "a copy that rotation made of a followed log is not new");
	ok(gives("", "c.2.gz", "packed", NULL),
	    "a packed file that a pattern finds is not followed");
	ok(gives("|c.log:new\n", "c.log", "new\n", NULL),
	    "a log that was copied and truncated is followed");
	ok(gives("|c.log-two:new\n", "c.log-two", "new\n", NULL),
	    "a log whose name begins as another's is followed");
	ok(gives("|c.log.:new\n", "c.log.", "new\n", NULL),
	    "a log whose name has only a sign more is followed");
	watch_free(w);
	unlink("c.log");
	unlink("c.log.1");
	unlink("c.2.gz");
	unlink("c.log-two");
	unlink("c.log.");
	w = watch_new(MAX_LINE);
	append("real", "old\n");
	ok(symlink("real", "link") == 0 && watch_add(w, "link") == 0,
	    "a link is watched");
	ok(gives("|link:one\n", "real", "one\n", NULL) &&
	    rename("real", "real.1") == 0 &&
	    gives("|link:two\n", "real", "two\n", NULL),
	    "what comes through a link is named after it, also once rotated");
	watch_free(w);
	unlink("link");
	unlink("real");
	unlink("real.1");
}

/* More happens in a folder than the kernel remembers. */
static void
test_overflow(void)
{
	struct watch_data d;
	char name[16];
	bool good;

	w = watch_new(MAX_LINE);
	append("o.log", "old\n");
	good = watch_add(w, "o.log") == 0;
	for (int i = 0; i < 40000; i++) {
		snprintf(name, sizeof name, "x%d", i % 2);
		if (i < 2)
			append(name, "");
		good &= chmod(name, i / 2 % 2 == 0 ? 0600 : 0640) == 0;
	}
	rename("o.log", "o.log.1");
	append("o.log", "new\n");
	append("o.log.1", "last\n");
	buf_clear(&got);
	while (watch_ready(w) > 0 && watch_read(w, &d) > 0)
		add(&d);
	ok(good && strstr(buf_str(&got), "|o.log:new\n") != NULL &&
	    strstr(buf_str(&got), "|o.log:last\n") != NULL,
	    "a rotation that the kernel forgot to tell is found");
	watch_free(w);
	unlink("o.log");
	unlink("o.log.1");
	unlink("x0");
	unlink("x1");
}

static void
test_odd_names(void)
{
	mkdir("d*", 0700);
	mkdir("e", 0700);
	append("d*/a.log", "old\n");
	append("e/r*", "old\n");
	w = watch_new(MAX_LINE);
	ok(watch_add(w, "d*/a.log") == 0 &&
	    gives("|d*/a.log:new\n", "d*/a.log", "new\n", NULL),
	    "a folder that is there is none of a pattern");
	ok(watch_add(w, "d*/a.log") == 0 &&
	    gives("on\n", "d*/a.log", "on\n", NULL),
	    "what is followed already is not followed twice");
	ok(watch_add(w, "none/a.log") < 0 && watch_add(w, "none*/b") == 0 &&
	    watch_add(w, "d*/a.log/x") < 0,
	    "the folder of a name has to be there, that of a pattern not");
	ok(symlink("e/r*", "s") == 0 && watch_add(w, "s") == 0 &&
	    gives("|s:new\n", "e/r*", "new\n", NULL),
	    "a link may lead to a name with a star in it");
	ok(watch_add(w, "e") == 0 && mkdir("e/f", 0700) == 0 &&
	    watch_add(w, "e/f*") == 0 && gives("", NULL),
	    "a folder is no file to follow");
	ok(rmdir("e/f") == 0 && chmod("e", 0750) == 0 && watch_ready(w) == 0,
	    "a folder that goes was no file to follow");
	rename("d*", "d");
	ok(watch_ready(w) < 0, "the folder of a name must not go");
	watch_free(w);
	watch_free(NULL);
	unlink("d/a.log");
	rmdir("d");
	unlink("e/r*");
	rmdir("e");
	unlink("s");
}

int
main(void)
{
	char dir[] = "/tmp/logferry-watch.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) < 0)
		return 1;
	append("a", "old\nhalf");
	w = watch_new(MAX_LINE);
	ok(watch_add(w, "[ab]") == 0, "a pattern of names is watched");
	ok(gives("|a: done\n", "a", " done\n", NULL),
	    "what was in a file before is not given");
	test_lines();
	test_rotation();
	test_last();
	watch_free(w);
	test_folders();
	test_names();
	test_overflow();
	test_odd_names();
	buf_free(&got);
	unlink("a");
	unlink("a.1");
	unlink("a.2");
	unlink("b.1");
	unlink("b");
	ok(chdir("/") == 0 && rmdir(dir) == 0, "the test leaves no file");
	return done_testing();
}
