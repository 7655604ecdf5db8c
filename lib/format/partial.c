#include "format/partial.h"

enum { JOINED_MAX = 1 << 20 };

bool
partial_hold(struct scan *s, struct partial *part, struct span piece,
    const struct timestamp *when)
{
	if (!part->held) {
		buf_clear(&part->text);
		part->pieces = 0;
		part->when = *when;
	}
	if (part->text.len + piece.len > JOINED_MAX ||
	    buf_addspan(&part->text, piece) < 0)
		return false;
	part->held = true;
	part->pieces++;
	part->format = s->format;
	s->memory->used = true;
	s->skip = true;
	return true;
}

struct span
partial_join(struct scan *s, struct partial *part, struct span message)
{
	char *p;

	if (!part->held)
		return message;
	part->held = false;
	if (part->text.len == 0 || (p = record_room(s->rec, part->text.len +
	    message.len)) == NULL)
		return message;
	memcpy(p, part->text.p, part->text.len);
	memcpy(p + part->text.len, message.p, message.len);
	return span_of(p, part->text.len + message.len);
}

bool
partial_end(struct scan *s)
{
	struct partial *part = s->memory->partial;

	for (int i = 0; i < 2; i++, part++)
		if (part->held && part->format == s->format) {
			record_add_time(s->rec, &part->when);
			record_add(s->rec, NAME("stream"), i == 0 ?
			    NAME("stdout") : NAME("stderr"), FIELD_SAFE);
			record_add_message(s->rec, partial_join(s, part,
			    NAME("")));
			return true;
		}
	return false;
}
