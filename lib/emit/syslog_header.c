#include "emit/syslog_header.h"

#include <stdio.h>
#include <time.h>

#include "base/bytes.h"
#include "record/json.h"
#include "record/syslog_priority.h"
#include "record/timestamp.h"

/* The longest header fields of RFC 5424, section 6. */
enum { HOSTNAME_MAX = 255, APPNAME_MAX = 48, PROCID_MAX = 128, MSGID_MAX = 32,
    SD_NAME_MAX = 32, FRACTION_MAX = 6 };
enum { USER = 1, ERR = 3, INFO = 6 };

enum field {
	/* Of these times the first one counts, as in logparse. */
	TIMESTAMP, AT_TIMESTAMP, TIME, TS, DATETIME, DATE,
	HOSTNAME, APPNAME, PROCID, MSGID, FACILITY, SEVERITY, LEVEL, MESSAGE,
	STRUCTURED_DATA, STREAM, CONTAINER, POD, HOST, SHORT_MESSAGE, FIELDS,
};

static const struct span field_names[FIELDS] = {
#define NAME(s) { "" s, sizeof s - 1 }
	NAME("timestamp"), NAME("@timestamp"), NAME("time"), NAME("ts"),
	NAME("datetime"), NAME("date"), NAME("hostname"), NAME("appname"),
	NAME("procid"), NAME("msgid"), NAME("facility"), NAME("severity"),
	NAME("level"), NAME("message"), NAME("structured_data"),
	NAME("stream"), NAME("container"), NAME("pod"),
	NAME("host"), NAME("short_message"),	/* the names of GELF */
#undef NAME
};

/* As json_is, but faster, as this is asked for each name of each member. */
static bool
is_key(const struct json_value *key, int i)
{
	return key->escaped ? json_is(key, field_names[i].p) :
	    span_eq(key->text, field_names[i]);
}

/* Read the fields of a record.  Returns 0, or -1 when the line is none. */
static int
get_fields(struct span line, struct json_value v[FIELDS])
{
	struct json_value key, value;
	struct json j;
	int r;

	if (json_open(&j, line, false) < 0 || j.close != '}')
		return -1;
	while ((r = json_next(&j, &key, &value)) > 0)
		for (int i = 0; i < FIELDS; i++)
			if (is_key(&key, i) && value.text.len > 0 &&
			    value.type != JSON_NULL)
				v[i] = value;
	return r;
}

static int
severity_of(const struct json_value *v)
{
	int n;

	for (int i = SEVERITY; i <= LEVEL; i++)
		if ((n = syslog_priority_severity(v[i].text,
		    v[i].type == JSON_NUMBER)) >= 0)
			return n;
	return span_is(v[STREAM].text, "stderr") ? ERR : INFO;
}

static int
facility_of(const struct json_value *v)
{
	int n = syslog_priority_facility(v[FACILITY].text,
	    v[FACILITY].type == JSON_NUMBER);

	return n < 0 ? USER : n;
}

/* Add " value", with _ for bytes that a header may not hold, or " -". */
static void
add_header(struct buf *b, const struct json_value *v, size_t max)
{
	size_t at = b->len + 1;

	buf_addc(b, ' ');
	json_decode(b, v);
	if (b->len > at + max)
		b->len = at + max;
	if (b->len == at)
		buf_addc(b, '-');
	for (size_t i = at; i < b->len; i++)
		if (b->p[i] < '!' || b->p[i] > '~')
			b->p[i] = '_';
}

static void
add_now(struct buf *b)
{
	struct timespec ts;
	struct timestamp t;
	char text[TIMESTAMP_SIZE];

	clock_gettime(CLOCK_REALTIME, &ts);
	t = (struct timestamp){ .sec = ts.tv_sec,
	    .nsec = (uint32_t)ts.tv_nsec, .digits = FRACTION_MAX };
	buf_add(b, text, timestamp_print(text, &t));
}

static void
add_timestamp(struct buf *b, const struct json_value v[FIELDS])
{
	char text[TIMESTAMP_SIZE];
	struct timestamp t;
	struct zone utc;

	for (int i = TIMESTAMP; i < DATE && v->text.len == 0; i++)
		v++;
	if (zone_set(&utc, "UTC") < 0 ||
	    (v->type != JSON_STRING && v->type != JSON_NUMBER) ||
	    !timestamp_any(v->text, &utc, &t)) {
		add_now(b);
		return;
	}
	if (t.digits > FRACTION_MAX)
		t.digits = FRACTION_MAX;
	t.leap = false;		/* RFC 5424: "MUST NOT contain leap seconds" */
	buf_add(b, text, timestamp_print(text, &t));
}

/* Add an SD-NAME: no =, ], " nor anything that a header may not hold. */
static void
add_sd_name(struct buf *b, const struct json_value *v)
{
	size_t at = b->len;

	json_decode(b, v);
	if (b->len > at + SD_NAME_MAX)
		b->len = at + SD_NAME_MAX;
	for (size_t i = at; i < b->len; i++)
		if (b->p[i] < '!' || b->p[i] > '~' ||
		    strchr("=]\"", b->p[i]) != NULL)
			b->p[i] = '_';
}

