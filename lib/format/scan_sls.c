/*
 * sls: Alibaba Logtail's streamlog, as syslog-ng and rsyslog are configured to
 * write it
 *
 *	0.1 tag unixtime ip host pri-text proto app-name procid msgid msg
 */
#include "format/scan_util.h"

enum { VERSION, TAG, TIME, IP, HOST, PRIORITY, PROTO, APP, PROCID, MSGID,
	FIELDS };

/*
 * Adds facility and severity from "user.info", or rsyslog's older
 * "user.info<14>".
 */
static bool
add_pri_text(struct scan *s, struct span text)
{
	const char *dot = memchr(text.p, '.', text.len), *end, *angle;

	if (span_is(text, "-"))
		return true;
	if (dot == NULL)
		return false;
	end = text.p + text.len;
	if ((angle = memchr(dot, '<', (size_t)(end - dot))) != NULL)
		end = angle;
	add_text(s, NAME("facility"), span_of(text.p, (size_t)(dot - text.p)));
	add_text(s, NAME("severity"), span_of(dot + 1,
	    (size_t)(end - dot - 1)));
	return true;
}

static bool
scan_sls(struct scan *s, struct span text)
{
	static const char *const expected[FIELDS] = { "0.1", "tag", "unixtime",
	    "ip", "host", "pri-text", "proto", "app-name", "procid", "msgid" };
	const char *p = text.p, *end = p + text.len;
	struct span f[FIELDS];
	struct timestamp t;

	for (unsigned i = 0; i < FIELDS; i++) {
		f[i] = token_at(p, end);
		if (f[i].len == 0 || (i == VERSION && !span_is(f[i], "0.1")) ||
		    (i == TIME && timestamp_epoch(p, p + f[i].len, &t) !=
		    p + f[i].len))
			return scan_fail(s, i + 1, p, expected[i]);
		p += f[i].len + (p + f[i].len < end);
	}
	add_text(s, NAME("tag"), f[TAG]);
	record_add_time(s->rec, &t);
	add_text(s, NAME("ip"), f[IP]);
	add_text(s, NAME("hostname"), f[HOST]);
	if (!add_pri_text(s, f[PRIORITY]))
		return scan_fail(s, PRIORITY + 1, f[PRIORITY].p, "pri-text");
	add_number(s, NAME("version"), f[PROTO]);
	add_text(s, NAME("appname"), f[APP]);
	add_text(s, NAME("procid"), f[PROCID]);
	add_text(s, NAME("msgid"), f[MSGID]);
	record_add_message(s->rec, span_of(p, (size_t)(end - p)));
	return true;
}

const struct format format_sls = {
	.name = "sls", .description = "Alibaba Logtail's streamlog",
	.example = "0.1 sys_tag 1624961103 127.0.0.1 host user.info 1 app 12 "
	    "- text",
	.first = "0", .distinct = true, .undated = true, .scan = scan_sls, .nests = true,
};
