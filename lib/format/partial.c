#include "format/partial.h"

enum { JOINED_MAX = 1 << 20 };

/* The name of the file that stands in front of the line, or nothing. */
static struct span
name_of(struct scan *s)
{
	struct span name;

	return record_find(s->rec, NAME("prefix"), &name) ? name :
	    span_of(NULL, 0);
}

bool
partial_goes_on(struct scan *s, const struct partial *part)
{
	return part->held && span_eq(name_of(s), buf_span(&part->name));
}

bool
partial_hold(struct scan *s, struct partial *part, struct span piece,
    const struct timestamp *when)
{
	if (!part->held) {
		buf_clear(&part->text);
		buf_clear(&part->name);
		part->pieces = 0;
		part->when = *when;
		buf_addspan(&part->name, name_of(s));
	}
	if ((part->held && !partial_goes_on(s, part)) ||
	    part->text.len + piece.len > JOINED_MAX)
		return false;
	if (part->name.failed || buf_addspan(&part->text, piece) < 0) {
		s->rec->failed = true;
		return false;
	}
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

	if (!partial_goes_on(s, part))
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
			if (part->name.len > 0)
				record_add(s->rec, NAME("prefix"),
				    buf_span(&part->name), FIELD_TEXT);
			record_add_time(s->rec, &part->when);
			record_add(s->rec, NAME("stream"), i == 0 ?
			    NAME("stdout") : NAME("stderr"), FIELD_SAFE);
			record_add_message(s->rec, partial_join(s, part,
			    NAME("")));
			return true;
		}
	return false;
}
