/* otlp: requests and answers of OpenTelemetry in protobuf, byte by byte */
#include <errno.h>

#include "stream/otlp_protobuf.h"
#include "tap.h"

/*
 * Fields as protobuf.dev/programming-guides/encoding has them: a key is the
 * field's number << 3 | its wire type (0 varint, 1 eight bytes, 2 a length and
 * bytes, 5 four bytes).
 */
#define BODY(length, value) "\x2a" length value
#define B(s) s, sizeof s - 1

static const struct {
	const char *json, *want;
	size_t n;
	const char *name;
} fields[] = {
	{ "\"flags\":258", B("\x45\x02\x01\0\0"),
	    "flags have four bytes, the low one first" },
	{ "\"timeUnixNano\":\"1\"", B("\x09\x01\0\0\0\0\0\0\0"),
	    "a time has eight bytes, and is a number in quotes" },
	{ "\"severityNumber\":300,\"severityText\":null", B("\x10\xac\x02"),
	    "a number has seven bits a byte, and null is no field" },
	{ "\"severityText\":\"a\\u0000\"", B("\x1a\x02" "a\0"),
	    "a text may have a NUL" },
	{ "\"traceId\":\"aBC0\"", B("\x4a\x02\xab\xc0"),
	    "an id is in hexadecimal digits of either case" },
	{ "\"traceId\":\"\"", B("\x4a\0"), "an id may be empty" },
	{ "\"body\":{\"boolValue\":false}", B(BODY("\x02", "\x10\0")),
	    "false is 0" },
	{ "\"body\":{\"boolValue\":true}", B(BODY("\x02", "\x10\x01")),
	    "true is 1" },
	{ "\"body\":{\"intValue\":-1}", B(BODY("\x0b",
	    "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")),
	    "a negative number has ten bytes" },
	{ "\"body\":{\"intValue\":\"-9223372036854775808\"}", B(BODY("\x0b",
	    "\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")),
	    "the least number is kept" },
	{ "\"body\":{\"intValue\":\"9223372036854775807\"}", B(BODY("\x0a",
	    "\x18\xff\xff\xff\xff\xff\xff\xff\xff\x7f")),
	    "the greatest number is kept" },
	{ "\"body\":{\"doubleValue\":-2}", B(BODY("\x09",
	    "\x21\0\0\0\0\0\0\0\xc0")), "a double is as IEEE 754 has it" },
	{ "\"body\":{\"doubleValue\":\"Infinity\"}", B(BODY("\x09",
	    "\x21\0\0\0\0\0\0\xf0\x7f")), "infinity is a word" },
	{ "\"body\":{\"arrayValue\":{\"values\":[{\"intValue\":1},"
	    "{\"stringValue\":\"b\"}]}}",
	    B(BODY("\x0b", "\x2a\x09\x0a\x02\x18\x01\x0a\x03\x0a\x01" "b")),
	    "each element of an array is a field" },
	{ "\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":"
	    "{\"intValue\":\"1\"}}]}}",
	    B(BODY("\x0b", "\x32\x09\x0a\x07\x0a\x01k\x12\x02\x18\x01")),
	    "a map is a list of keys and values" },
	{ "\"body\":{\"bytesValue\":\"YWI=\"}", B(BODY("\x04", "\x3a\x02" "ab")),
	    "bytes are in base64" },
	{ "\"body\":{\"bytesValue\":\"YWI\"}", B(BODY("\x04", "\x3a\x02" "ab")),
	    "base64 need not be filled up" },
	{ "\"body\":{\"bytesValue\":\"YQ==\"}", B(BODY("\x03", "\x3a\x01" "a")),
	    "base64 may end with one byte" },
	{ "\"body\":{\"bytesValue\":\"AP+/\"}", B(BODY("\x05",
	    "\x3a\x03\0\xff\xbf")), "base64 may end with three bytes" },
	{ "\"body\":{\"bytesValue\":\"AP-_\"}", B(BODY("\x05",
	    "\x3a\x03\0\xff\xbf")), "base64 may be that of URLs" },
	{ "\"body\":{\"bytesValue\":\"\\/\\/\\/\\/\"}", B(BODY("\x05",
	    "\x3a\x03\xff\xff\xff")), "a slash of base64 may be escaped" },
	{ "\"body\":{\"bytesValue\":\"\"}", B(BODY("\x02", "\x3a\0")),
	    "there may be no bytes" },
	{ "\"unknown\":{\"a\":[1]}", B(""), "an unknown field is passed over" },
};

