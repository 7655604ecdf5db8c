/*
 * record: which values are numbers, where a path leads, and what is hidden
 */
#include "record/record.h"

#include <stdio.h>

#include "record/name_table.h"
#include "tap.h"

static struct record r = { .keeps_own = true };

static void
begin(void)
{
	record_clear(&r);
	r.layers = 1;
	r.formats[0] = "outer";
}

static void
next_layer(const char *format)
{
	r.formats[r.layers++] = format;
}

static struct field *
add(const char *name, const char *value, enum field_kind kind)
{
	return record_add(&r, span_str(name), span_str(value), kind);
}

/* Whether the path leads to the value; NULL: to none. */
static bool
leads(const char *path, const char *want)
{
	struct span v = { 0 };
	bool there = record_find(&r, span_str(path), &v);

	if (want == NULL ? !there : there && span_is(v, want))
		return true;
	printf("# %s: got %.*s\n", path, there ? (int)v.len : 6,
	    there ? v.p : "(none)");
	return false;
}

static void
tells_numbers(void)
{
	static const char *const numbers[] = {
		"0", "-0", "7", "10", "-10", "0.5", "-0.5", "10.25",
		"123456789012345678",
	}, *const texts[] = {
		"", "-", "007", "-01", "1.", ".5", "-.5", "1x", "x", "1.5x",
		"1.x", "+1", "1e5", "1:5", "1/5", "1.5.5", "1.:", "1./",
		"1234567890123456789", "- 1",
	};
	int wrong = 0;

	begin();
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		record_add_number(&r, span_str("n"), span_str(numbers[i]));
		wrong += r.fields[r.n - 1].kind != FIELD_JSON;
	}
	ok(wrong == 0, "a number of JSON of 18 bytes at most is one");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		record_add_number(&r, span_str("n"), span_str(texts[i]));
		wrong += r.fields[r.n - 1].kind != FIELD_TEXT;
	}
	ok(wrong == 0, "anything else is a text");
}

static void
follows_paths(void)
{
	struct field f;
	bool good;

	begin();
	add("a", "{\"b\":{\"c\":5},\"d\":\"x\\ty\",\"e.f\":6}", FIELD_JSON);
	add("text", "{\"b\":1}", FIELD_TEXT);
	add("dotted.name", "7", FIELD_TEXT);
	add("list", "[1]", FIELD_JSON);
	add("gone", "8", FIELD_GONE);
	f = *add("level", "warning", FIELD_TEXT);
	f.name = span_str("lvl");
	f.value = span_str("W");
	record_own(&r, &f);
	f = (struct field){ .name = span_str("own.name"),
	    .value = span_str("9"), .kind = FIELD_TEXT };
	record_own(&r, &f);
	f = (struct field){ .name = span_str("o"),
	    .value = span_str("{\"p\":10}"), .kind = FIELD_JSON };
	record_own(&r, &f);
	good = leads("a.b.c", "5") & leads("a.d", "x\ty") & leads("a.e.f", "6");
	ok(good, "a path leads to the members of an object");
	good = leads("a.x", NULL) & leads("a.", NULL) & leads("ab", NULL) &
	    leads("x.b", NULL) & leads("text.b", NULL) & leads("list.0", NULL);
	ok(good, "and nowhere else");
	good = leads("dotted.name", "7") & leads("own.name", "9") &
	    leads("lvl", "W") & leads("o.p", "10") & leads("gone", NULL);
	ok(good, "a field is found by its name in the line, too");
	ok(!record_lookup(&r, span_of("a.b\0c", 5), &f),
	    "a NUL in a path is a part of it");
	good = leads("error", NULL) & leads("format", "outer") &
	    leads("envelope.a", NULL);
	ok(good, "what is not in the record may be known of it");
	r.error = span_str("why");
	ok(leads("error", "why"), "such as why the line was not read");
}

