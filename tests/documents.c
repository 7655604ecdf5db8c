/* documents: lines as JSON documents and as syslog messages, and whose they are */
#include <stdlib.h>

#include "record/timestamp.h"
#include "stream/evidence.h"
#include "stream/json_document.h"
#include "stream/partition_key.h"
#include "stream/syslog_message.h"
#include "tap.h"

static void
test_add(void)
{
	static const struct {
		const char *line, *want, *name;
	} rows[] = {
		{ "{}", "{}", "an empty object" },
		{ "{\"a\":1} \r", "{\"a\":1} \r", "an object and blanks" },
		{ "{\"a\":1}x", "{\"message\":\"{\\\"a\\\":1}x\"}",
		    "an object and more" },
		{ "{\"a\":1", "{\"message\":\"{\\\"a\\\":1\"}", "a torn object" },
		{ "[{\"a\":1}]", "{\"message\":\"[{\\\"a\\\":1}]\"}", "an array" },
		{ "", "{\"message\":\"\"}", "an empty line" },
		{ "a\xff", "{\"message\":\"a\xef\xbf\xbd\",\"lossy\":true}",
		    "a text that is not UTF-8" },
		{ "{\"a\":\"\xff\",\"lossy\":false,\"b\":1}",
		    "{\"a\":\"\xef\xbf\xbd\",\"b\":1,\"lossy\":true}",
		    "a value that is not UTF-8" },
		{ "{\"\xff\":[1]}", "{\"\xef\xbf\xbd\":[1],\"lossy\":true}",
		    "a name that is not UTF-8" },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&b);
		ok(json_document_add(&b, span_str(rows[i].line)) == 0 &&
		    span_is(buf_span(&b), rows[i].want), "a document: %s",
		    rows[i].name);
	}
	buf_free(&b);
}

static void
test_expand(void)
{
	static const struct {
		const char *template, *line, *want;
		int r;
	} rows[] = {
		{ "a{b}c", "{\"b\":\"\\u00e9\"}", "a\xc3\xa9" "c", 0 },
		{ "{b}", "{\"b\":5}", "5", 0 },
		{ "{b.c}", "{\"b\":{\"c\":true}}", "true", 0 },
		{ "{b}-{c}", "{\"b\":null,\"c\":\"x\"}", "unknown-x", 1 },
		{ "{b}", "{\"b\":\"\"}", "unknown", 1 },
		{ "{b}", "text", "unknown", 1 },
		{ "{date:%Y.%m.%d}", "{\"timestamp\":\"2021-06-29\"}",
		    "2021.06.29", 0 },
		{ "{date:%H}", "{\"timestamp\":\"x\",\"@timestamp\":"
		    "\"2021-06-29T23:30:00-02:00\"}", "01", 0 },
		{ "{date:%H}", "{\"@timestamp\":true,\"time\":"
		    "\"2021-06-29T10:00:00Z\",\"timestamp\":\"\\u0031\"}",
		    "10", 0 },
		{ "{date:}", "{}", "", 0 },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&b);
		if (!ok(json_document_expand(&b, rows[i].template,
		    span_str(rows[i].line)) == rows[i].r &&
		    span_is(buf_span(&b), rows[i].want), "%s of %s is %s",
		    rows[i].template, rows[i].line, rows[i].want))
			printf("# %.*s\n", (int)b.len, b.p);
	}
	buf_free(&b);
}

static uint32_t
key_of(struct partition_key *k, const char *line)
{
	return partition_key_of(k, span_str(line), 7);
}

