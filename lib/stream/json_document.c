#include "stream/json_document.h"

#include <errno.h>
#include <time.h>

#include "record/json.h"
#include "record/timestamp.h"

enum { FIELD_NAME_MAX = 128, DATE_MAX = 256 };

/*
 * TEXT is no JSON object, CLEAN is one, DIRTY is one that is not proper JSON
 * and UTF-8 as it stands.
 */
enum kind { TEXT, CLEAN, DIRTY };

static enum kind
kind_of(struct span line)
{
	struct json_value key, value;
	enum kind kind = CLEAN;
	struct json j;
	int r;

	if (json_open(&j, line, false) < 0 || j.close != '}')
		return TEXT;
	while ((r = json_next(&j, &key, &value)) > 0)
		if (!key.clean || !value.clean)
			kind = DIRTY;
	while (r == 0 && j.p < j.end && (*j.p == ' ' || *j.p == '\r'))
		j.p++;
	return r == 0 && j.p == j.end ? kind : TEXT;
}

static int
add_mended(struct buf *b, struct span line)
{
	struct json_value key, value;
	bool lossy = false;
	struct json j;
	char before = '{';

	json_open(&j, line, false);
	while (json_next(&j, &key, &value) > 0) {
		if (json_is(&key, "lossy"))
			continue;
		buf_addc(b, before);
		json_add_value(b, &key, &lossy);
		buf_addc(b, ':');
		json_add_value(b, &value, &lossy);
		before = ',';
	}
	buf_addc(b, before);
	return buf_adds(b, "\"lossy\":true}");
}

int
json_document_add(struct buf *b, struct span line)
{
	bool lossy = false;

	switch (kind_of(line)) {
	case CLEAN:
		return buf_addspan(b, line);
	case DIRTY:
		return add_mended(b, line);
	case TEXT:
		break;
	}
	buf_adds(b, "{\"message\":");
	json_add_string(b, line, &lossy);
	buf_adds(b, lossy ? ",\"lossy\":true}" : "}");
	return b->failed ? -1 : 0;
}

bool
json_document_get(struct buf *b, struct span line, const char *path)
{
	struct json_value v;

	if (!json_get(line, path, &v) || v.type == JSON_NULL ||
	    v.text.len == 0)
		return false;
	return json_decode(b, &v) == 0;
}

bool
json_document_time(struct span line, struct timestamp *t)
{
	static const char *const names[] = { "timestamp", "@timestamp",
		"time" };
	struct zone utc;
	struct json_value v;

	zone_set(&utc, "UTC");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (json_get(line, names[i], &v) && !v.escaped &&
		    timestamp_any(v.text, &utc, t))
			return true;
	return false;
}

static int
add_date(struct buf *b, const char *format, struct span line)
{
	struct timestamp t;
	char text[DATE_MAX];
	struct tm tm;
	time_t when;

	when = json_document_time(line, &t) ? (time_t)t.sec : time(NULL);
	if (gmtime_r(&when, &tm) == NULL)
		return -1;
#pragma GCC diagnostic push
/* The format is the user's own. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return buf_add(b, text, strftime(text, sizeof text, format, &tm));
#pragma GCC diagnostic pop
}

/*
 * Reads the field in braces at p, and sets field to its name.  Returns where
 * the text goes on, or NULL.
 */
static const char *
next_field(const char *p, char field[FIELD_NAME_MAX])
{
	const char *end = strchr(p, '}');
	size_t n;

	if (end == NULL || (n = (size_t)(end - p) - 1) == 0 ||
	    n >= FIELD_NAME_MAX)
		return NULL;
	memcpy(field, p + 1, n);
	field[n] = '\0';
	return end + 1;
}

const char *
json_document_check(const char *template)
{
	char field[FIELD_NAME_MAX];

	while ((template = strchr(template, '{')) != NULL)
		if ((template = next_field(template, field)) == NULL)
			return "a { without a field name and }";
	return NULL;
}

int
json_document_expand(struct buf *b, const char *template, struct span line)
{
	char field[FIELD_NAME_MAX];
	const char *p = template;
	int unknown = 0;

	while (*p != '\0') {
		if (*p != '{') {
			buf_addc(b, *p++);
			continue;
		}
		if ((p = next_field(p, field)) == NULL)
			break;
		if (strncmp(field, "date:", 5) == 0)
			add_date(b, field + 5, line);
		else if (!json_document_get(b, line, field)) {
			buf_adds(b, "unknown");
			unknown = 1;
		}
	}
	return b->failed ? -1 : unknown;
}
