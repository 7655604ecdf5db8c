/*
 * json: reading objects, decoding strings, writing them back as proper JSON
 */
#include "record/json.h"

#include <stdlib.h>

#include "guarded.h"
#include "tap.h"

static struct buf out;

/* text read member by member and written again; NULL if it is no JSON. */
static const char *
rewritten(const char *text, bool tolerant)
{
	struct json j;
	struct json_value key, value;
	bool lossy = false;
	int r;

	buf_clear(&out);
	if (json_open(&j, guarded(text, strlen(text)), tolerant) < 0)
		return NULL;
	while ((r = json_next(&j, &key, &value)) > 0) {
		if (j.close == '}') {
			json_add_value(&out, &key, &lossy);
			buf_addc(&out, ':');
		}
		json_add_value(&out, &value, &lossy);
		buf_addc(&out, ' ');
	}
	if (lossy)
		buf_adds(&out, "lossy");
	return r < 0 ? NULL : buf_str(&out);
}

static void
reads(const char *text, const char *want, const char *name)
{
	const char *got = rewritten(text, true);

	if (!ok(got != NULL && strcmp(got, want) == 0, "JSON: %s", name))
		printf("# got %s\n", got != NULL ? got : "nothing");
}

static void
reads_all_kinds(void)
{
	reads("{}", "", "an empty object");
	reads(" { \"a\" : 1 , \"b\":[1, {\"c\":null}] } ",
	    "\"a\":1 \"b\":[1, {\"c\":null}] ", "blanks and nested values");
	reads("[1,\"x\",true]", "1 \"x\" true ", "an array");
	reads("{\"a\":\"x\\n\\u00e9\\\"\"}", "\"a\":\"x\\n\\u00e9\\\"\" ",
	    "a clean string stays as it was written");
	reads("{\"a\":\"\\xc3\\xA9\\x22\"}", "\"a\":\"\xc3\xa9\\\"\" ",
	    "nginx's \\xHH is a byte");
	reads("{\"a\":\"\\xff\"}", "\"a\":\"\xef\xbf\xbd\" lossy",
	    "nginx's \\xHH is U+FFFD when it is not UTF-8");
	reads("{\"a\":-,\"b\":,\"c\":-1,\"d\":[-]}",
	    "\"a\":null \"b\":null \"c\":-1 \"d\":[null] ",
	    "a bare dash is null");
	reads("{\"a\":{\"b\":-,\"c\":NaN}}", "\"a\":{\"c\":\"NaN\"} ",
	    "a dash inside an object is left out, a bare word is a string");
	reads("{\"a\":007,\"b\":1e5,\"c\":1.,\"d\":-0.5}",
	    "\"a\":\"007\" \"b\":1e5 \"c\":\"1.\" \"d\":-0.5 ",
	    "numbers that JSON does not know are strings");
	reads("{\"a\":\"\x01\t\x80\"}",
	    "\"a\":\"\\u0001\\t\xef\xbf\xbd\" lossy",
	    "control characters and bad UTF-8");
	reads("{\"a\":\"\\ud83d\\ude00\",\"b\":\"\\ud83d\"}",
	    "\"a\":\"\\ud83d\\ude00\" \"b\":\"\xef\xbf\xbd\" ",
	    "paired surrogates stay, one alone is U+FFFD");
	reads("{\"a\":\"C:\\dir\"}", "\"a\":\"C:\\\\dir\" ",
	    "a backslash before another character");
}

static void
reads_odd_texts(void)
{
	reads("[\"\\u12\"]", "\"\\\\u12\" ", "two hex digits are no character");
	reads("[\"\\u12x4\"]", "\"\\\\u12x4\" ",
	    "an x is no hex digit of a character");
	reads("[\"\\x4\",\"\\x4g\",\"\\xg4\"]",
	    "\"\\\\x4\" \"\\\\x4g\" \"\\\\xg4\" ",
	    "a byte has two hex digits");
	reads("[\"\\ud83d\\u0041\",\"\\ud83d\\ue000\"]",
	    "\"\xef\xbf\xbd" "A\" \"\xef\xbf\xbd\xee\x80\x80\" ",
	    "a surrogate that something else follows is U+FFFD");
	reads("[\"\\ud83d\\n34567\",\"\\ud83d1234567\"]",
	    "\"\xef\xbf\xbd\\n34567\" \"\xef\xbf\xbd" "1234567\" ",
	    "a surrogate that only text follows is U+FFFD");
	reads("[\"\\ude00\"]", "\"\xef\xbf\xbd\" ",
	    "the second of two surrogates alone is U+FFFD");
	reads("[1E+5,1e-5,-1,\"\\b\\f\\r\\t\\/\"]",
	    "1E+5 1e-5 -1 \"\\b\\f\\r\\t\\/\" ", "all that JSON has");
	reads("[1e,1e+,1.e5,--1,-x,10.5.1,Z_z]",
	    "\"1e\" \"1e+\" \"1.e5\" \"--1\" \"-x\" \"10.5.1\" \"Z_z\" ",
	    "almost numbers are strings");
	reads("\r\n\t[\r\n\t1\r\n\t,\r\n\t2\r\n\t]", "1 2 ",
	    "each kind of blank");
	reads("[\"\x08\x0b\x0c\x0e\x1f\\\x01\"]",
	    "\"\\b\\u000b\\f\\u000e\\u001f\\\\\\u0001\" ",
	    "control characters that have an escape, and others");
	reads("{\"a\":{\"b\":-,\"c\":NaN,\"d\":1},\"e\":[x,-,[y]]}",
	    "\"a\":{\"c\":\"NaN\",\"d\":1} \"e\":[\"x\",null,[\"y\"]] ",
	    "members inside an object and an array are made JSON, too");
	reads("{\"a\":{\"\x01\":1}}", "\"a\":{\"\\u0001\":1} ",
	    "keys inside an object are made JSON, too");
}

