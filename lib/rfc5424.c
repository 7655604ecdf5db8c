#include "rfc5424.h"

#include <stdio.h>
#include <time.h>

#include "json.h"
#include "priority.h"
#include "timestamp.h"

/* Longest header fields, RFC 5424 section 6. */
enum { HOSTNAME_MAX = 255, APPNAME_MAX = 48, PROCID_MAX = 128, MSGID_MAX = 32,
    SD_NAME_MAX = 32, FRACTION_MAX = 6 };
enum { USER = 1, ERR = 3, INFO = 6 };

enum field {
	/* The first that is there counts, as logparse has it. */
	TIMESTAMP, AT_TIMESTAMP, TIME, TS, DATETIME, DATE,
	HOSTNAME, APPNAME, PROCID, MSGID, FACILITY, SEVERITY, LEVEL, MESSAGE,
	STRUCTURED_DATA, STREAM, CONTAINER, POD, FIELDS,
};

static const char *const names[FIELDS] = {
	"timestamp", "@timestamp", "time", "ts", "datetime", "date",
	"hostname", "appname", "procid", "msgid", "facility", "severity",
	"level", "message", "structured_data", "stream", "container", "pod",
};

/* The fields of a record; 0, or -1 when the line is none. */
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
			if (json_is(&key, names[i]) && value.text.len > 0 &&
			    value.type != JSON_NULL)
				v[i] = value;
	return r;
}

static int
severity_of(const struct json_value *v)
{
	int n;

	for (int i = SEVERITY; i <= LEVEL; i++)
		if ((n = priority_severity(v[i].text,
		    v[i].type == JSON_NUMBER)) >= 0)
			return n;
	return span_is(v[STREAM].text, "stderr") ? ERR : INFO;
}

static int
facility_of(const struct json_value *v)
{
	int n = priority_facility(v[FACILITY].text,
	    v[FACILITY].type == JSON_NUMBER);

	return n < 0 ? USER : n;
}

/* " value" with what a header may not hold as _, or " -". */
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
	t.leap = false;		/* "MUST NOT contain leap seconds" */
	buf_add(b, text, timestamp_print(text, &t));
}

/* SD-NAME: no =, ], " nor anything a header may not hold. */
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

int
rfc5424_add(struct buf *b, struct span line, const char *host)
{
	struct json_value v[FIELDS] = { 0 };
	struct json_value here = { .type = JSON_STRING, .text = span_str(host) };

	if (get_fields(line, v) < 0)
		memset(v, 0, sizeof v);
	buf_printf(b, "<%d>1 ", facility_of(v) * 8 + severity_of(v));
	add_timestamp(b, v);
	add_header(b, v[HOSTNAME].text.len > 0 ? &v[HOSTNAME] :
	    v[POD].text.len > 0 ? &v[POD] : &here, HOSTNAME_MAX);
	add_header(b, v[APPNAME].text.len > 0 ? &v[APPNAME] : &v[CONTAINER],
	    APPNAME_MAX);
	add_header(b, &v[PROCID], PROCID_MAX);
	add_header(b, &v[MSGID], MSGID_MAX);
	buf_addc(b, ' ');
	add_structured_data(b, &v[STRUCTURED_DATA]);
	buf_addc(b, ' ');
	if (v[MESSAGE].text.len > 0)
		json_decode(b, &v[MESSAGE]);
	else
		buf_addspan(b, line);
	return b->failed ? -1 : 0;
}

void
rfc5424_one_line(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] == '\n' || p[i] == '\r' || p[i] == '\0')
			p[i] = ' ';
}

size_t
rfc5424_cut(const char *p, size_t n)
{
	size_t end = n;

	while (end > 0 && n - end < 4 && ((unsigned char)p[end] & 0xc0) == 0x80)
		end--;
	return end;
}
