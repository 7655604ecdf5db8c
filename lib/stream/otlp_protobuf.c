#include "stream/otlp_protobuf.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "record/json.h"

/* The types of fields: how a value of JSON is written. */
enum type {
	MESSAGE, STRING, HEX, BASE64, VARINT, FIXED32, FIXED64, DOUBLE,
};
/* protobuf.dev/programming-guides/encoding: wire types, and a key's bits. */
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5,
	KEY_BITS = 3, VARINT_BITS = 7, VARINT_MAX = 10 };

/* The fields of an answer. */
enum { PARTIAL_SUCCESS = 1, REJECTED_LOG_RECORDS = 1, ERROR_MESSAGE = 2 };

struct message {
	struct member {
		const char *name;
		unsigned number;
		enum type type;
		const struct message *message;
	} members[13];
};

static const struct message any_value, key_value;

static const struct message array_value = { {
	{ "values", 1, MESSAGE, &any_value },
} };
static const struct message key_value_list = { {
	{ "values", 1, MESSAGE, &key_value },
} };
static const struct message any_value = { {
	{ "stringValue", 1, STRING, NULL },
	{ "boolValue", 2, VARINT, NULL },
	{ "intValue", 3, VARINT, NULL },
	{ "doubleValue", 4, DOUBLE, NULL },
	{ "arrayValue", 5, MESSAGE, &array_value },
	{ "kvlistValue", 6, MESSAGE, &key_value_list },
	{ "bytesValue", 7, BASE64, NULL },
} };
static const struct message key_value = { {
	{ "key", 1, STRING, NULL },
	{ "value", 2, MESSAGE, &any_value },
} };
static const struct message log_record = { {
	{ "timeUnixNano", 1, FIXED64, NULL },
	{ "severityNumber", 2, VARINT, NULL },
	{ "severityText", 3, STRING, NULL },
	{ "body", 5, MESSAGE, &any_value },
	{ "attributes", 6, MESSAGE, &key_value },
	{ "droppedAttributesCount", 7, VARINT, NULL },
	{ "flags", 8, FIXED32, NULL },
	{ "traceId", 9, HEX, NULL },
	{ "spanId", 10, HEX, NULL },
	{ "observedTimeUnixNano", 11, FIXED64, NULL },
	{ "eventName", 12, STRING, NULL },
} };
static const struct message scope = { {
	{ "name", 1, STRING, NULL },
	{ "version", 2, STRING, NULL },
	{ "attributes", 3, MESSAGE, &key_value },
	{ "droppedAttributesCount", 4, VARINT, NULL },
} };
static const struct message scope_logs = { {
	{ "scope", 1, MESSAGE, &scope },
	{ "logRecords", 2, MESSAGE, &log_record },
	{ "schemaUrl", 3, STRING, NULL },
} };
static const struct message resource = { {
	{ "attributes", 1, MESSAGE, &key_value },
	{ "droppedAttributesCount", 2, VARINT, NULL },
} };
static const struct message resource_logs = { {
	{ "resource", 1, MESSAGE, &resource },
	{ "scopeLogs", 2, MESSAGE, &scope_logs },
	{ "schemaUrl", 3, STRING, NULL },
} };
static const struct message request = { {
	{ "resourceLogs", 1, MESSAGE, &resource_logs },
} };

static void
add_varint(struct buf *b, uint64_t v)
{
	for (; v >> VARINT_BITS != 0; v >>= VARINT_BITS)
		buf_addc(b, (char)(v | 1U << VARINT_BITS));
	buf_addc(b, (char)v);
}

static void
add_key(struct buf *b, const struct member *m, unsigned wire)
{
	add_varint(b, (uint64_t)m->number << KEY_BITS | wire);
}

/* Put the length of what b has from start on in front of it. */
static void
add_length(struct buf *b, size_t start)
{
	struct buf length = { 0 };
	size_t n = b->len - start;

	add_varint(&length, n);
	if (length.failed || buf_reserve(b, length.len) < 0) {
		b->failed = true;
	} else {
		memmove(b->p + start + length.len, b->p + start, n);
		memcpy(b->p + start, length.p, length.len);
		b->len += length.len;
	}
	buf_free(&length);
}

enum { NUMBER_SIZE = 64 };

/* Copies a number as JSON has it, or in a string as it has numbers of 64 bits. */
static const char *
number_text(const struct json_value *v, char text[NUMBER_SIZE])
{
	memset(text, 0, NUMBER_SIZE);
	if (v->text.len < NUMBER_SIZE)
		memcpy(text, v->text.p, v->text.len);
	return text;
}

static uint64_t
number_of(const struct json_value *v)
{
	char text[NUMBER_SIZE];

	if (v->type == JSON_TRUE)
		return 1;
	return *number_text(v, text) == '-' ?
	    (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
}

static uint64_t
double_of(const struct json_value *v)
{
	char text[NUMBER_SIZE];
	double d = strtod(number_text(v, text), NULL);
	uint64_t bits;

	memcpy(&bits, &d, sizeof bits);
	return bits;
}

static int
add_hex(struct buf *b, struct span hex)
{
	int high, low;

	for (size_t i = 0; i + 1 < hex.len; i += 2) {
		high = hex_digit(hex.p[i]);
		low = hex_digit(hex.p[i + 1]);
		if (high < 0 || low < 0)
			return -1;
		buf_addc(b, (char)(high << 4 | low));
	}
	return hex.len % 2 == 0 ? 0 : -1;
}

/* Returns the six bits that a digit of base64 stands for, or -1. */
static int
base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at;

	c = c == '-' ? '+' : c == '_' ? '/' : c;
	at = memchr(digits, c, sizeof digits - 1);
	return at != NULL ? (int)(at - digits) : -1;
}

