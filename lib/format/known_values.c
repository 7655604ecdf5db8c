/*
 * The fields whose keys are known get the table's names and types.
 */
#include "format/known_keys.h"
#include "format/known_times.h"
#include "format/scan_util.h"
#include "format/unique_names.h"

/* How many objects may stand in each other around a status. */
enum { DEPTH = 4 };

static const struct span table_names[KNOWN_FIELDS] = {
	[KNOWN_TIME] = { "timestamp", 9 }, [KNOWN_MESSAGE] = { "message", 7 },
	[KNOWN_LEVEL] = { "level", 5 }, [KNOWN_STATUS] = { "status", 6 },
	[KNOWN_CLIENT] = { "client", 6 }, [KNOWN_USER] = { "user", 4 },
	[KNOWN_METHOD] = { "method", 6 }, [KNOWN_PATH] = { "path", 4 },
	[KNOWN_REQUEST] = { "request", 7 },
	[KNOWN_PROTOCOL] = { "protocol", 8 }, [KNOWN_SIZE] = { "size", 4 },
	[KNOWN_REFERER] = { "referer", 7 }, [KNOWN_AGENT] = { "agent", 5 },
	[KNOWN_DURATION] = { "duration", 8 }, [KNOWN_SERVER] = { "server", 6 },
	[KNOWN_PID] = { "pid", 3 },
	[KNOWN_LINE] = { "line", 4 }, [KNOWN_VERSION] = { "version", 7 },
};

/* One field whose key is known. */
struct known_value {
	struct keys *keys;
	struct scan *s;
	enum known_field field;
	struct key_rank how;
};

/* Returns the field; valid until the next one is added. */
static struct field *
field_of(const struct known_value *v)
{
	return &v->s->rec->fields[v->how.field];
}

static void
rename_to_table(const struct known_value *v)
{
	struct span name = table_names[v->field];

	record_own(v->s->rec, field_of(v));
	field_of(v)->name = name;
	field_of(v)->plain_name = true;
	v->keys->twins |= keys_may_have(v->keys, name);
}

/* Give the field its name of the table. */
static inline void
rename_field(const struct known_value *v)
{
	if (v->how.rank > 0)
		rename_to_table(v);
}

/* Whether the value means that there is none, as servers write "-". */
static bool
is_absent(const struct known_value *v)
{
	return v->how.rank > 0 && field_of(v)->kind != FIELD_JSON &&
	    span_is(field_of(v)->value, "-");
}

/* Make a text a number, if it has the form of one. */
static void
make_number(const struct known_value *v)
{
	struct record *r = v->s->rec;
	size_t n = r->n, at = v->how.field;
	enum field_kind kind;

	if (field_of(v)->kind == FIELD_JSON || field_of(v)->escaped)
		return;
	record_add_number(r, field_of(v)->name, field_of(v)->value);
	if (r->n == n)
		return;
	kind = r->fields[n].kind;
	r->n = n;
	if (kind == FIELD_JSON) {
		r->fields[at].kind = FIELD_JSON;
		r->fields[at].clean = true;
	}
}

/* Set the record's time.  Returns false when the value is no time. */
static bool
set_time(const struct known_value *v)
{
	struct record *r = v->s->rec;
	struct timestamp t;

	if (!timestamp_any(record_value(r, field_of(v)), v->s->zone, &t))
		return false;
	rename_field(v);
	record_set_time(r, field_of(v), &t);
	return true;
}

/* Set a duration that is given in thousandths or millionths of a second. */
static void
set_scaled(const struct known_value *v)
{
	struct record *r = v->s->rec;
	size_t n = r->n, at = v->how.field;

	if (!add_scaled(v->s, NAME("duration"), field_of(v)->value, v->how.scale) ||
	    r->n == n)
		return;
	record_own(r, &r->fields[at]);
	r->fields[at] = r->fields[n];
	r->n = n;
}

/* Split the target of a request into path and query, if it has both. */
static void
set_path(const struct known_value *v)
{
	struct record *r = v->s->rec;
	struct field query = *field_of(v);
	const char *end = query.value.p + query.value.len, *mark;

	if (query.kind == FIELD_JSON)
		return;
	rename_field(v);
	mark = memchr(query.value.p, '?', query.value.len);
	if (mark == NULL || *query.value.p != '/' ||
	    keys_have(v->keys, r, NAME("query")))
		return;
	record_own(r, field_of(v));
	field_of(v)->value.len = (size_t)(mark - field_of(v)->value.p);
	query.name = NAME("query");
	query.plain_name = true;
	query.value = span_to(mark + 1, end);
	v->keys->twins |= keys_may_have(v->keys, query.name);
	if (query.value.len > 0)
		*record_add(r, query.name, query.value, query.kind) = query;
}

/*
 * Split "GET / HTTP/1.1" into its parts, unless those have keys of their own.
 */
