/*
 * cri: what containerd and CRI-O write for each container
 *
 *	2016-10-06T00:17:09.669794202Z stdout F message
 *
 * A message that was cut has P instead of F in all parts but the last.
 */
#include "format/partial.h"
#include "format/scan_util.h"

enum { STAMP = 1, STREAM, TAG };

static bool
scan_cri(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q;
	struct span stream, tag, message;
	struct partial *part;
	struct timestamp t;

	q = text.len > 10 && p[10] == 'T' ? timestamp_iso(p, end, s->zone, &t) :
	    NULL;
	if (q == NULL || q == end || *q != ' ')
		return scan_fail(s, STAMP, p, "time");
	stream = token_at(++q, end);
	if (!span_is(stream, "stdout") && !span_is(stream, "stderr"))
		return scan_fail(s, STREAM, q, "stdout or stderr");
	q += stream.len;
	tag = token_at(q + (q < end), end);
	if (tag.len == 0 || (*tag.p != 'P' && *tag.p != 'F'))
		return scan_fail(s, TAG, q, "P or F");
	q = tag.p + tag.len;
	message = span_to(q + (q < end), end);
	part = &s->memory->partial[stream.p[3] == 'e'];
	if (*tag.p == 'P' && partial_hold(s, part, message, &t)) {
		record_add_time(s->rec, &part->when);
		return true;
	}
	record_add_time(s->rec, partial_goes_on(s, part) ? &part->when : &t);
	record_add(s->rec, NAME("stream"), stream, FIELD_SAFE);
	record_add_message(s->rec, partial_join(s, part, message));
	return true;
}

const struct format format_cri = {
	.name = "cri", .description = "containers of containerd and CRI-O",
	.example = "2016-10-06T00:17:09.669794202Z stdout F text",
	.first = "0", .after_date = "s", .joined = true,
	.distinct = true, .scan = scan_cri, .nests = true,
	.carried_by = { "out P", "err P" }, .end = partial_end,
};
