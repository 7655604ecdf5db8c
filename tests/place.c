/* names in a store: fields, suffixes, escapes */
#include <errno.h>
#include <stdlib.h>

#include "file/name_template.h"
#include "tap.h"

static const struct place_fields f = {
	.path = "/var/log/docker.log-1624977000.gz", .host = "web 1",
	.instance = "i-0ce5", .sha256 = "ab", .mtime = 1624977000,
};

static void
expands(const char *template, bool escape, const char *want)
{
	struct buf b = { 0 };

	ok(name_template_expand(&b, template, &f, escape) == 0 &&
	    span_is(buf_span(&b), want),
	    "the template %s becomes %s", template, want);
	buf_free(&b);
}

static void
dcopylogs(const char *path, const char *want)
{
	struct place_fields g = f;
	struct buf b = { 0 };

	g.path = path;
	ok(name_template_expand(&b, "{dcopylogs}", &g, false) == 0 &&
	    span_is(buf_span(&b), want), "{dcopylogs} of %s is %s", path, want);
	buf_free(&b);
}

static void
suffix(const char *name, unsigned n, const char *want)
{
	char *s = name_template_suffix(name, n);

	ok(s != NULL && strcmp(s, want) == 0,
	    "suffix %u of %s: %s", n, name, want);
	free(s);
}

int
main(void)
{
	struct buf b = { 0 };

	expands("a/{name}", false, "a/docker.log-1624977000.gz");
	expands("{path}", false, "var/log/docker.log-1624977000.gz");
	expands("{host}/{instance}/{mtime}/{sha256}", false,
	    "web 1/i-0ce5/1624977000/ab");
	expands("{host}/x y", true, "web%201/x y");
	expands("{date:%Y/%m/%d}-{date:%H}", false, "2021/06/29-14");
	expands("", false, "");
	ok(name_template_check("{name}{date:%Y}") == NULL,
	    "known fields are accepted");
	ok(name_template_check("{nome}") != NULL,
	    "an unknown field is refused");
	ok(name_template_check("{date:}") != NULL,
	    "a date without a format is refused");
	ok(name_template_check("a{name") != NULL,
	    "a field without an end is refused");
	ok(name_template_varies("a/{host}/{name}") &&
		!name_template_varies("{host}/x"),
	    "a template without the name is for one file only");
	ok(name_template_expand(&b, "{date:%}", &f, false) == 0 ||
		errno == EINVAL,
	    "a date with an odd format");
	buf_free(&b);
	suffix("a.log", 0, "a.log");
	suffix("a.log", 1, "a.log_01");
	suffix("a.log.gz", 12, "a.log_12.gz");
	suffix(".gz", 1, ".gz_01");
	suffix("", 1, "_01");
	dcopylogs("/var/log/docker.log-1700000000.gz",
	    "var/log/docker.log-0ce5-1700000000.gz");
	dcopylogs("/var/log/a.log.log", "var/log/a.log.log-0ce5");
	dcopylogs("/my.log.d/messages-1.gz", "my.log.d/messages-1-0ce5.gz");
	dcopylogs("./messages", "messages-0ce5");
	dcopylogs("a", "a-0ce5");
	dcopylogs("x/.gz", "x/-0ce5.gz");
	suffix(".gz", 1, ".gz_01");
	ok(name_template_escape(&b, span_of("a\0b", 3)) == 0 &&
	    span_is(buf_span(&b), "a%00b"), "a NUL is escaped");
	buf_free(&b);
	return done_testing();
}