static void
set_request(const struct known_value *v)
{
	const uint32_t parts = 1u << KNOWN_METHOD | 1u << KNOWN_PATH |
	    1u << KNOWN_PROTOCOL;
	struct record *r = v->s->rec;
	size_t n = r->n, at = v->how.field;

	if (field_of(v)->kind == FIELD_JSON || (v->keys->found & parts) != 0 ||
	    keys_have(v->keys, r, NAME("method")) ||
	    keys_have(v->keys, r, NAME("query")) ||
	    keys_have(v->keys, r, NAME("protocol")))
		return;
	add_request(v->s, record_value(r, field_of(v)), QUOTED_PLAIN);
	if (r->n == n || span_is(r->fields[n].name, "request")) {
		r->n = n;
		return;
	}
	record_own(r, &r->fields[at]);
	r->fields[at].kind = FIELD_GONE;
}

static void
set_known(const struct known_value *v, bool as_text)
{
	struct record *r = v->s->rec;

	switch (v->field) {
	case KNOWN_MESSAGE:
		if (field_of(v)->kind != FIELD_JSON)
			r->message = (int)v->how.field;
		break;
	case KNOWN_STATUS: make_number(v); break;
	case KNOWN_SIZE:
	case KNOWN_DURATION:
		if (v->how.rank > 0 &&
		    keys_have(v->keys, r, table_names[v->field]))
			return;
		if (v->how.scale > 0) {
			set_scaled(v);
			return;
		}
		make_number(v);
		break;
	case KNOWN_PATH: set_path(v); return;
	case KNOWN_REQUEST: set_request(v); return;
	case KNOWN_PID:
	case KNOWN_LINE:
	case KNOWN_VERSION:
		if (as_text)
			make_number(v);
		break;
	default: /* a text with the table's own name comes before this one */
		if (keys_have(v->keys, r, table_names[v->field]))
			return;
	}
	rename_field(v);
}

/*
 * Finds the worst status in an object and in the objects inside it.  Returns
 * false when there is none.
 */
static bool
status_inside(struct span object, unsigned holds, int depth,
    struct json_value *status)
{
	struct json_value key, value, inner;
	bool found = false, is_it;
	struct json j;

	if (json_open(&j, object, true) < 0)
		return false;
	while (json_next(&j, &key, &value) > 0) {
		inner = value;
		if (value.type == JSON_OBJECT)
			is_it = depth < DEPTH && status_inside(value.text,
			    known_holds(key.text), depth + 1, &inner);
		else
			is_it = (value.type == JSON_NUMBER ||
			    value.type == JSON_STRING) &&
			    (((holds & HOLDS_STATUS) != 0 && known_as(key.text,
			    KNOWN_STATUS)) || ((holds & HOLDS_CODE) != 0 &&
			    json_is(&key, "code"))) &&
			    is_http_status(value.text);
		if (is_it && (!found || *inner.text.p > *status->text.p)) {
			*status = inner;
			found = true;
		}
	}
	return found;
}

/* Returns the text of an object, which may stand in a string, too. */
static struct span
object_of(struct record *r, size_t field)
{
	return record_value(r, &r->fields[field]);
}

/*
 * Add the level or the message that stands in an object, if the record has no
 * other.
 */
static void
add_inner(struct keys *k, struct scan *s, struct span object,
    enum known_field field)
{
	const struct json_value name = { .type = JSON_STRING, .clean = true,
	    .text = table_names[field] };
	struct json_value v;

	if ((k->found & 1u << field) != 0 ||
	    keys_have(k, s->rec, table_names[field]) ||
	    !json_get(object, table_names[field].p, &v) ||
	    v.type != JSON_STRING)
		return;
	record_add_json(s->rec, &name, &v);
	if (field == KNOWN_MESSAGE)
		s->rec->message = (int)s->rec->n - 1;
	k->found |= 1u << field;
	k->best[field] = (struct key_rank){ .field = s->rec->n - 1 };
	k->twins |= keys_may_have(k, name.text);
}

static void
add_from_objects(struct keys *k, struct scan *s)
{
	struct json_value status;
	struct span object;
	unsigned holds;

	for (unsigned i = 0; i < k->n_holders; i++) {
		holds = known_holds(s->rec->fields[k->holders[i]].name);
		object = object_of(s->rec, k->holders[i]);
		if ((holds & HOLDS_LEVEL) != 0)
			add_inner(k, s, object, KNOWN_LEVEL);
		if ((holds & HOLDS_MESSAGE) != 0)
			add_inner(k, s, object, KNOWN_MESSAGE);
		if ((k->found & 1u << KNOWN_STATUS) != 0 ||
		    !status_inside(object, holds, 0, &status))
			continue;
		record_add_number(s->rec, NAME("status"), status.text);
		k->found |= 1u << KNOWN_STATUS;
		k->best[KNOWN_STATUS] = (struct key_rank){
			.field = s->rec->n - 1 };
		k->twins |= keys_may_have(k, NAME("status"));
	}
}

