/* names in a store: fields, suffixes, escapes */
#include <errno.h>
#include <stdlib.h>

#include "place.h"
#include "tap.h"

static const struct place_fields f = {
	.path = "/var/log/docker.log-1624977000.gz", .host = "web 1",
	.instance = "i-0ce5", .sha256 = "ab", .mtime = 1624977000,
};

static void
expands(const char *template, bool escape, const char *want)
{
	struct buf b = { 0 };

	ok(place_expand(&b, template, &f, escape) == 0 &&
	    span_is(buf_span(&b), want), "%s is %s", template, want);
	buf_free(&b);
}

static void
dcopylogs(const char *path, const char *want)
{
	struct place_fields g = f;
	struct buf b = { 0 };

	g.path = path;
	ok(place_expand(&b, "{dcopylogs}", &g, false) == 0 &&
	    span_is(buf_span(&b), want), "%s is %s", path, want);
	buf_free(&b);
}

static void
suffix(const char *name, unsigned n, const char *want)
{
	char *s = place_suffix(name, n);

	ok(s != NULL && strcmp(s, want) == 0, "%u. %s is %s", n, name, want);
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
	ok(place_check("{name}{date:%Y}") == NULL, "known fields");
	ok(place_check("{nome}") != NULL, "an unknown one");
	ok(place_check("{date:}") != NULL, "a date without a format");
	ok(place_check("a{name") != NULL, "one without an end");
	ok(place_varies("a/{host}/{name}") && !place_varies("{host}/x"),
	    "which places are for one file only");
	ok(place_expand(&b, "{date:%}", &f, false) == 0 || errno == EINVAL,
	    "an odd format");
	buf_free(&b);
	suffix("a.log", 0, "a.log");
	suffix("a.log", 1, "a.log.1");
	suffix("a.log.gz", 12, "a.log.12.gz");
	suffix(".gz", 1, ".gz.1");
	suffix("", 1, ".1");
	dcopylogs("/var/log/docker.log-1700000000.gz",
	    "var/log/docker.log-0ce5-1700000000.gz");
	dcopylogs("/var/log/a.log.log", "var/log/a.log.log-0ce5");
	dcopylogs("/my.log.d/messages-1.gz", "my.log.d/messages-1-0ce5.gz");
	dcopylogs("./messages", "messages-0ce5");
	return done_testing();
}
