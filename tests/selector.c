/*
 * selector, server_error: which lines of a block several criteria select, and
 * which times a user can give
 */
#include "match/selector.h"

#include <stdlib.h>
#include <time.h>

#include "guarded.h"
#include "tap.h"

enum { NEAR = 1624961103 };		/* 2021-06-29T10:05:03Z */

static struct zone zone;

struct row {
	const char *name;
	const char *pattern, *where, *since, *until;	/* or NULL */
	bool errors;
	const char *block, *want;	/* the numbers of the lines */
	bool open;		/* a message has no end in the block */
};

/* Put the numbers of the selected lines into text; -1 where PCRE2 gives up. */
static void
select_block(struct selector *s, struct span block, char *text, size_t n)
{
	struct span rest = block, line;
	const char *p = block.p, *end = p + block.len;
	int r, number = 1;

	*text = '\0';
	selector_block(s, rest);
	while (rest.len > 0 && (r = selector_next(s, rest, &line)) != 0) {
		for (; p < line.p; p++)
			number += *p == '\n';
		snprintf(text + strlen(text), n - strlen(text), "%d ",
		    r < 0 ? -number : number);
		if (r < 0 && strstr(selector_error(s), "limit") == NULL)
			strcpy(text, "no reason");
		rest = span_of(line.p + line.len,
		    (size_t)(end - line.p) - line.len);
	}
	selector_block_end(s);
}

/*
 * The same, when the block comes twice, in the same memory.  What it leaves
 * open may decide about it the second time.
 */
static void
select_all(const struct criteria *c, struct span block, bool open, char *text,
    size_t n)
{
	struct buf why = { 0 };
	struct selector *s = selector_new(c, &why);
	char first[80];

	if (s == NULL) {
		snprintf(text, n, "%s", buf_str(&why));
		buf_free(&why);
		return;
	}
	selector_input(s, NEAR);
	select_block(s, block, first, sizeof first);
	select_block(s, block, text, n);
	if (open) {
		snprintf(text, n, "%s", first);
	} else if (strcmp(first, text) != 0) {
		printf("# at first %s, then %s\n", first, text);
		snprintf(text, n, "both");
	}
	selector_free(s);
	buf_free(&why);
}

static bool
selects(const struct row *row)
{
	struct buf why = { 0 };
	char got[80], condition[80], *where[] = { condition, NULL };
	struct timestamp since, until;
	struct criteria c = { .server_errors = row->errors, .zone = &zone };
	struct pattern *p = NULL;

	if (row->pattern != NULL)
		c.pattern = p = pattern_new(span_str(row->pattern), 0, &why);
	if (row->where != NULL) {
		snprintf(condition, sizeof condition, "%s", row->where);
		c.where = where;
	}
	if (row->since != NULL && select_time(row->since, &zone, &since) == 0)
		c.since = &since;
	if (row->until != NULL && select_time(row->until, &zone, &until) == 0)
		c.until = &until;
	for (size_t n = strlen(row->block), len = 0; len <= n; len++)
		select_all(&c, guarded(row->block, len), row->open || len < n,
		    got, sizeof got);
	pattern_free(p);
	buf_free(&why);
	if (strcmp(got, row->want) == 0)
		return true;
	printf("# %s: got %s\n", row->name, got);
	return false;
}

#define LIMIT "(*NO_START_OPT)(*LIMIT_MATCH=1)(a+)+b"
#define AT(time) "2021-06-29T" time "Z "
#define CRI(rest) "2021-06-29T10:05:03.1Z stdout " rest
#define COMBINED(status) "192.0.2.1 - - [29/Jun/2021:10:05:03 +0000] " \
	"\"GET / HTTP/1.1\" " status