/* Make the names of the fields unique, see unique_names. */
static void
make_unique(struct keys *k, struct record *r)
{
	size_t kept[KNOWN_FIELDS], n = 0;

	for (unsigned c = 0; c < KNOWN_FIELDS; c++)
		if ((k->found & 1u << c) != 0 && span_eq(table_names[c],
		    r->fields[k->best[c].field].name))
			kept[n++] = k->best[c].field;
	unique_names(r, k->first, kept, n);
}

/* Whether the name of a protocol is FTP, SMTP, SIP or a relative of them. */
static bool
is_other_protocol(struct span v)
{
	static const char names[] = " ftp ftps smtp smtps esmtp lmtp sip sips ";
	const char *slash = memchr(v.p, '/', v.len), *found;	/* SIP/2.0 */
	char low[6];

	if (slash != NULL)
		v.len = (size_t)(slash - v.p);
	if (v.len < 3 || v.len > 5)
		return false;
	for (size_t i = 0; i < v.len; i++)
		low[i] = (char)(v.p[i] | 0x20);
	found = memmem(names, sizeof names - 1, low, v.len);
	return found != NULL && found[-1] == ' ' && found[v.len] == ' ';
}

/* What a field tells about the protocol: 1 is HTTP, -1 another, 0 none. */
static inline int
protocol_of(const struct field *f)
{
	struct span v = f->value, name = f->name;

	if (name.len < 3 || name.len > 10 || *name.p > 's' ||
	    f->kind == FIELD_JSON || f->kind == FIELD_GONE || v.len < 3)
		return 0;
	if (name.len == 6 && memcmp(name.p, "method", 6) == 0) {
		if (span_is(v, "GET") || span_is(v, "POST"))
			return 1;
		return -(int)is_other_method(v, false);
	}
	if (span_is(name, "command") || span_is(name, "cmd") ||
	    span_is(name, "sip_method"))
		return -(int)is_other_method(v, false);
	if (span_is(name, "protocol") || span_is(name, "proto") ||
	    span_is(name, "app_proto") || span_is(name, "event_type"))
		return -(int)is_other_protocol(v);
	return -(int)(span_is(name, "path") && v.len > 5 &&
	    (memcmp(v.p, "sip:", 4) == 0 || memcmp(v.p, "sips:", 5) == 0));
}

/*
 * Rename the status of an object that tells of FTP, SMTP or SIP.  Their good
 * answers, which nobody takes for an error, keep it.
 */
static void
rename_other_status(struct keys *k, struct record *r)
{
	const struct field *status = &r->fields[k->best[KNOWN_STATUS].field];
	size_t i = k->first;
	int is = 0;

	if (status->value.len == 0 || *status->value.p < '4')
		return;
	for (; i < r->n && is == 0; i++)
		is = protocol_of(&r->fields[i]);
	for (i = k->first; i < r->n && is < 0; i++)
		if (span_is(r->fields[i].name, "status")) {
			r->fields[i].name = NAME("sc_status");
			r->fields[i].plain_name = true;
			k->twins |= keys_may_have(k, NAME("sc_status"));
		}
}

void
keys_end(struct keys *k, struct scan *s, bool as_text)
{
	struct known_value v = { .keys = k, .s = s };
	bool timed = false;

	v.how = k->best[KNOWN_TIME];
	if ((k->found & 1u << KNOWN_TIME) != 0)
		timed = set_time(&v);
	for (uint32_t left = k->to_set & ~(1u << KNOWN_TIME); left != 0;
	     left &= left - 1) {
		v.field = (enum known_field)__builtin_ctz(left);
		v.how = k->best[v.field];
		if (is_absent(&v))
			field_of(&v)->kind = FIELD_GONE;
		else
			set_known(&v, as_text);
	}
	if (!timed && known_time(s))
		k->twins |= keys_may_have(k, NAME("timestamp"));
	if (k->n_holders > 0)
		add_from_objects(k, s);
	if ((k->found & 1u << KNOWN_STATUS) != 0)
		rename_other_status(k, s->rec);
	if (k->twins || k->reserved)
		make_unique(k, s->rec);
}

void
keys_end_behind(struct keys *k, struct scan *s)
{
	struct known_value v = { .keys = k, .s = s, .field = KNOWN_STATUS };
	const uint32_t status = 1u << KNOWN_STATUS;

	if ((k->found & status) != 0) {
		v.how = k->best[KNOWN_STATUS];
		set_known(&v, false);
	}
	k->found |= 1u << KNOWN_LEVEL | 1u << KNOWN_MESSAGE;
	if (k->n_holders > 0)
		add_from_objects(k, s);
	while (k->first > 0 &&
	    s->rec->fields[k->first - 1].layer == s->rec->layers)
		k->first--;
	unique_names(s->rec, k->first, &k->best[KNOWN_STATUS].field,
	    (k->found & status) != 0);
}
