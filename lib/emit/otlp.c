#include "emit/otlp.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "emit/emit_internal.h"

enum { TRACE_ID = 32, SPAN_ID = 16, NANO_DIGITS = 9 };	/* in digits */
enum { NANO = 1000000000 };

/*
 * OpenTelemetry's names for fields of the resource and of the record, as the
 * beginning of an attribute.
 */
#define KEY_BEFORE "{\"key\":"
#define KEY_BEHIND ",\"value\":{"
#define OTEL(ours, name, resource) \
	{ { ours, sizeof ours - 1 }, { KEY_BEFORE "\"" name "\"" KEY_BEHIND, \
	    sizeof KEY_BEFORE "\"" name "\"" KEY_BEHIND - 1 }, resource }
static const struct otel {
	struct span ours, key;
	bool resource;
} otel[] = {
	OTEL("hostname", "host.name", true),
	OTEL("appname", "service.name", true),
	OTEL("container_id", "container.id", true),
	OTEL("container", "container.name", true),
	OTEL("image", "container.image.name", true),
	OTEL("pod", "k8s.pod.name", true),
	OTEL("namespace", "k8s.namespace.name", true),
	OTEL("pid", "process.pid", true),
	OTEL("client", "client.address", false),
	OTEL("client_port", "client.port", false),
	OTEL("user", "user.name", false),
	OTEL("method", "http.request.method", false),
	OTEL("path", "url.path", false),
	OTEL("query", "url.query", false),
	OTEL("status", "http.response.status_code", false),
	OTEL("size", "http.response.body.size", false),
	OTEL("agent", "user_agent.original", false),
	OTEL("stream", "log.iostream", false),
	OTEL("file", "code.file.path", false),
	OTEL("line", "code.line.number", false),
	OTEL("thread", "thread.name", false),
	OTEL("exception", "exception.stacktrace", false),
};

/* Returns the row of a field, or NULL. */
static const struct otel *
find_otel(struct span ours)
{
	for (size_t i = 0; i < sizeof otel / sizeof otel[0]; i++)
		if (ours.len == otel[i].ours.len &&
		    *ours.p == *otel[i].ours.p && span_eq(ours, otel[i].ours))
			return &otel[i];
	return NULL;
}

/* Whether v is a number that a double holds; some receivers take no other. */
static bool
is_double(struct span v)
{
	char text[64];

	if (v.len == 0 || v.len >= sizeof text || (*v.p != '-' &&
	    (*v.p < '0' || *v.p > '9')))
		return false;
	memcpy(text, v.p, v.len);
	text[v.len] = '\0';
	return isfinite(strtod(text, NULL));
}

static inline char *
put(char *to, struct span s)
{
	memcpy(to, s.p, s.len);
	return to + s.len;
}

/* Write the value of a field as an AnyValue has it, without its braces. */
static char *
put_value(struct record *r, char *to, const struct field *f, struct span v)
{
	if (f->kind == FIELD_JSON && is_integer(v)) {
		to = put(put(to, NAME("\"intValue\":\"")), v);
		*to++ = '"';
	} else if (f->kind == FIELD_JSON && is_double(v)) {
		to = put(put(to, NAME("\"doubleValue\":")), v);
	} else if (f->kind == FIELD_JSON && v.len > 0 && (*v.p == 't' ||
	    *v.p == 'f')) {
		to = put(put(to, NAME("\"boolValue\":")), v);
	} else {
		to = put(to, NAME("\"stringValue\":\""));
		to = json_put(to, v, &r->lossy);
		*to++ = '"';
	}
	return to;
}

/* Add {"key":...,"value":{"stringValue":...}}; row is the field's, or NULL. */
static void
add_attribute(struct record *r, struct buf *b, const struct otel *row,
    const struct field *f)
{
	enum { AROUND = 64 };	/* what is neither key nor value */
	struct span v = record_value(r, f);
	char *to;

	/* Both lie in memory already: this does not wrap. */
	if ((to = room(b, JSON_ROOM(v.len) + (row != NULL ? row->key.len :
	    JSON_ROOM(f->name.len)) + AROUND)) == NULL)
		return;
	if (b->len > 0 && to[-1] != '[')
		*to++ = ',';
	if (row != NULL) {
		to = put(to, row->key);
	} else {
		to = put(to, NAME(KEY_BEFORE "\""));
		to = json_put(to, f->name, &r->lossy);
		to = put(to, NAME("\"" KEY_BEHIND));
	}
	to = put(put_value(r, to, f, v), NAME("}}"));
	b->len = (size_t)(to - b->p);
}

/*
 * Whether f is the id of a trace or of a span: so many hexadecimal digits, not
 * all of them 0.
 */
