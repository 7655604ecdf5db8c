/*
 * ecs, otlp and gelf: JSON with the names of other systems
 */
#include <stdio.h>
#include <unistd.h>

#include "emitting.h"

/* Sorted by path, so that members of one object stand together. */
static const struct ecs {
	const char *path, *ours;
} ecs[] = {
	{ "@timestamp", "timestamp" },
	{ "client.address", "client" },
	{ "client.port", "client_port" },
	{ "container.id", "container_id" },
	{ "container.image.name", "image" },
	{ "container.labels", "labels" },
	{ "container.name", "container" },
	{ "error.message", "error" },
	{ "error.stack_trace", "exception" },
	{ "event.duration", "duration" },
	{ "event.dataset", "format" },
	{ "host.hostname", "hostname" },
	{ "http.request.method", "method" },
	{ "http.request.referrer", "referer" },
	{ "http.response.body.bytes", "size" },
	{ "http.response.status_code", "status" },
	{ "http.version", "protocol" },
	{ "kubernetes.namespace", "namespace" },
	{ "kubernetes.pod.name", "pod" },
	{ "log.level", "level" },
	{ "log.logger", "logger" },
	{ "log.origin.file.name", "file" },
	{ "log.origin.file.line", "line" },
	{ "log.syslog.appname", "appname" },
	{ "log.syslog.facility.name", "facility" },
	{ "log.syslog.msgid", "msgid" },
	{ "log.syslog.procid", "procid" },
	{ "log.syslog.severity.name", "severity" },
	{ "log.syslog.structured_data", "structured_data" },
	{ "log.syslog.version", "version" },
	{ "message", "message" },
	{ "process.pid", "pid" },
	{ "process.thread.name", "thread" },
	{ "url.original", "path" },
	{ "user.name", "user" },
	{ "user_agent.original", "agent" },
};
enum { ECS = sizeof ecs / sizeof ecs[0] };

/* duration in seconds as a whole number of nanoseconds. */
static struct span
nanoseconds(struct record *r, struct span seconds)
{
	char *p = record_room(r, 32), text[32];
	double s;

	if (p == NULL || seconds.len >= sizeof text)
		return NAME("0");
	memcpy(text, seconds.p, seconds.len);
	text[seconds.len] = '\0';
	if (sscanf(text, "%lf", &s) != 1 || s < 0 || s > 9e9)
		return NAME("0");
	return span_of(p, (size_t)snprintf(p, 32, "%.0f", s * 1e9));
}

static bool
is_integer(struct span v)
{
	size_t i = v.len > 0 && *v.p == '-';

	for (; i < v.len; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	return v.len > 0 && v.len < 19;
}

/* The value as ECS wants it. */
static void
adapt(struct record *r, const char *ours, struct field *f)
{
	if (strcmp(ours, "duration") == 0 && f->kind == FIELD_JSON) {
		f->value = nanoseconds(r, f->value);
	} else if (strcmp(ours, "client_port") == 0 && is_integer(f->value) &&
	    *f->value.p >= '1' && *f->value.p <= '9') {
		f->kind = FIELD_JSON;
		f->clean = true;
	} else if (strcmp(ours, "protocol") == 0 && f->value.len > 5 &&
	    memcmp(f->value.p, "HTTP/", 5) == 0) {
		f->value = span_of(f->value.p + 5, f->value.len - 5);
	}
}

/* How many bytes of path are the objects that a and b have in common. */
static size_t
common_objects(const char *a, const char *b)
{
	size_t n = 0;

	for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
		if (a[i] == '.')
			n = i + 1;
	return n;
}

static void
close_objects(struct buf *b, const char *path, size_t from)
{
	for (path += from; *path != '\0'; path++)
		if (*path == '.')
			buf_addc(b, '}');
}

/* Members from a place in path on, opening objects. */
static void
add_at(struct record *r, struct buf *b, const char *path, const struct field *f)
{
	const char *dot;

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		if (b->p[b->len - 1] != '{')
			buf_addc(b, ',');
		buf_addc(b, '"');
		buf_add(b, path, (size_t)(dot - path));
		buf_adds(b, "\":{");
	}
	add_member(r, f, span_str(path), true, b);
}

static bool
has_ecs_name(struct span name)
{
	for (size_t i = 0; i < ECS; i++)
		if (span_is(name, ecs[i].ours))
			return true;
	return false;
}

/* A key of labels, attributes and the like: no dots, which mean objects. */
static struct span
flat_name(struct record *r, struct span name, char prefix)
{
	char *p = record_room(r, name.len + 1), *to = p;

	if (p == NULL)
		return name;
	if (prefix != '\0')
		*to++ = prefix;
	for (size_t i = 0; i < name.len; i++)
		*to++ = (name.p[i] >= '0' && name.p[i] <= '9') ||
		    ((name.p[i] | 0x20) >= 'a' && (name.p[i] | 0x20) <= 'z') ||
		    name.p[i] == '-' ? name.p[i] : '_';
	return span_of(p, (size_t)(to - p));
}

