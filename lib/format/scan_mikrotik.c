/*
 * mikrotik: what RouterOS sends, with or without a syslog header
 *
 *	firewall,info forward: in:ether1 out:bridge, proto TCP
 */
#include "format/scan_util.h"

static bool
is_severity(struct span topic)
{
	static const char *const severities[] = { "critical", "error",
	    "warning", "info", "debug" };

	for (size_t i = 0; i < sizeof severities / sizeof *severities; i++)
		if (span_is(topic, severities[i]))
			return true;
	return false;
}

static bool
scan_mikrotik(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q, *comma;
	struct span topics = token_at(p, end), level = { NULL, 0 };

	end = p + topics.len;
	for (q = p; q < end; q = comma + 1) {
		comma = find_char(q, end, ',');
		if (comma == q)
			return scan_fail(s, 1, q, "topic,severity");
		for (const char *c = q; c < comma; c++)
			if (!is_letter(*c) && !is_digit(*c) && *c != '-')
				return scan_fail(s, 1, c, "topic,severity");
		if (is_severity(span_to(q, comma)))
			level = span_to(q, comma);
		if (comma == end)
			break;
	}
	if (level.p == NULL || level.len == topics.len ||
	    topics.len == text.len)
		return scan_fail(s, 1, p, "topic,severity");
	add_text(s, NAME("topics"), topics);
	add_text(s, NAME("level"), level);
	record_add_message(s->rec, span_to(end + 1, text.p + text.len));
	return true;
}

const struct format format_mikrotik = {
	.name = "mikrotik", .description = "MikroTik's RouterOS",
	.example = "firewall,info forward: in:ether1 out:bridge",
	.first = "a", .distinct = true, .scan = scan_mikrotik,
};
