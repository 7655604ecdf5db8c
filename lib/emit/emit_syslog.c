/*
 * syslog (RFC 5424) and sls (Alibaba Logtail's streamlog)
 */
#include "emit/emit_internal.h"

#include "base/utf8.h"
#include "record/syslog_priority.h"

/* Whether a field stands in the header, and so not among the other fields. */
static bool
in_header(struct span name, bool sls)
{
	static const char *const both[] = { "timestamp", "hostname", "appname",
	    "procid", "msgid", "facility", "severity", "version" };

	for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
		if (span_is(name, both[i]))
			return true;
	return sls ? span_is(name, "tag") || span_is(name, "ip") :
	    span_is(name, "message") || span_is(name, "structured_data");
}

/* Add a header field: visible ASCII without blanks, or "-" when absent. */
static void
add_word(struct record *r, struct buf *b, struct span name, size_t max,
    const char *absent)
{
	struct span v;

	if (!record_find(r, name, &v) || v.len == 0) {
		buf_adds(b, absent);
		return;
	}
	for (size_t i = 0; i < v.len && i < max; i++)
		buf_addc(b, v.p[i] > ' ' && v.p[i] < 0x7f ? v.p[i] : '_');
}

/*
 * Add the timestamp; RFC 5424, 6.2.3, allows six digits of a fraction at most.
 */
static void
add_stamp(struct record *r, struct buf *b)
{
	struct timestamp t = r->when;
	char text[TIMESTAMP_SIZE];

	if (!r->has_when) {
		buf_addc(b, '-');
		return;
	}
	if (t.digits > 6)
		t.digits = 6;
	if (t.leap)		/* RFC 5424 forbids leap seconds */
		t.leap = false;
	buf_add(b, text, timestamp_print(text, &t));
}

/* Add a value of structured data: UTF-8, with \ before \ " and ]. */
static void
add_param_value(struct buf *b, struct span v)
{
	const char *p = v.p, *end = p + v.len;
	bool good;
	size_t n;

	for (; p < end; p += n) {
		n = utf8_next(p, end, &good);
		if (!good) {
			buf_adds(b, UTF8_REPLACEMENT);
			continue;
		}
		if (*p == '\\' || *p == '"' || *p == ']')
			buf_addc(b, '\\');
		if (*p == '\n')		/* a record must stay one line */
			buf_adds(b, "\\n");
		else
			buf_add(b, p, n);
	}
}

static void
add_sd_name(struct buf *b, struct span name)
{
	for (size_t i = 0; i < name.len && i < 32; i++)
		buf_addc(b, name.p[i] > ' ' && name.p[i] < 0x7f &&
		    memchr("=]\"", name.p[i], 3) == NULL ? name.p[i] : '_');
}

static void
add_param(struct buf *b, struct span name, struct span value)
{
	buf_addc(b, ' ');
	add_sd_name(b, name);
	buf_adds(b, "=\"");
	add_param_value(b, value);
	buf_addc(b, '"');
}

/* Add an element of structured data as it was read: {"name":"value"}. */
static void
add_element(struct record *r, struct buf *b, struct span id,
    struct span object)
{
	struct json_value key, value;
	struct field f = { 0 };
	struct json j;

	buf_addc(b, '[');
	add_sd_name(b, id);
	if (json_open(&j, object, true) == 0)
		while (json_next(&j, &key, &value) > 0) {
			f.kind = value.type == JSON_STRING ? FIELD_JSON_STRING :
			    FIELD_JSON;
			f.value = value.text;
			f.escaped = value.escaped;
			add_param(b, key.text, record_value(r, &f));
		}
	buf_addc(b, ']');
}

/*
 * Add the structured data of the line, then all fields that have no other
 * place.
 */
static void
add_structured_data(struct record *r, struct buf *b)
{
	struct json_value key, value;
	size_t start = b->len, i = 0;
	struct field f;
	struct json j;
	bool open = false;

	if (record_lookup(r, NAME("structured_data"), &f) &&
	    f.kind == FIELD_JSON && json_open(&j, f.value, true) == 0)
		while (json_next(&j, &key, &value) > 0)
			if (value.type == JSON_OBJECT)
				add_element(r, b, key.text, value.text);
	while (next_flat(r, &i, &f)) {
		if (in_header(f.name, false) || (i == r->n + 1 &&
		    !open && r->layers == 1))
			/* An element with format alone says nothing new. */
			continue;
		if (!open)
			buf_adds(b, "[logferry@32473");
		open = true;
		add_param(b, f.name, record_value(r, &f));
	}
	if (open)
		buf_addc(b, ']');
	if (b->len == start)
		buf_addc(b, '-');
}

int
write_syslog(struct emit *e, struct record *r, struct buf *b)
{
	struct span v;

	(void)e;
	buf_printf(b, "<%u>1 ", facility_of(r) * 8 + severity_of(r));
	add_stamp(r, b);
	buf_addc(b, ' ');
	add_word(r, b, NAME("hostname"), 255, "-");
	buf_addc(b, ' ');
	add_word(r, b, NAME("appname"), 48, "-");
	buf_addc(b, ' ');
	add_word(r, b, NAME("procid"), 128, "-");
	buf_addc(b, ' ');
	add_word(r, b, NAME("msgid"), 32, "-");
	buf_addc(b, ' ');
	add_structured_data(r, b);
	if (record_find(r, NAME("message"), &v) && v.len > 0) {
		buf_addc(b, ' ');
		for (const char *p = v.p, *end = p + v.len, *lf; p < end;
		    p = lf + 1) {
			lf = memchr(p, '\n', (size_t)(end - p));
			buf_add(b, p, (size_t)((lf != NULL ? lf : end) - p));
			if (lf == NULL)
				break;
			buf_adds(b, "\\n");
		}
	}
	return buf_addc(b, '\n');
}

/* Add the message or, when other fields would be lost, the record as JSON. */
static void
add_sls_message(struct record *r, struct buf *b)
{
	struct span v = { "", 0 };
	bool others = false;
	struct field f;
	size_t i = 0;

	while (next_flat(r, &i, &f))
		others |= !in_header(f.name, true) &&
		    !span_is(f.name, "message") && !span_is(f.name, "format");
	if (!others) {
		record_find(r, NAME("message"), &v);
		add_plain(b, v);
		return;
	}
	buf_addc(b, '{');
	for (i = 0; next_flat(r, &i, &f);)
		if (!in_header(f.name, true))
			add_member(r, &f, f.name, false, b);
	buf_addc(b, '}');
}

int
write_sls(struct emit *e, struct record *r, struct buf *b)
{
	static const struct { struct span name; } words[] = {
		{ { "version", 7 } }, { { "appname", 7 } },
		{ { "procid", 6 } }, { { "msgid", 5 } },
	};

	(void)e;
	buf_adds(b, "0.1 ");
	add_word(r, b, NAME("tag"), 255, "-");
	if (r->has_when)
		buf_printf(b, " %lld ", (long long)r->when.sec);
	else
		buf_adds(b, " 0 ");
	/* Logtail puts the sender's address in the place of this one. */
	add_word(r, b, NAME("ip"), 255, "127.0.0.1");
	buf_addc(b, ' ');
	add_word(r, b, NAME("hostname"), 255, "-");
	buf_printf(b, " %s.%s", priority_facilities[facility_of(r)],
	    priority_severities[severity_of(r)]);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		buf_addc(b, ' ');
		add_word(r, b, words[i].name, 255, "-");
	}
	buf_addc(b, ' ');
	add_sls_message(r, b);
	return buf_addc(b, '\n');
}