static void
add_sd_params(struct buf *b, struct span object)
{
	struct json_value key, value;
	struct buf text = { 0 };
	struct json j;

	if (json_open(&j, object, false) < 0 || j.close != '}')
		return;
	while (json_next(&j, &key, &value) > 0) {
		if (key.text.len == 0)
			continue;
		buf_addc(b, ' ');
		add_sd_name(b, &key);
		buf_adds(b, "=\"");
		buf_clear(&text);
		json_decode(&text, &value);
		for (size_t i = 0; i < text.len; i++) {
			if (strchr("\"\\]", text.p[i]) != NULL &&
			    text.p[i] != '\0')
				buf_addc(b, '\\');
			buf_addc(b, text.p[i]);
		}
		buf_addc(b, '"');
	}
	b->failed |= text.failed;
	buf_free(&text);
}

static void
add_structured_data(struct buf *b, const struct json_value *v)
{
	struct json_value id, params;
	size_t at = b->len;
	struct json j;

	if (v->type == JSON_OBJECT && json_open(&j, v->text, false) == 0)
		while (json_next(&j, &id, &params) > 0) {
			if (id.text.len == 0)
				continue;
			buf_addc(b, '[');
			add_sd_name(b, &id);
			add_sd_params(b, params.text);
			buf_addc(b, ']');
		}
	if (b->len == at)
		buf_addc(b, '-');
}

static const struct json_value *
first_of(const struct json_value *a, const struct json_value *b)
{
	return a->text.len > 0 ? a : b;
}

/*
 * The host, if it is a string as in GELF: that of other records may be an
 * object.
 */
static const struct json_value *
hostname_of(const struct json_value *v, const struct json_value *here)
{
	const struct json_value *host = &v[HOST];

	if (host->type != JSON_STRING)
		host = here;
	return first_of(&v[HOSTNAME], first_of(&v[POD],
	    first_of(host, here)));
}

int
syslog_header_add(struct buf *b, struct span line,
    const struct syslog_names *names)
{
	struct json_value v[FIELDS] = { 0 };
	struct json_value here = { .type = JSON_STRING,
		.text = span_str(names->host) };
	struct json_value hostname = { .type = JSON_ABSENT,
		.text = names->hostname };
	struct json_value appname = { .type = JSON_ABSENT,
		.text = names->appname };
	const struct json_value *text;

	if (get_fields(line, v) < 0)
		memset(v, 0, sizeof v);
	buf_printf(b, "<%d>1 ", facility_of(v) * 8 + severity_of(v));
	add_timestamp(b, v);
	add_header(b, first_of(&hostname, hostname_of(v, &here)),
	    HOSTNAME_MAX);
	add_header(b, first_of(&appname,
	    first_of(&v[APPNAME], &v[CONTAINER])), APPNAME_MAX);
	add_header(b, &v[PROCID], PROCID_MAX);
	add_header(b, &v[MSGID], MSGID_MAX);
	buf_addc(b, ' ');
	add_structured_data(b, &v[STRUCTURED_DATA]);
	buf_addc(b, ' ');
	text = first_of(&v[MESSAGE], &v[SHORT_MESSAGE]);
	if (text->text.len > 0)
		json_decode(b, text);
	else
		buf_addspan(b, line);
	return b->failed ? -1 : 0;
}

/*
 * Skips a header field at p and a blank.  Returns where the text goes on, or
 * NULL.
 */
static const char *
skip_field(const char *p, const char *end, size_t max)
{
	const char *start = p;

	while (p < end && *p > ' ' && *p <= '~')
		p++;
	return p > start && (size_t)(p - start) <= max && p < end &&
	    *p == ' ' ? p + 1 : NULL;
}

/* Skips STRUCTURED-DATA at p.  Returns where the text goes on, or NULL. */
static const char *
skip_structured_data(const char *p, const char *end)
{
	bool quoted = false;

	if (p < end && *p == '-')
		return p + 1;
	if (p == end || *p != '[')
		return NULL;
	for (; p < end; p++)
		if (quoted && *p == '\\')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == ']' && !quoted &&
		    (p + 1 == end || p[1] != '['))
			return p + 1;
	return NULL;
}

size_t
syslog_header_end(struct span message)
{
	const char *start = message.p, *end = start + message.len, *p = start;
	unsigned pri = 0, digits = 0;

	if (p == end || *p++ != '<')
		return 0;
	for (; p < end && is_digit(*p) && digits < 3; digits++)
		pri = pri * 10 + (unsigned)(*p++ - '0');
	if (digits == 0 || pri > 191 ||
	    (p = skip(p, end, ">1 ")) == NULL || end - p < 2)
		return 0;
	if (p[0] != '-' && (end - p < 20 || p[4] != '-' || p[10] != 'T'))
		return 0;
	if ((p = skip_field(p, end, 32)) == NULL ||
	    (p = skip_field(p, end, HOSTNAME_MAX)) == NULL ||
	    (p = skip_field(p, end, APPNAME_MAX)) == NULL ||
	    (p = skip_field(p, end, PROCID_MAX)) == NULL ||
	    (p = skip_field(p, end, MSGID_MAX)) == NULL ||
	    (p = skip_structured_data(p, end)) == NULL ||
	    (p < end && *p++ != ' '))
		return 0;
	return (size_t)(p - start);
}

void
syslog_header_one_line(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] == '\n' || p[i] == '\r' || p[i] == '\0')
			p[i] = ' ';
}

size_t
syslog_header_cut(const char *p, size_t n)
{
	size_t end = n;

	while (end > 0 && n - end < 4 && ((unsigned char)p[end] & 0xc0) == 0x80)
		end--;
	return end;
}