/* ECS has no place for these: labels are keywords. */
static void
add_labels(struct record *r, struct buf *b)
{
	bool open = false;
	struct field f;
	size_t i = 0;

	while (next_flat(r, &i, &f)) {
		if (has_ecs_name(f.name))
			continue;
		if (!open)
			buf_adds(b, ",\"labels\":{");
		open = true;
		add_text_member(r, flat_name(r, f.name, '\0'),
		    record_value(r, &f), b);
	}
	if (open)
		buf_addc(b, '}');
}

int
write_ecs(struct emit *e, struct record *r, struct buf *b)
{
	const char *path = "";
	struct field f;
	size_t same;

	(void)e;
	buf_adds(b, "{\"ecs\":{\"version\":\"8.11.0\"}");
	for (size_t i = 0; i < ECS; i++) {
		if (!record_lookup(r, span_str(ecs[i].ours), &f))
			continue;
		adapt(r, ecs[i].ours, &f);
		same = common_objects(path, ecs[i].path);
		close_objects(b, path, same);
		add_at(r, b, ecs[i].path + same, &f);
		path = ecs[i].path;
	}
	close_objects(b, path, 0);
	add_labels(r, b);
	return buf_adds(b, "}\n");
}

/* OpenTelemetry's names, of the resource and of the record. */
static const struct {
	const char *ours, *name;
	bool resource;
} otel[] = {
	{ "hostname", "host.name", true },
	{ "appname", "service.name", true },
	{ "container_id", "container.id", true },
	{ "container", "container.name", true },
	{ "image", "container.image.name", true },
	{ "pod", "k8s.pod.name", true },
	{ "namespace", "k8s.namespace.name", true },
	{ "pid", "process.pid", true },
	{ "client", "client.address", false },
	{ "client_port", "client.port", false },
	{ "user", "user.name", false },
	{ "method", "http.request.method", false },
	{ "path", "url.original", false },
	{ "status", "http.response.status_code", false },
	{ "size", "http.response.body.size", false },
	{ "agent", "user_agent.original", false },
	{ "stream", "log.iostream", false },
	{ "file", "code.file.path", false },
	{ "line", "code.line.number", false },
	{ "thread", "thread.name", false },
	{ "exception", "exception.stacktrace", false },
};

static const char *
otel_name(struct span ours, bool *resource)
{
	*resource = false;
	for (size_t i = 0; i < sizeof otel / sizeof otel[0]; i++)
		if (span_is(ours, otel[i].ours)) {
			*resource = otel[i].resource;
			return otel[i].name;
		}
	return NULL;
}

/* {"key":...,"value":{"stringValue":...}} */
static void
add_attribute(struct record *r, struct buf *b, struct span name,
    const struct field *f)
{
	struct span v = record_value(r, f);

	if (b->p[b->len - 1] != '[')
		buf_addc(b, ',');
	buf_adds(b, "{\"key\":");
	json_add_string(b, name, &r->lossy);
	buf_adds(b, ",\"value\":{");
	if (f->kind == FIELD_JSON && is_integer(v))
		buf_printf(b, "\"intValue\":\"%.*s\"", (int)v.len, v.p);
	else if (f->kind == FIELD_JSON && v.len > 0 && (*v.p == '-' ||
	    (*v.p >= '0' && *v.p <= '9')))
		buf_printf(b, "\"doubleValue\":%.*s", (int)v.len, v.p);
	else if (f->kind == FIELD_JSON && v.len > 0 && (*v.p == 't' ||
	    *v.p == 'f'))
		buf_printf(b, "\"boolValue\":%.*s", (int)v.len, v.p);
	else
		add_text_member(r, NAME("stringValue"), v, b);
	buf_adds(b, "}}");
}

static void
add_attributes(struct record *r, struct buf *b, bool resource)
{
	const char *name;
	bool of_resource;
	struct field f;
	size_t i = 0;

	while (next_flat(r, &i, &f)) {
		name = otel_name(f.name, &of_resource);
		if (of_resource != resource || span_is(f.name, "timestamp") ||
		    span_is(f.name, "message"))
			continue;
		add_attribute(r, b, name != NULL ? span_str(name) : f.name, &f);
	}
}