static const struct row rows[] = {
	{ "nothing is asked", .block = "a\n\nb", .want = "1 2 3 " },
	{ "a pattern", "b", .block = "a\nb\nb", .want = "2 3 " },
	{ "a pattern that gives up", LIMIT, .block = "c\naa\nc\n",
	    .want = "-2 " },
	{ "a condition", .where = "status=200",
	    .block = "status=200 a=1\nstatus=404 a=1\nx\nstatus=200 a=1",
	    .want = "1 4 " },
	{ "a condition on an empty line", .where = "!status",
	    .block = "\nstatus=404 a=1\nstatus=200 a=1\n", .want = "" },
	{ "a condition that gives up", .where = "a~" LIMIT,
	    .block = "b=1 a=1\nb=1 a=aaa\nb=1\n", .want = "-2 " },
	{ "a pattern and a condition", "x", .where = "status=200",
	    .block = "status=200 a=x\nstatus=404 a=x\nstatus=200 a=1\n",
	    .want = "1 " },
	{ "errors", .errors = true,
	    .block = "status=200 a=5\nstatus=503 a=1\nstatus=500 a=1",
	    .want = "2 3 " },
	{ "errors and a pattern", "x", .errors = true,
	    .block = "status=503 a=x\nstatus=503 a=1\nstatus=200 a=x\n",
	    .want = "1 " },
	{ "errors and a pattern that gives up", LIMIT, .errors = true,
	    .block = "status=200 a=aa\nstatus=503 a=aa\n", .want = "-2 " },
	{ "errors, a pattern and a condition", "x", .where = "a!=y",
	    .errors = true, .block = "status=503 a=x\nstatus=503 a=y b=x\n"
	    "status=503 a=z\nstatus=503 a=x", .want = "1 4 " },
	{ "errors, a condition and a pattern that gives up", LIMIT,
	    .where = "a", .errors = true,
	    .block = "status=503 b=aa\nstatus=503 a=aa\n", .want = "-1 -2 " },
	{ "a time", .since = "2021-06-29T10:00:00Z",
	    .until = "2021-06-29T11:00:00Z",
	    .block = AT("09:59:59.9") "a\nno time\n" AT("10:00:00") "b\nmore\n"
	    AT("10:59:59.9") "c\n" AT("11:00:00") "d\nafter\n",
	    .want = "3 4 5 " },
	{ "a time and a pattern", "more", .since = "2021-06-29T10:00:00Z",
	    .block = AT("09:00:00") "a\nmore\n" AT("10:00:00") "b\nx\nmore\n"
	    "more", .want = "5 6 " },
	{ "a time and a condition", .where = "a=1",
	    .until = "2021-06-29T10:00:00Z",
	    .block = "time=2021-06-29T09:00:00Z a=1\n"
	    "time=2021-06-29T09:30:00Z b=1\ntime=2021-06-29T10:00:00Z a=1\n",
	    .want = "1 " },
	{ "a time and errors", .errors = true,
	    .since = "2021-06-29T10:05:03Z",
	    .block = "192.0.2.1 - - [29/Jun/2021:10:05:02 +0000] \"GET / "
	    "HTTP/1.1\" 503 1\n" COMBINED("503 1\n") COMBINED("200 1\n"),
	    .want = "2 " },
	{ "no time at all", .since = "2021-06-29", .block = "a\nb\n",
	    .want = "" },
	{ "pieces of a message", .where = "status=503",
	    .block = CRI("F x\n") CRI("P ") COMBINED("50\n") CRI("F 3 12\n")
	    CRI("F ") COMBINED("503 1\n"), .want = "2 3 4 " },
	{ "pieces that are no error", .errors = true,
	    .block = CRI("P ") COMBINED("50\n") CRI("F 3 12\n") CRI("P ")
	    COMBINED("20\n") CRI("F 0 503"), .want = "1 2 " },
	{ "pieces of an error without a last LF", .errors = true,
	    .block = CRI("P ") COMBINED("50\n") CRI("F 3 12"),
	    .want = "1 2 " },
	{ "pieces of errors, of which a pattern matches some", "P",
	    .errors = true, .where = "status=503",
	    .block = CRI("P ") COMBINED("50\n") CRI("F 3 12\n") CRI("F ")
	    COMBINED("503 1"), .want = "1 3 " },
	{ "pieces without an end", .where = "status=503",
	    .block = CRI("F ") COMBINED("503 1\n") CRI("P ")
	    COMBINED("50"), .want = "1 ", .open = true },
	{ "pieces at which a condition gives up", .where = "message~" LIMIT,
	    .block = CRI("P aa\n") CRI("F aa\n") CRI("F c\n"),
	    .want = "-2 " },
	{ "a wrong condition", .where = "a==b", .block = "a\n",
	    .want = "not a condition such as status>=500" },
};

static void
reads_times(void)
{
	static const struct {
		const char *text;
		int64_t sec;
		uint32_t nsec;
	} good[] = {
		{ "2021-06-29T10:05:03.5Z", NEAR, 500000000 },
		{ "2021-06-29 10:05:03", NEAR, 0 }, { "1624961103", NEAR, 0 },
		{ "1624961103.25", NEAR, 250000000 },
		{ "2021-06-29", NEAR - NEAR % 86400, 0 },
		{ "29/Jun/2021:12:05:03 +0200", NEAR, 0 },
	};
	static const char *const bad[] = {
		"", "x", "1.2.3", "10", "2021-06-31", "2021-06-29T25:00", ".",
		"tomorrow", "10x", "2021-06-29T10:05:03Z x",
	};
	struct timestamp t;
	int wrong = 0;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (select_time(good[i].text, &zone, &t) < 0 ||
		    t.sec != good[i].sec || t.nsec != good[i].nsec) {
			wrong++;
			printf("# %s\n", good[i].text);
		}
	ok(wrong == 0, "a user may give a time in many forms");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (select_time(bad[i], &zone, &t) == 0 && t.sec > 1000) {
			wrong++;
			printf("# %s\n", bad[i]);
		}
	ok(wrong == 0, "but not in any");
}

/* By how many ms a time is before now, or 1 << 30. */
static int64_t
age_ms(const char *text)
{
	struct timespec now;
	struct timestamp t;

	if (select_time(text, &zone, &t) < 0 || t.nsec >= 1000000000)
		return 1 << 30;
	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - t.sec) * 1000 + (now.tv_nsec - t.nsec) / 1000000;
}

static bool
is_about(const char *text, int64_t ms)
{
	int64_t age = age_ms(text);

	return age >= ms && age < ms + 60000;
}

static void
reads_ages(void)
{
	time_t now = time(NULL);
	struct timestamp today, yesterday;
	bool good = true;

	for (int i = 0; i < 20; i++)
		good &= is_about("999ms", 999) && is_about("1ms", 1);
	ok(good && is_about("10m", 600000) && is_about("now", 0) &&
	    is_about("1h", 3600000), "an age counts back from now");
	select_time("today", &zone, &today);
	select_time("yesterday", &zone, &yesterday);
	ok(today.sec % 86400 == 0 && today.sec - yesterday.sec == 86400 &&
	    now - today.sec >= 0 && now - today.sec < 86400 + 60,
	    "days begin at midnight");
}

int
main(void)
{
	size_t wrong = 0;

	zone_set(&zone, "UTC");
	zone.near = NEAR;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		wrong += !selects(&rows[i]);
	ok(wrong == 0, "lines are selected that meet all criteria");
	reads_times();
	reads_ages();
	selector_free(NULL);
	return done_testing();
}
