/*
 * condition: which conditions there are, and for which records they hold
 */
#include "match/condition.h"

#include <stdlib.h>

#include "format/scanner.h"
#include "match/condition_index.h"
#include "tap.h"

static struct scanner *scanner;
static struct record r = { .keeps_own = true };

/* 1, 0 or -1 as condition_holds for the line; -2 when there is no condition. */
static int
holds(const char *expr, const char *line)
{
	struct buf error = { 0 };
	struct condition *w = condition_new(expr, &error);
	int got = -2;

	if (w != NULL && scan_line(scanner, span_str(line), &r) > 0)
		got = condition_holds(w, &r);
	if (got == -1 && *condition_error(w) == '\0')
		got = -2;
	condition_free(w);
	buf_free(&error);
	return got;
}

struct row {
	const char *condition, *value;	/* of the field f, in a JSON object */
	int want;
};

static int
wrong(const struct row *row, size_t n, const char *field)
{
	char line[300];
	int bad = 0, got;

	for (; n-- > 0; row++) {
		snprintf(line, sizeof line, "{\"%s\":%s}", field, row->value);
		if ((got = holds(row->condition, line)) == row->want)
			continue;
		bad++;
		printf("# %s: %s: got %d\n", row->condition, line, got);
	}
	return bad;
}

#define ROWS(table, field, name) \
	ok(wrong(table, sizeof table / sizeof *table, field) == 0, name)

static const struct row numbers[] = {
	{ "f=200", "\"0200\"", 1 }, { "f=200", "200.0", 1 },
	{ "f=200", "\"+200\"", 1 }, { "f=200", "-200", 0 },
	{ "f=-0", "0", 1 }, { "f=0", "\"-00\"", 1 }, { "f>-1", "-2", 0 },
	{ "f>-2", "-1", 1 }, { "f<-1", "-10", 1 }, { "f>-10", "-1", 1 },
	{ "f>-1", "1", 1 }, { "f<1", "-1", 1 }, { "f>=-5", "-5", 1 },
	{ "f>9007199254740992", "9007199254740993", 1 },
	{ "f>9007199254740993", "9007199254740993", 0 },
	{ "f<9007199254740993", "9007199254740992", 1 },
	{ "f>9", "10", 1 }, { "f<10", "9", 1 }, { "f=1.5", "\"1.50\"", 1 },
	{ "f<1.5", "1", 1 }, { "f>1.5", "2", 1 }, { "f>1.5", "1.5", 0 },
	{ "f=1e3", "1000", 1 }, { "f!=1e3", "1000", 0 },
	{ "f=16", "\"0x10\"", 0 }, { "f<0x2", "\"0x10\"", 1 },
	{ "f>1", "\"inf\"", 1 }, { "f=1", "\"-\"", 0 }, { "f=+", "\"+\"", 1 },
	{ "f=1.", "\"1\"", 1 }, { "f=.5", "0.5", 1 }, { "f<1", "\"1x\"", 0 },
	{ "f=1", "\"1.000000000000000000000000000000000000000000000000000000"
	    "0000000000000\"", 0 },
};

static const struct row durations[] = {
	{ "f=1500ms", "\"1.5s\"", 1 }, { "f=1s", "1", 1 },
	{ "f=1000us", "\"1ms\"", 1 }, { "f=1000us", "\"1000\xc2\xb5s\"", 1 },
	{ "f<1us", "\"999ns\"", 1 }, { "f=60s", "\"1m\"", 1 },
	{ "f=60m", "\"1h\"", 1 }, { "f=24h", "\"1d\"", 1 },
	{ "f>1h", "\"59m\"", 0 }, { "f=1w", "\"7d\"", 0 },
};

static const struct row texts[] = {
	{ "f=abc", "\"abc\"", 1 }, { "f=abc", "\"ab\"", 0 },
	{ "f<abc", "\"ab\"", 1 }, { "f>ab", "\"abc\"", 1 },
	{ "f<=ab", "\"ab\"", 1 }, { "f>b", "\"abc\"", 0 }, { "f=", "\"\"", 1 },
	{ "f>", "\"a\"", 1 }, { "f<a", "\"\"", 1 }, { "f!=a", "\"b\"", 1 },
	{ "f != a", "\"a\"", 0 }, { "f!=a", "null", 1 }, { "f", "\"\"", 1 },
	{ "!f", "\"\"", 0 }, { "! g", "1", 1 }, { "g", "1", 0 },
	{ "g!=1", "1", 0 }, { "g!~1", "1", 0 }, { "f~^a.c$", "\"abc\"", 1 },
	{ "f~b$", "\"abc\"", 0 }, { "f!~b$", "\"abc\"", 1 },
	{ "f~^$", "\"\"", 1 }, { "f!~^$", "\"\"", 0 },
	{ "f=true", "true", 1 }, { "f.g=1", "{\"g\":1}", 1 },
	{ "f~(*NO_START_OPT)(*LIMIT_MATCH=1)(a+)+b", "\"aaaaaaaa\"", -1 },
	{ "f!~(*NO_START_OPT)(*LIMIT_MATCH=1)(a+)+b", "\"aaaaaaaa\"", -1 },
	{ "envelope", "1", 0 }, { "lossy", "1", 0 }, { "!lossy", "1", 1 },
	{ "lossy=true", "\"\xff\"", 1 },
};