static bool
is_id(struct record *r, const struct field *f, struct span name, size_t digits)
{
	struct span v;
	bool set = false;

	if (!span_eq(f->name, name))
		return false;
	v = record_value(r, f);
	for (size_t i = 0; i < v.len; i++)
		if (!isxdigit((unsigned char)v.p[i]))
			return false;
		else
			set |= v.p[i] != '0';
	return set && v.len == digits;
}

/* Whether the record has a time that 64 bits of nanoseconds hold. */
static bool
has_time(const struct record *r)
{
	return r->has_when && r->when.sec > 0 &&
	    (uint64_t)r->when.sec < UINT64_MAX / NANO;
}

/*
 * Whether the field has a place of its own in a LogRecord; severity and level
 * are attributes as well, as a record may have both.
 */
static bool
has_own_place(struct record *r, const struct field *f)
{
	return (span_eq(f->name, NAME("timestamp")) && has_time(r)) ||
	    span_eq(f->name, NAME("message")) ||
	    is_id(r, f, NAME("trace_id"), TRACE_ID) ||
	    is_id(r, f, NAME("span_id"), SPAN_ID);
}

/* Add the attributes of the resource, and those of the record. */
static void
add_attributes(struct record *r, struct buf *resource, struct buf *rest)
{
	const struct otel *row;
	struct field f;
	size_t i = 0;

	while (next_flat(r, &i, &f)) {
		row = find_otel(f.name);
		if (row != NULL && row->resource)
			add_attribute(r, resource, row, &f);
		else if (row != NULL || !has_own_place(r, &f))
			add_attribute(r, rest, row, &f);
	}
}

static void
add_id(struct record *r, struct buf *b, struct span ours, size_t digits,
    struct span name)
{
	struct field f;

	if (record_lookup(r, ours, &f) && is_id(r, &f, ours, digits))
		add_text_member(r, name, record_value(r, &f), b);
}

static void
add_severity(struct record *r, struct buf *b)
{
	/*
	 * OTel's numbers for syslog's severities, from the appendix of its log
	 * data model.
	 */
	static const unsigned severities[] = { 21, 19, 18, 17, 13, 10, 9, 5 };
	struct span v;

	if (!record_find(r, NAME("severity"), &v) &&
	    !record_find(r, NAME("level"), &v))
		return;
	buf_printf(b, ",\"severityNumber\":%u", severities[severity_of(r)]);
	add_text_member(r, NAME("severityText"), v, b);
}

/* Add a time in nanoseconds, in quotes. */
static void
add_nanoseconds(struct buf *b, int64_t sec, uint32_t nsec)
{
	char text[32], *p = text + sizeof text;

	*--p = '"';
	for (int i = 0; i < NANO_DIGITS; i++, nsec /= 10)
		*--p = (char)('0' + nsec % 10);
	for (; sec > 0; sec /= 10)
		*--p = (char)('0' + sec % 10);
	*--p = '"';
	buf_add(b, p, (size_t)(text + sizeof text - p));
}

int
otlp_add(struct record *r, int64_t observed_ms, struct buf *resource,
    struct buf *b)
{
	struct span v;

	buf_addspan(b, NAME("{\"timeUnixNano\":"));
	if (has_time(r))
		add_nanoseconds(b, r->when.sec, r->when.nsec);
	else
		buf_addspan(b, NAME("\"0\""));
	if (observed_ms > 0) {
		buf_addspan(b, NAME(",\"observedTimeUnixNano\":"));
		add_nanoseconds(b, observed_ms / 1000,
		    (uint32_t)(observed_ms % 1000) * 1000000);
	}
	add_severity(r, b);
	if (record_find(r, NAME("message"), &v)) {
		buf_addspan(b, NAME(",\"body\":{"));
		add_text_member(r, NAME("stringValue"), v, b);
		buf_addc(b, '}');
	}
	buf_addspan(resource, NAME("{\"attributes\":["));
	buf_addspan(b, NAME(",\"attributes\":["));
	add_attributes(r, resource, b);
	buf_addspan(resource, NAME("]}"));
	buf_addc(b, ']');
	add_id(r, b, NAME("trace_id"), TRACE_ID, NAME("traceId"));
	add_id(r, b, NAME("span_id"), SPAN_ID, NAME("spanId"));
	buf_addc(b, '}');
	return resource->failed || b->failed || r->failed ? -1 : 0;
}

/* Writes one export request per line, as OpenTelemetry's file exporter does. */
int
write_otlp(struct emit *e, struct record *r, struct buf *b)
{
	struct buf log_record = { 0 };

	(void)e;
	buf_adds(b, "{\"resourceLogs\":[{\"resource\":");
	otlp_add(r, -1, b, &log_record);
	buf_adds(b, "," OTLP_SCOPE);
	buf_addspan(b, buf_span(&log_record));
	b->failed |= log_record.failed;
	buf_free(&log_record);
	return buf_adds(b, "]}]}]}\n");
}