static void
refuses(void)
{
	static const char *const bad[] = {
		"", "x", "{", "{\"a\"}", "{\"a\":1,}", "{\"a\":1 \"b\":2}",
		"{\"a\":\"x}", "{\"a\":\"x\\", "{\"a\":[1,2}", "[1,]", "{,}",
		"{\"a\":1", "{a:1}", "{\"a", "{\"a\"", "{\"a\" 1}", "[1", "[",
		"[1,", "{\"a\":", "[\"\\", "[\"a\\",  "{\"a\":[1 2]}", "[;]",
		"[1;2]",
	};
	static const char *const lax[] = {
		"{\"a\":-}", "{\"a\":\"\\x41\"}", "{\"a\":NaN}", "{\"a\":01}",
		"{\"a\":\"\t\"}", "{\"a\":}", "[\"\\u12\"]", "[1e]", "[1e+]",
		"[-]", "[x]", "[\"\\a\"]",
	};
	char deep[300];
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(rewritten(bad[i], true) == NULL,
		    "refuses to read %s", bad[i]);
	for (i = 0; i < sizeof lax / sizeof lax[0]; i++)
		ok(rewritten(lax[i], false) == NULL && rewritten(lax[i], true),
		    "only a tolerant reader takes value %zu", i);
	memset(deep, '[', sizeof deep - 1);
	deep[sizeof deep - 1] = '\0';
	ok(rewritten(deep, true) == NULL, "refuses what is nested too deep");
}

static void
finds_paths(void)
{
	struct span text = span_str("{\"a\":{\"b\":{\"c\":5}},\"x.y\":6,"
	    "\"a.d\":7,\"n\":-,\"\\u0065\":8}");
	struct json_value v;

	ok(json_get(text, "a.b.c", &v) && span_is(v.text, "5"),
	    "finds a path of three keys");
	ok(json_get(text, "x.y", &v) && span_is(v.text, "6"),
	    "finds a key with a dot in it");
	ok(json_get(text, "a.d", &v) && span_is(v.text, "7"),
	    "finds a key with a dot beside an object");
	ok(json_get(text, "e", &v) && span_is(v.text, "8"),
	    "finds an escaped key");
	ok(!json_get(span_str("[1]"), "0", &v) && !json_get(span_str("x"), "x",
	    &v) && !json_get(text, "ab", &v) && !json_get(text, "a.b.c.d", &v),
	    "a path does not lead into what is no object");
	ok(!json_get(text, "a.c", &v) && !json_get(text, "n", &v) &&
	    !json_get(text, "", &v), "does not find what is not there");
}

static void
writes_strings(void)
{
	char text[64], want[64];
	bool lossy = false;
	size_t n;

	for (n = 0; n < 40; n++) {	/* across the 16 bytes of one step */
		memset(text, 'x', sizeof text);
		text[n] = '"';
		buf_clear(&out);
		json_add_string(&out, span_of(text, n + 3), &lossy);
		memset(want, 'x', sizeof want);
		want[0] = '"';
		memcpy(want + 1 + n, "\\\"xx\"", 5);
		if (!span_eq(buf_span(&out), span_of(want, n + 6)))
			break;
	}
	ok(n == 40 && !lossy, "a quote at any place is escaped");
	buf_clear(&out);
	json_add_string(&out, span_of("a\0b\x7f\xed\xa0\x80\xf0\x9f\x98", 10),
	    &lossy);
	ok(lossy && strcmp(buf_str(&out), "\"a\\u0000b\x7f\xef\xbf\xbd\xef\xbf"
	    "\xbd\xef\xbf\xbd\xef\xbf\xbd\"") == 0,
	    "writes NUL as an escape, and a U+FFFD for each broken piece");
}

int
main(void)
{
	reads_all_kinds();
	reads_odd_texts();
	refuses();
	finds_paths();
	writes_strings();
	buf_free(&out);
	return done_testing();
}