static const struct row statuses[] = {
	{ "status<500", "200", 1 }, { "status<500", "\"200\"", 1 },
	{ "status>=500", "503", 1 }, { "status>=500", "\"5xx\"", 0 },
	{ "status<500", "\"\"", 0 }, { "status<500", "\"-\"", 0 },
	{ "status<500", "\"007\"", 0 }, { "status<500", "\"0\"", 1 },
	{ "status<=500", "\"007\"", 0 }, { "status>5", "\"007\"", 0 },
	{ "status>=5", "\"007\"", 0 },
	{ "status<500", "0.5", 1 }, { "status<500", "-0.5", 1 },
	{ "status<500", "-7", 1 }, { "status<500", "\"-7\"", 0 },
	{ "status<500", "\"200.5\"", 0 }, { "status>500", "500.5", 1 },
	{ "status<600", "5e2", 0 }, { "status>=500", "null", 0 },
	{ "status<=500", "500", 1 }, { "status>500", "500", 0 },
	{ "status<abc", "\"007\"", 1 }, { "status=7", "\"007\"", 1 },
	{ "status!=500", "\"007\"", 1 }, { "status~^0", "\"007\"", 1 },
};

static void
refuses(void)
{
	static const char *const bad[] = {
		"", " ", "!", "! ", "=1", " =1", "~x", "a!b", "a!", "!a!",
		"!a!=1", "a==b", "a~(", "a!~[", "<",
	};
	struct buf error = { 0 };
	int accepted = 0;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		buf_clear(&error);
		if (condition_new(bad[i], &error) != NULL || error.len == 0) {
			accepted++;
			printf("# %s\n", bad[i]);
		}
	}
	ok(accepted == 0, "what is no condition is refused, with the reason");
	buf_free(&error);
	condition_free(NULL);
}

static void
holds_without_bytes(void)
{
	struct buf error = { 0 };
	struct condition *w = condition_new("f~^$", &error);

	record_clear(&r);
	record_add(&r, span_str("f"), span_of(NULL, 0), FIELD_TEXT);
	ok(condition_holds(w, &r) == 1, "a value may have no bytes at all");
	condition_free(w);
	buf_free(&error);
}

/* The pairs that compare as equal have to have the same hash. */
static void
hashes(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		{ "200", "0200", true }, { "200", "200.0", true },
		{ "1s", "1000ms", true }, { "-0", "0", true },
		{ "-1.5", "-1.50", true }, { "+7", "7", true },
		{ "1x", "1x", true }, { "1x", "1y", false },
		{ "-", "+", false }, { "abc", "abd", false },
		{ "0", "00", true }, { "", "", true }, { "200", "201", false },
		{ "12345678901234567891", "12345678901234567891", true },
	};
	int bad = 0;

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if ((condition_hash(span_str(pairs[i].a)) ==
		    condition_hash(span_str(pairs[i].b))) != pairs[i].same) {
			bad++;
			printf("# %s, %s\n", pairs[i].a, pairs[i].b);
		}
	ok(bad == 0, "values have the same hash when they are equal");
}

static void
count(void *arg, void *what)
{
	*(int *)arg += *(int *)what;
}

/* More equal fields than a group of the index can have. */
static void
indexes_many_fields(void)
{
	static char text[][8] = { "app=1", "ap=2", "appl=3", "b=4", "c=5",
		"d=6", "b=4" };
	char *where[8] = { NULL };
	struct condition_index *ix = condition_index_new();
	struct condition_set *s[2];
	struct buf error = { 0 };
	int one = 1, ten = 10, sum = 0;

	for (int i = 0; i < 7; i++)
		where[i] = text[i];
	s[0] = condition_set_new(where, &one, &error);
	where[4] = NULL;
	s[1] = condition_set_new(where, &ten, &error);
	for (int i = 0; i < 2; i++)
		condition_index_add(ix, s[i]);
	scan_line(scanner, span_str("{\"app\":1,\"ap\":2,\"appl\":3,\"b\":4,"
	    "\"c\":5,\"d\":6}"), &r);
	condition_index_find(ix, &r, count, &sum);
	ok(sum == 11, "more fields than are hashed hold, too");
	scan_line(scanner, span_str("{\"app\":1,\"ap\":2,\"appl\":3,\"b\":4,"
	    "\"c\":5,\"d\":7}"), &r);
	condition_index_find(ix, &r, count, &sum);
	ok(sum == 21, "and each of them has to");
	condition_index_free(ix);
	condition_index_free(NULL);
	condition_set_free(NULL);
	buf_free(&error);
}

int
main(void)
{
	scanner = scanner_new();
	scanner_input(scanner, 0);
	ROWS(numbers, "f", "two numbers compare as such");
	ROWS(durations, "f", "and so do durations");
	ROWS(texts, "f", "anything else compares as bytes");
	ROWS(statuses, "status", "only a number has an order as a status");
	refuses();
	holds_without_bytes();
	hashes();
	indexes_many_fields();
	record_free(&r);
	scanner_free(scanner);
	return done_testing();
}
