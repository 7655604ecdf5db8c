/*
 * gelf: Graylog's Extended Log Format
 */
#include "base/bytes.h"
#include "format/json_object.h"
#include "format/known_keys.h"
#include "record/syslog_priority.h"

/* Set the level, which is a severity of syslog. */
static void
name_severity(struct field *f)
{
	int n = f->value.len == 1 ? *f->value.p - '0' : -1;

	if (f->kind != FIELD_JSON || n < 0 || n >= PRIORITY_SEVERITIES)
		return;
	f->name = NAME("severity");
	f->value = span_str(priority_severities[n]);
	f->kind = FIELD_SAFE;
}

/*
 * Names the fields.  Those of the user's own begin with _, which is not a part
 * of their name.
 */
static void
name_keys(struct scan *s, struct keys *keys)
{
	struct record *r = s->rec;
	struct field *f;

	for (size_t i = keys->first; i < r->n; i++) {
		f = &r->fields[i];
		if (f->name.len > 1 && *f->name.p == '_') {
			record_own(r, f);
			f->name = span_of(f->name.p + 1, f->name.len - 1);
			keys->twins = true;
		} else if (span_is(f->name, "host")) {
			record_own(r, f);
			f->name = NAME("hostname");
		} else if (span_is(f->name, "level")) {
			record_own(r, f);
			name_severity(f);
		}
	}
	keys_prefer(keys, r, NAME("short_message"), KNOWN_MESSAGE);
	keys_end(keys, s, false);
}

const struct format format_gelf = {
	.name = "gelf", .description = "Graylog's Extended Log Format",
	.example = "{\"version\":\"1.1\",\"host\":\"h\","
	    "\"short_message\":\"text\",\"_user\":\"bob\"}",
	.first = "", .keys = { "version", "host", "short_message" },
	.scan = scan_object, .name_keys = name_keys, .nests = true,
	.status = "status",
};
