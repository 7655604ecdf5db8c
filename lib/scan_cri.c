/*
 * cri: what containerd and CRI-O write for each container
 *
 *	2016-10-06T00:17:09.669794202Z stdout F message
 *
 * A message that was cut has P instead of F in all parts but the last.
 */
#include "scanning.h"

enum { STAMP = 1, STREAM, TAG, JOINED_MAX = 1 << 20 };

static void
add_entry(struct scan *s, const struct timestamp *t, struct span stream,
    struct span message)
{
	record_add_time(s->rec, t);
	record_add(s->rec, NAME("stream"), stream, FIELD_SAFE);
	record_add_message(s->rec, message);
}

/* The parts so far, and message, in memory of the record. */
static struct span
joined(struct scan *s, struct partial *part, struct span message)
{
	char *p = record_room(s->rec, part->text.len + message.len);

	part->held = false;
	if (p == NULL || part->text.len == 0)
		return message;
	memcpy(p, part->text.p, part->text.len);
	memcpy(p + part->text.len, message.p, message.len);
	return span_of(p, part->text.len + message.len);
}

bool
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
	s->memory->used |= *tag.p == 'P';
	if (!part->held) {
		buf_clear(&part->text);
		part->when = t;
	}
	if (*tag.p == 'P' && part->text.len + message.len <= JOINED_MAX &&
	    buf_addspan(&part->text, message) == 0) {
		part->held = true;
		s->skip = true;
		return true;
	}
	t = part->when;
	if (part->held)
		message = joined(s, part, message);
	add_entry(s, &t, stream, message);
	return true;
}

void
scan_cri_end(struct scan *s, int stream)
{
	struct partial *part = &s->memory->partial[stream];

	add_entry(s, &part->when, stream == 0 ? NAME("stdout") : NAME("stderr"),
	    joined(s, part, NAME("")));
}