static void
test_keys(void)
{
	static const char *const same[] = {
		"{\"procid\":\"1\",\"hostname\":\"h\",\"message\":\"x\","
		"\"appname\":\"a\"}",
		"{\"hostname\":\"h\",\"appname\":\"a\",\"procid\":1,"
		"\"pod\":{\"a\":1},\"host\":\"x\",\"log\":\"y\"}",
		"{\"host\":{\"hostname\":\"h\",\"ip\":\"i\"},\"log\":{\"syslog\":"
		"{\"appname\":\"a\",\"procid\":\"1\"}}}",
		"<14>1 2021-06-29T10:05:03Z h a 1 - - message",
	};
	static const char *const streams[] = {
		"text", "", "{\"message\":\"m\"}", "[\"hostname\"]", "{\"pod\":{}}",
		"{\"container\":{\"id\":\"c\"},\"host\":\"h\"}",
	};
	struct partition_key *k = partition_key_new();

	for (size_t i = 1; i < sizeof same / sizeof *same; i++)
		ok(key_of(k, same[i]) == key_of(k, same[0]) &&
		    key_of(k, same[i]) != 7, "the same program: %s", same[i]);
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
		ok(key_of(k, streams[i]) == 7, "no program: %s", streams[i]);
	ok(key_of(k, "{\"container\":\"c\",\"pod\":\"p\"}") ==
	    key_of(k, "{\"container\":{\"name\":\"c\"},\"kubernetes\":"
	    "{\"pod\":{\"name\":\"p\"}}}"), "a container and its pod");
	ok(key_of(k, "{\"appname\":\"x\"}") != key_of(k, "{\"hostname\":\"x\"}"),
	    "a program is no host");
	ok(key_of(k, same[sizeof same / sizeof *same - 1]) != 7 &&
	    key_of(k, "text") == 7, "what a line says is not the next one's");
	ok(partition_key_of(k, span_str("text"), (uint64_t)5 << 32 | 3) == 3,
	    "without a program the stream counts");
	partition_key_free(k);
	partition_key_free(NULL);
}

static bool
is_cut(size_t max, const char *line, const char *want)
{
	struct receiver_options o = { .host = "h", .max_message = max };
	struct syslog_message m;
	bool same;

	syslog_message_init(&m, &o, 1000);
	same = syslog_message_make(&m, span_str(line)) == 0 &&
	    span_is(buf_span(&m.text), want);
	if (!same)
		printf("# %.*s\n", (int)m.text.len, m.text.p);
	syslog_message_free(&m);
	return same;
}

#define HEAD "<14>1 - h a - - - "	/* 18 bytes */

static void
test_cut(void)
{
	ok(is_cut(0, HEAD "1234567890", HEAD "1234567890") &&
	    is_cut(28, HEAD "1234567890", HEAD "1234567890"),
	    "a message of the greatest length is whole");
	ok(is_cut(40, HEAD "123456789012345678901234567890",
	    HEAD "1234567 [cut 23 bytes]"),
	    "a longer one tells how much of it was cut off");
	ok(is_cut(40, HEAD "123456\xc3\xa9" "9012345678901234567890",
	    HEAD "123456 [cut 24 bytes]"), "no character is cut");
	ok(is_cut(33, HEAD "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
	    "\x80\x80\x80\x80", HEAD " [cut 16 bytes]"),
	    "the header stays whole, whatever follows it");
	ok(is_cut(20, HEAD "1234567890", HEAD "12"),
	    "where there is no room for that, it is just cut");
	ok(is_cut(10, HEAD "1234567890", "<14>1 - h "),
	    "a header that is too long itself is just cut");
}

static void
test_losses(void)
{
	struct receiver_options o = { .host = "h" };
	struct receiver r = { .lost = 3 };
	struct syslog_message m;

	syslog_message_init(&m, &o, 1000);
	ok(syslog_message_loss(&m, &r, SYSLOG_LOST) &&
	    strncmp(buf_str(&m.text), "<172>1 2", 8) == 0 &&
	    strstr(m.text.p, "Z h logplex logpush - - Error L12: 3 messages "
	    "dropped.") != NULL, "lost lines are told as Logplex tells them");
	ok(!syslog_message_loss(&m, &r, SYSLOG_REFUSED),
	    "none was refused, and nothing is told");
	syslog_message_free(&m);
}

static void
test_evidence(void)
{
	struct evidence e = { 0 };

	ok(!evidence_since(&e, 0, 0), "nothing was taken yet");
	evidence_add(&e, 5);
	ok(evidence_since(&e, 5, 0) && !evidence_since(&e, 5, 1) &&
	    !evidence_since(&e, 6, 0), "one was taken of one group");
	for (uint64_t g = 100; g < 100 + EVIDENCE_GROUPS - 1; g++)
		evidence_add(&e, g);
	ok(evidence_since(&e, 5, 0), "so many groups are known");
	evidence_add(&e, 100);
	evidence_add(&e, 4);
	ok(!evidence_since(&e, 5, 0) && evidence_since(&e, 100, 0) &&
	    evidence_since(&e, 4, 0),
	    "the group that had none for the longest time is forgotten");
}

int
main(void)
{
	test_add();
	test_expand();
	test_keys();
	test_cut();
	test_losses();
	test_evidence();
	return done_testing();
}