/* One export request per line, as OpenTelemetry's file exporter writes. */
int
write_otlp(struct emit *e, struct record *r, struct buf *b)
{
	/* Of syslog's severities, by the appendix of OTel's log data model. */
	static const unsigned severities[] = { 21, 19, 18, 17, 13, 10, 9, 5 };
	struct span v;
	bool known = record_find(r, NAME("severity"), &v) ||
	    record_find(r, NAME("level"), &v);

	(void)e;
	buf_adds(b, "{\"resourceLogs\":[{\"resource\":{\"attributes\":[");
	add_attributes(r, b, true);
	buf_adds(b, "]},\"scopeLogs\":[{\"scope\":{\"name\":\"logferry\"},"
	    "\"logRecords\":[{");
	if (r->has_when && r->when.sec >= 0)
		buf_printf(b, "\"timeUnixNano\":\"%lld%09u\"",
		    (long long)r->when.sec, r->when.nsec);
	else
		buf_adds(b, "\"timeUnixNano\":\"0\"");
	if (known) {
		buf_printf(b, ",\"severityNumber\":%u",
		    severities[severity_of(r)]);
		add_text_member(r, NAME("severityText"), v, b);
	}
	if (record_find(r, NAME("message"), &v)) {
		buf_adds(b, ",\"body\":{");
		add_text_member(r, NAME("stringValue"), v, b);
		buf_addc(b, '}');
	}
	buf_adds(b, ",\"attributes\":[");
	add_attributes(r, b, false);
	return buf_adds(b, "]}]}]}]}\n");
}

/* short_message must not be empty: the request will do for an access log. */
static struct span
gelf_message(struct record *r)
{
	struct span method, path, v;
	char *p;

	if (record_find(r, NAME("message"), &v) && v.len > 0)
		return v;
	if (record_find(r, NAME("short_message"), &v) && v.len > 0)
		return v;
	if (!record_find(r, NAME("method"), &method) ||
	    !record_find(r, NAME("path"), &path))
		return NAME("-");
	if ((p = record_room(r, method.len + path.len + 1)) == NULL)
		return method;
	memcpy(p, method.p, method.len);
	p[method.len] = ' ';
	memcpy(p + method.len + 1, path.p, path.len);
	return span_of(p, method.len + path.len + 1);
}

/* Is it among GELF's own fields?  The last five mean that only in GELF. */
static bool
is_gelf_name(struct span name, bool was_gelf)
{
	static const char *const own[] = { "timestamp", "message", "hostname",
	    "severity", "host", "version", "level", "short_message",
	    "full_message" };

	for (size_t i = 0; i < (was_gelf ? 9 : 4); i++)
		if (span_is(name, own[i]))
			return true;
	return false;
}

static void
add_gelf_fields(struct record *r, struct buf *b, bool was_gelf)
{
	struct field f;
	size_t i = 0;

	while (next_flat(r, &i, &f)) {
		if (is_gelf_name(f.name, was_gelf))
			continue;
		if (f.kind == FIELD_JSON && f.value.len > 0 &&
		    *f.value.p != '-' && (*f.value.p < '0' ||
		    *f.value.p > '9')) {	/* strings and numbers only */
			f.value = record_value(r, &f);
			f.kind = FIELD_TEXT;
		}
		if (f.name.len > 0 && *f.name.p == '_')
			f.name = span_of(f.name.p + 1, f.name.len - 1);
		if (span_is(f.name, "id"))	/* reserved */
			f.name = NAME("id_");
		add_member(r, &f, flat_name(r, f.name, '_'), true, b);
	}
}

int
write_gelf(struct emit *e, struct record *r, struct buf *b)
{
	struct span message = gelf_message(r), full = message, host, short_one;
	bool was_gelf = record_find(r, NAME("short_message"), &short_one);
	const char *lf = memchr(message.p, '\n', message.len);
	char name[256] = "-";

	(void)e;
	if (was_gelf)
		record_find(r, NAME("full_message"), &full);
	if ((!record_find(r, NAME("hostname"), &host) && !(was_gelf &&
	    record_find(r, NAME("host"), &host))) || host.len == 0) {
		gethostname(name, sizeof name - 1);
		host = span_str(name);
	}
	buf_adds(b, "{\"version\":\"1.1\"");
	add_text_member(r, NAME("host"), host, b);
	if (lf > message.p)
		add_text_member(r, NAME("short_message"), span_of(message.p,
		    (size_t)(lf - message.p)), b);
	else
		add_text_member(r, NAME("short_message"), message, b);
	if (lf != NULL || full.p != message.p)
		add_text_member(r, NAME("full_message"), full, b);
	if (r->has_when && r->when.digits == 0)
		buf_printf(b, ",\"timestamp\":%lld", (long long)r->when.sec);
	else if (r->has_when)
		buf_printf(b, ",\"timestamp\":%.*f", r->when.digits > 6 ? 6 :
		    r->when.digits, (double)r->when.sec + r->when.nsec / 1e9);
	buf_printf(b, ",\"level\":%u", severity_of(r));
	add_gelf_fields(r, b, was_gelf);
	return buf_adds(b, "}\n");
}
