/*
 * ecs, gelf and hec: JSON with the names of other systems
 */
#include <stdio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "emit/emit_internal.h"

/* The rows are sorted by path, so that members of one object stand together. */
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
	{ "url.path", "path" },
	{ "url.query", "query" },
	{ "user.name", "user" },
	{ "user_agent.original", "agent" },
};
enum { ECS = sizeof ecs / sizeof ecs[0] };

/* The duration, which is in seconds, as a whole number of nanoseconds. */
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

/* Put the path and the query of a request together again, as they were sent. */
static void
join_query(struct record *r, struct field *path)
{
	struct field query;
	char *p, *to;

	if (!record_lookup(r, NAME("query"), &query) ||
	    query.kind == FIELD_JSON || path->kind == FIELD_JSON ||
	    (p = record_room(r, path->value.len + query.value.len + 1)) == NULL)
		return;
	to = mempcpy(p, path->value.p, path->value.len);
	*to++ = '?';
	to = mempcpy(to, query.value.p, query.value.len);
	path->value = span_to(p, to);
	path->escaped |= query.escaped;
	path->clean &= query.clean;
	if (query.kind != path->kind)
		path->kind = FIELD_TEXT;
}

/* Give the field the value that ECS wants. */
static void
adapt(struct record *r, const struct ecs *row, struct field *f)
{
	const char *ours = row->ours;

	if (strcmp(row->path, "url.original") == 0)
		join_query(r, f);
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

/* Add a member whose path has objects that are still to be opened. */
static void
add_at(struct record *r, struct buf *b, const char *path, const struct field *f)
{
	const char *dot;

	if (b->failed)
		return;
	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		if (b->p[b->len - 1] != '{')
			buf_addc(b, ',');
		buf_addc(b, '"');
		buf_add(b, path, (size_t)(dot - path));
		buf_adds(b, "\":{");
	}
	add_member(r, f, span_str(path), true, b);
}

/*
 * Does the value fit where ECS has the field?  A line's own JSON may have an
 * object where we have a name; ECS takes objects for two fields only.
 */
static bool
fits_ecs(const struct ecs *row, const struct field *f)
{
	return f->kind != FIELD_JSON || f->value.len == 0 ||
	    (*f->value.p != '{' && *f->value.p != '[') ||
	    strcmp(row->ours, "labels") == 0 ||
	    strcmp(row->ours, "structured_data") == 0;
}

static bool
has_ecs_place(const struct field *f)
{
	for (size_t i = 0; i < ECS; i++)
		if (span_is(f->name, ecs[i].ours))
			return fits_ecs(&ecs[i], f);
	return false;
}

/*
 * The name as a key of labels, attributes and the like: without dots, which
 * mean objects.
 */
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

/* Add the fields that ECS has no place for as labels, which are keywords. */
static void
add_labels(struct record *r, struct buf *b)
{
	bool open = false;
	struct field f;
	size_t i = 0;

	while (next_flat(r, &i, &f)) {
		if (has_ecs_place(&f))
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
		if (!record_lookup(r, span_str(ecs[i].ours), &f) ||
		    !fits_ecs(&ecs[i], &f))
			continue;
		adapt(r, &ecs[i], &f);
		same = common_objects(path, ecs[i].path);
		close_objects(b, path, same);
		add_at(r, b, ecs[i].path + same, &f);
		path = ecs[i].path;
	}
	close_objects(b, path, 0);
	add_labels(r, b);
	return buf_adds(b, "}\n");
}

/* short_message must not be empty: for an access log it is the request. */
static struct span
gelf_message(struct record *r)
{
	struct span method, path, query, v;
	char *p, *to;

	if (record_find(r, NAME("message"), &v) && v.len > 0)
		return v;
	if (record_find(r, NAME("short_message"), &v) && v.len > 0)
		return v;
	if (!record_find(r, NAME("method"), &method) ||
	    !record_find(r, NAME("path"), &path))
		return NAME("-");
	if (!record_find(r, NAME("query"), &query))
		query = NAME("");
	if ((p = record_room(r, method.len + path.len + query.len + 2)) == NULL)
		return method;
	to = mempcpy(p, method.p, method.len);
	*to++ = ' ';
	to = mempcpy(to, path.p, path.len);
	if (query.len > 0)
		*to++ = '?';
	to = mempcpy(to, query.p, query.len);
	return span_to(p, to);
}

/*
 * Whether name is one of GELF's own fields.  The last five mean that only in a
 * line that was GELF.
 */
static bool
is_gelf_name(struct span name, bool was_gelf)
{
	static const char *const own[] = { "timestamp", "message", "hostname",
	    "severity", "version", "full_message" };

	for (size_t i = 0; i < (was_gelf ? 6 : 4); i++)
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
		/* GELF takes strings and numbers only. */
		if (f.kind == FIELD_JSON && f.value.len > 0 &&
		    *f.value.p != '-' && (*f.value.p < '0' ||
		    *f.value.p > '9')) {
			f.value = record_value(r, &f);
			f.kind = FIELD_TEXT;
		}
		if (f.name.len > 0 && *f.name.p == '_')
			f.name = span_of(f.name.p + 1, f.name.len - 1);
		if (span_is(f.name, "id"))	/* GELF reserves _id */
			f.name = NAME("id_");
		add_member(r, &f, flat_name(r, f.name, '_'), true, b);
	}
}

/* Add the member host: where the record comes from, or else this machine. */
static void
add_host(struct record *r, struct buf *b)
{
	char name[256] = "-";
	struct span host;

	if (!record_find(r, NAME("hostname"), &host) || host.len == 0) {
		gethostname(name, sizeof name - 1);
		host = span_str(name);
	}
	add_text_member(r, NAME("host"), host, b);
}

int
write_gelf(struct emit *e, struct record *r, struct buf *b)
{
	struct span message = gelf_message(r), full = message;
	bool was_gelf = false;
	const char *lf = memchr(message.p, '\n', message.len);

	(void)e;
	for (unsigned i = 0; i < r->layers; i++)
		was_gelf |= strcmp(r->formats[i], "gelf") == 0;
	if (was_gelf)
		record_find(r, NAME("full_message"), &full);
	buf_adds(b, "{\"version\":\"1.1\"");
	add_host(r, b);
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

/*
 * Writes an event with its metadata, as Splunk's HTTP Event Collector takes it
 * ("Format events for HTTP Event Collector" in Splunk's documentation).  Its
 * time is in seconds and has milliseconds.  The sourcetype _json, which Splunk
 * knows, makes fields of what the record holds.
 */
int
write_hec(struct emit *e, struct record *r, struct buf *b)
{
	struct span source;

	buf_addc(b, '{');
	if (r->has_when && r->when.sec >= 0)
		buf_printf(b, "\"time\":%lld.%03u", (long long)r->when.sec,
		    r->when.nsec / 1000000);
	add_host(r, b);
	if ((record_find(r, NAME("appname"), &source) ||
	    record_find(r, NAME("container"), &source)) && source.len > 0)
		add_text_member(r, NAME("source"), source, b);
	buf_adds(b, ",\"sourcetype\":\"_json\",\"event\":");
	if (write_json(e, r, b) < 0)
		return -1;
	b->len--;		/* its LF */
	return buf_adds(b, "}\n");
}