static void
hides(void)
{
	struct field f;
	bool good;

	begin();
	add("a", "1", FIELD_TEXT);
	add("b", "1", FIELD_GONE);
	add("", "1", FIELD_TEXT);
	next_layer("middle");
	add("a", "2", FIELD_TEXT);
	add("b", "2", FIELD_TEXT);
	add("c", "2", FIELD_TEXT);
	next_layer("inner");
	add("a", "3", FIELD_TEXT);
	add("b", "3", FIELD_TEXT);
	add("", "3", FIELD_TEXT);
	good = leads("a", "3") & leads("envelope.a", "2") &
	    leads("envelope.envelope.a", "1") &
	    leads("envelope.envelope.envelope.a", NULL);
	ok(good, "a field is hidden by an inner one of its name");
	good = leads("envelope.b", "2") & leads("envelope.envelope.b", NULL) &
	    leads("envelope.c", NULL) & leads("c", "2");
	ok(good, "but not by itself, nor when it is gone");
	ok(leads("format", "outer,middle,inner"),
	    "formats are told from outside");
	for (int i = 0; i < 100; i++)
		add("x", "3", i % 2 == 0 ? FIELD_TEXT : FIELD_GONE);
	good = leads("a", "3") & leads("envelope.a", "2") &
	    leads("envelope.envelope.a", "1") & leads("envelope.c", NULL) &
	    leads("envelope.b", "2") & leads("envelope.envelope.b", NULL);
	ok(good, "in a record of very many fields, too");
	begin();
	add("a", "1", FIELD_TEXT);
	add("b", "1", FIELD_GONE);
	next_layer("inner");
	add("b", "2", FIELD_TEXT);
	ok(!record_hide(&r) && !record_lookup(&r, span_str("envelope.b"), &f),
	    "what is gone alone hides nothing");
	for (int i = 0; i < 100; i++)
		add("x", "2", FIELD_GONE);
	ok(!record_hide(&r), "however many fields there are");
}

static void
joins_messages(void)
{
	begin();
	record_append_message(&r, span_str("one"));
	add("x", "1", FIELD_TEXT);
	record_append_message(&r, span_str("two"));
	ok(leads("message", "one\ntwo") && r.message == 0,
	    "lines are added to the message, which is made if there is none");
	begin();
	add("message", "a\\tb", FIELD_JSON_STRING)->escaped = true;
	add("message", "gone", FIELD_GONE);
	record_append_message(&r, span_str("c"));
	ok(leads("message", "a\tb\nc"), "what the message means is kept");
	begin();
	add("message", "", FIELD_TEXT);
	record_append_message(&r, span_str("c"));
	ok(leads("message", "\nc"), "also an empty first line");
	begin();
	record_append_message(&r, span_str(""));
	ok(leads("message", "") && r.n == 1, "and an empty one alone");
}

static void
takes_json(void)
{
	static const char *const texts[] = {
		"{\"a\\u0062\":\"x\"}", "{\"c\x01\":[1]}", "{\"d\":-}",
	};
	struct json_value key, value;
	struct json j;

	begin();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (json_open(&j, span_str(texts[i]), true) == 0 &&
		    json_next(&j, &key, &value) > 0)
			record_add_json(&r, &key, &value);
	ok(r.n == 3 && leads("ab", "x") && !r.fields[0].plain_name &&
	    r.fields[0].kind == FIELD_JSON_STRING,
	    "a member of JSON is added by what its key means");
	ok(span_is(r.fields[1].name, "c\x01") && !r.fields[1].plain_name &&
	    r.fields[1].clean, "a key with control characters is not plain");
	ok(r.fields[2].plain_name && !r.fields[2].clean,
	    "a value that is no JSON is not clean");
}

static void
sets_times(void)
{
	struct timestamp t = { .sec = 1624961103 };
	struct field *f;

	begin();
	f = add("time", "2021-06-29T10:05:03Z", FIELD_JSON_STRING);
	record_set_time(&r, f, &t);
	ok(span_is(f->value, "2021-06-29T10:05:03Z") && r.has_when,
	    "a time that is printed as it stands stays");
	f = add("time", "2021-06-29\\u005410:05:03Z", FIELD_JSON_STRING);
	f->escaped = true;
	record_set_time(&r, f, &t);
	ok(leads("time", "2021-06-29T10:05:03Z"), "any other is printed anew");
}

/* Twice as many names as fit into the least table. */
static void
keeps_names_apart(void)
{
	struct name_table t;
	char names[32][4];
	bool good = true;

	begin();
	good &= name_table_begin(&t, &r, 32) == 0;
	for (unsigned i = 0; i < 64; i++) {
		struct name_slot *s;

		snprintf(names[i % 32], sizeof *names, "n%u", i % 32);
		s = name_table_at(&t, span_str(names[i % 32]));
		good &= i < 32 ? s->name.p == NULL : s->times == i % 32;
		s->name = span_str(names[i % 32]);
		s->times = i % 32;
	}
	ok(good, "each name has a slot of its own");
}

int
main(void)
{
	tells_numbers();
	follows_paths();
	hides();
	joins_messages();
	takes_json();
	sets_times();
	keeps_names_apart();
	record_free(&r);
	return done_testing();
}