/*
 * Decode base64.  protobuf's JSON has it in either alphabet, and its end filled
 * up with = or not.
 */
static int
add_base64(struct buf *b, struct span text)
{
	unsigned bits = 0;
	int digit;

	while (text.len > 0 && text.p[text.len - 1] == '=')
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		if ((digit = base64_digit(text.p[i])) < 0)
			return -1;
		bits = bits << 6 | (unsigned)digit;
		if (i % 4 > 0)
			buf_addc(b, (char)(bits >> (6 - 2 * (i % 4))));
	}
	return text.len % 4 != 1 ? 0 : -1;
}

static int add_message(struct buf *b, struct span json,
    const struct message *type);

/* Add a value of bytes: its length, and what it has in it. */
static int
add_bytes(struct buf *b, const struct member *m, const struct json_value *v)
{
	struct buf text = { 0 };
	size_t start;
	int r = 0;

	add_key(b, m, WIRE_BYTES);
	start = b->len;
	if (m->type == MESSAGE)
		r = add_message(b, v->text, m->message);
	else if (v->type != JSON_STRING)
		r = -1;
	else if (m->type == HEX)
		r = add_hex(b, v->text);
	else if (m->type == STRING)
		json_decode(b, v);
	else if ((r = json_decode(&text, v)) == 0)	/* its / may be \/ */
		r = add_base64(b, buf_span(&text));
	b->failed |= text.failed;
	buf_free(&text);
	add_length(b, start);
	return r;
}

static int
add_value(struct buf *b, const struct member *m, const struct json_value *v)
{
	uint64_t number;
	uint32_t half;

	switch (m->type) {
	case VARINT:
		add_key(b, m, WIRE_VARINT);
		add_varint(b, number_of(v));
		return 0;
	case FIXED32:
		half = htole32((uint32_t)number_of(v));
		add_key(b, m, WIRE_32);
		return buf_add(b, &half, sizeof half);
	case FIXED64:
	case DOUBLE:
		number = htole64(m->type == DOUBLE ? double_of(v) :
		    number_of(v));
		add_key(b, m, WIRE_64);
		return buf_add(b, &number, sizeof number);
	default:
		return add_bytes(b, m, v);
	}
}

/* Add a member, or each element of one that is an array. */
static int
add_member(struct buf *b, const struct member *m, const struct json_value *v)
{
	struct json_value key, element;
	struct json j;
	int r;

	if (v->type == JSON_NULL)
		return 0;
	if (v->type != JSON_ARRAY)
		return add_value(b, m, v);
	json_open(&j, v->text, false);
	while ((r = json_next(&j, &key, &element)) > 0)
		if (add_value(b, m, &element) < 0)
			return -1;
	return r;
}

/* json_next checks how deep values are nested, and so ends the recursion. */
static int
add_message(struct buf *b, struct span json, const struct message *type)
{
	struct json_value key, value;
	struct json j;
	int r;

	if (json_open(&j, json, false) < 0 || j.close != '}')
		return -1;
	while ((r = json_next(&j, &key, &value)) > 0)
		for (const struct member *m = type->members; m->name != NULL;
		     m++)
			if (json_is(&key, m->name) &&
			    add_member(b, m, &value) < 0)
				return -1;
	return r;
}

int
otlp_protobuf_add(struct buf *b, struct span json)
{
	if (add_message(b, json, &request) < 0 && !b->failed) {
		errno = EINVAL;
		return -1;
	}
	return b->failed ? -1 : 0;
}

/* Takes a varint off the front of *s.  Returns false when there is none. */
static bool
take_varint(struct span *s, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < s->len && i < VARINT_MAX; i++) {
		*v |= (uint64_t)((unsigned char)s->p[i] & 0x7f) <<
		    (i * VARINT_BITS);
		if ((s->p[i] & 0x80) == 0) {
			*s = span_of(s->p + i + 1, s->len - i - 1);
			return true;
		}
	}
	return false;
}

/*
 * Takes a field off the front of *s: its number, and its value or bytes.
 * Returns 1; 0 at the end; -1 for what these messages do not have.
 */
static int
take_field(struct span *s, uint64_t *number, uint64_t *value,
    struct span *bytes)
{
	uint64_t key;

	*bytes = span_of(NULL, 0);
	if (s->len == 0)
		return 0;
	if (!take_varint(s, &key) || !take_varint(s, value))
		return -1;
	*number = key >> KEY_BITS;
	if ((key & 7) == WIRE_VARINT)
		return 1;
	if ((key & 7) != WIRE_BYTES || *value > s->len)
		return -1;
	*bytes = span_of(s->p, (size_t)*value);
	*s = span_of(s->p + *value, s->len - (size_t)*value);
	return 1;
}

int
otlp_protobuf_rejected(
    struct span answer, uint64_t *rejected, struct span *why)
{
	uint64_t field, value;
	struct span partial, text;
	int r, inner;

	*rejected = 0;
	*why = span_of(NULL, 0);
	while ((r = take_field(&answer, &field, &value, &partial)) > 0) {
		if (field != PARTIAL_SUCCESS)
			continue;
		while ((inner = take_field(&partial, &field, &value, &text)) > 0)
			if (field == REJECTED_LOG_RECORDS)
				*rejected = value;
			else if (field == ERROR_MESSAGE)
				*why = text;
		if (inner < 0)
			return -1;
	}
	return r;
}
