/* syslog_header: a record's header of RFC 5424, and where a message's one ends */
#include <string.h>

#include "base/buf.h"
#include "emit/syslog_header.h"
#include "guarded.h"
#include "tap.h"

static const struct syslog_names names = { .host = "here" };

/* Is this the header of the record, up to its time, and the text behind it? */
static bool
gives(const char *record, const char *before, const char *behind)
{
	struct buf b = { 0 };
	bool good;
	const char *text;

	syslog_header_add(&b, span_str(record), &names);
	text = buf_str(&b);
	good = text != NULL && strncmp(text, before, strlen(before)) == 0 &&
	    b.len > strlen(behind) &&
	    strcmp(text + b.len - strlen(behind), behind) == 0;
	if (!good)
		printf("# %s\n", text);
	buf_free(&b);
	return good;
}

/* How many bytes of the message are its header? */
static size_t
end_of(const char *message)
{
	return syslog_header_end(guarded(message, strlen(message)));
}

static void
test_header(void)
{
	char long_name[400];

	ok(gives("{\"timestamp\":\"2021-06-29T10:05:03Z\",\"message\":\"m\"}",
	    "<14>1 2021-06-29T10:05:03Z here - - - - m", " m"),
	    "a record with a time and a message alone comes from here");
	ok(gives("{\"time\":\"2016-12-31T23:59:60.123456789Z\",\"pod\":\"p\","
	    "\"container\":\"c\",\"stream\":\"stderr\",\"message\":\"m\"}",
	    "<11>1 2016-12-31T23:59:59.123456Z p c - - - m", " m"),
	    "a time has no leap second and six digits, and an error's stream "
	    "its severity");
	ok(gives("{\"@timestamp\":1624961103,\"host\":\"g\",\"level\":3,"
	    "\"facility\":\"auth\",\"short_message\":\"s\"}",
	    "<35>1 2021-06-29T10:05:03Z g - - - - s", " s"),
	    "the names and numbers of GELF are known");
	ok(gives("{\"date\":\"2021-06-29T10:05:03Z\",\"host\":{\"a\":1},"
	    "\"hostname\":null,\"message\":\"\",\"appname\":\"a b\\u00e9\"}",
	    "<14>1 2021-06-29T10:05:03Z here a_b__ - - - {", "}"),
	    "a record without a message is the message; a host may be none");
	ok(gives("{\"timestamp\":true,\"message\":\"m\"}", "<14>1 20",
	    "Z here - - - - m"), "what is no time is now");
	ok(gives("{\"timestamp\":\"never\",\"message\":\"m\"}", "<14>1 20",
	    "Z here - - - - m"), "so is a text that is none");
	ok(gives("no record", "<14>1 20", "Z here - - - - no record"),
	    "what is no record is a message");
	ok(gives("[1]", "<14>1 20", "Z here - - - - [1]"),
	    "a list is a message");
	ok(gives("{\"a\":", "<14>1 20", "Z here - - - - {\"a\":"),
	    "an object that breaks off is a message");
	ok(gives("{\"m\\u0065ssage\":\"m\",\"x\":1}", "<14>1 20", " m"),
	    "a name may have escapes");
	snprintf(long_name, sizeof long_name,
	    "{\"message\":\"m\",\"msgid\":\"%040d\"}", 0);
	ok(gives(long_name, "<14>1 20", "Z here - - "
	    "00000000000000000000000000000000 - m"),
	    "a field is not longer than the header may have it");
}

static void
test_data(void)
{
	ok(gives("{\"message\":\"m\",\"structured_data\":{\"a@1\":{\"b\":"
	    "\"c\\\"\\\\]d\"}}}", "<14>1 20",
	    "[a@1 b=\"c\\\"\\\\\\]d\"] m"), "a value is escaped");
	ok(gives("{\"message\":\"m\",\"structured_data\":{\"\":{},"
	    "\"a@1\":{\"\":\"e\",\"f =]\\\"\\u007f\":1},"
	    "\"an-identifier-of-more-than-32-bytes\":{},\"g\":2}}", "<14>1 20",
	    "[a@1 f_____=\"1\"][an-identifier-of-more-than-32-by][g] m"),
	    "names are short and plain, and empty ones are left out");
	ok(gives("{\"message\":\"m\",\"structured_data\":\"x\"}", "<14>1 20",
	    " - - - - m"), "structured data that is no object is none");
	ok(gives("{\"message\":\"m\",\"structured_data\":{}}", "<14>1 20",
	    " - - - - m"), "nor is one without elements");
}

static void
test_end(void)
{
	static const char *const others[] = { "", "x", "<", "<>1 - h a p m - x",
	    "<192>1 - h a p m - x", "<1234>1 - h a p m - x", "<34>2 - h a p m - ",
	    "<34>1 -", "<34>1 x h a p m - x", "<34>1 2021 h a p m - -----------",
	    "<34>1 2021-06-29 10:05:03 h a p m - x", "<34>1 -", "<34>1 - h",
	    "<34>1 -  a p m - x", "<34>1 - h a p", "<34>1 - h a p m",
	    "<34>1 - h a p m x", "<34>1 - h a p m x] y",
	    "<34>1 - h a p m [x", "<34>1 - h a p m [x \"",
	    "<34>1 - h a p m -x", "<34>1 - h a p m [x]y",
	    "<34>1 - h\x7f a p m - x", "<34>1 - h a p m ",
	    "<34>1 - h a p 012345678901234567890123456789012 - x" };
	unsigned wrong = 0;

	ok(end_of("<34>1 - h a p m - x") == 18, "a header ends in front of its "
	    "message");
	ok(end_of("<34>1 2021-06-29T10:05:03Z h a p m - x") == 37,
	    "a header with a time ends in front of its message");
	ok(end_of("<34>1 - h a p m -") == 17, "there may be no message");
	ok(end_of("<34>1 - h a p m [x a=\"]\\\"[\"][y] z") == 32,
	    "elements may stand one behind the other, and brackets in quotes");
	ok(end_of("<34>1 - h a p m [x]") == 19, "an element may be the end");
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (end_of(others[i]) != 0 && wrong++ == 0)
			printf("# %s\n", others[i]);
	ok(wrong == 0, "what is no header of RFC 5424 has no end");
}

static void
test_text(void)
{
	char lines[] = "a\nb\rc\0d", accent[] = "a\xc3\xa9", sign[] =
	    "\xf0\x9f\x98\x80", bad[] = "a\x80\x80\x80\x80\x80";

	syslog_header_one_line(lines, sizeof lines - 1);
	ok(memcmp(lines, "a b c d", 7) == 0, "ends of lines become blanks");
	ok(syslog_header_cut(accent, 2) == 1 && syslog_header_cut(accent, 1) ==
	    1, "a text is not cut inside of a letter");
	ok(syslog_header_cut(sign, 3) == 0 && syslog_header_cut(sign, 0) == 0,
	    "a text is not cut before its first byte");
	ok(syslog_header_cut(bad, 5) == 1, "what is no UTF-8 is cut anywhere");
}

int
main(void)
{
	test_header();
	test_data();
	test_end();
	test_text();
	return done_testing();
}