/* The bytes of the request with this one log record. */
static int
encode(struct buf *b, const char *record)
{
	struct buf json = { 0 };
	int r;

	buf_clear(b);
	buf_printf(&json, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":"
	    "[{%s}]}]}]}", record);
	errno = 0;
	r = otlp_protobuf_add(b, buf_span(&json));
	buf_free(&json);
	return r;
}

static void
test_fields(void)
{
	struct buf b = { 0 }, want = { 0 };

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		size_t n = fields[i].n;
		const char layers[] = { 0x0a, (char)(n + 4), 0x12,
			(char)(n + 2), 0x12, (char)n };

		buf_clear(&want);
		buf_add(&want, layers, sizeof layers);
		buf_add(&want, fields[i].want, n);
		ok(encode(&b, fields[i].json) == 0 &&
		    span_eq(buf_span(&b), buf_span(&want)), "protobuf: %s",
		    fields[i].name);
	}
	buf_free(&b);
	buf_free(&want);
}

static void
test_wrong(void)
{
	static const char *const records[] = {
		"\"traceId\":\"abc\"", "\"traceId\":\"ag\"",
		"\"traceId\":\"ga\"", "\"spanId\":12", "\"severityText\":1",
		"\"body\":\"text\"", "\"body\":[{\"intValue\":1},2]",
		"\"body\":{\"bytesValue\":\"YW*=\"}",
		"\"body\":{\"bytesValue\":\"Y\"}",
		"\"body\":{\"bytesValue\":5}",
		"\"body\":{\"arrayValue\":[]", "\"attributes\":[{\"key\":1}]",
	};
	static const char *const texts[] = { "", "[]", "text", "{\"a\":1," };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof records / sizeof *records; i++)
		ok(encode(&b, records[i]) < 0 && errno == EINVAL,
		    "protobuf: this is no log record: {%s}", records[i]);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		buf_clear(&b);
		errno = 0;
		ok(otlp_protobuf_add(&b, span_str(texts[i])) < 0 &&
		    errno == EINVAL, "protobuf: this is no request: '%s'",
		    texts[i]);
	}
	buf_free(&b);
}

static void
test_answers(void)
{
	static const struct {
		const char *answer;
		size_t n;
		int r;
		uint64_t rejected;
		const char *why, *name;
	} answers[] = {
		{ B(""), 0, 0, "", "an empty answer is success" },
		{ B("\x0a\x07\x08\x03\x12\x03" "old"), 0, 3, "old",
		    "a partial success has a number and a reason" },
		{ B("\x0a\x03\x08\xac\x02"), 0, 300, "",
		    "a number may have two bytes" },
		{ B("\x10\x05\x1a\x01x\x0a\x04\x18\x01\x08\x02"), 0, 2, "",
		    "fields of later versions are passed over" },
		{ B("\x09\0\0\0\0\0\0\0\0"), -1, 0, "",
		    "a wire type that no answer has is refused" },
		{ B("\x0a\x02\x0d\0"), -1, 0, "",
		    "a wire type of none is refused inside a partial success" },
		{ B("\x0a\x05\x08\x01"), -1, 0, "",
		    "a length beyond the end is refused" },
		{ B("\x0a"), -1, 0, "", "a key alone is refused" },
		{ B("\x0a\x80"), -1, 0, "", "a torn number is refused" },
		{ B("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x01"), -1, 0,
		    "", "a number of eleven bytes is refused" },
	};
	uint64_t rejected;
	struct span why;

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		ok(otlp_protobuf_rejected(span_of(answers[i].answer,
		    answers[i].n), &rejected, &why) == answers[i].r &&
		    rejected == answers[i].rejected &&
		    span_is(why, answers[i].why), "an answer in protobuf: %s",
		    answers[i].name);
}

int
main(void)
{
	test_fields();
	test_wrong();
	test_answers();
	return done_testing();
}
