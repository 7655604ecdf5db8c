#include "input/octet_framing.h"

#include "base/bytes.h"

enum { COUNT_DIGITS = 8, PRI_MAX = 191 };

/* Whether "<14>", or as much of it as the bytes hold, is at p. */
static enum octets
priority(const char *p, const char *end)
{
	const char *start = p + 1;
	unsigned pri = 0;

	if (p == end)
		return OCTETS_MORE;
	if (*p++ != '<')
		return OCTETS_NONE;
	for (; p < end && is_digit(*p) && p - start < 3; p++)
		pri = pri * 10 + (unsigned)(*p - '0');
	if (p == end)
		return OCTETS_MORE;
	return *p == '>' && p > start && pri <= PRI_MAX ? OCTETS_FRAME :
	    OCTETS_NONE;
}

/*
 * Whether "83 <40>", or as much of it as the bytes hold, is at p; *message
 * begins at the <.
 */
static enum octets
header(const char *p, const char *end, size_t *count, const char **message)
{
	const char *start = p;

	for (*count = 0; p < end && is_digit(*p) && p - start < COUNT_DIGITS;
	    p++)
		*count = *count * 10 + (size_t)(*p - '0');
	if (start < end && (p == start || *start == '0'))
		return OCTETS_NONE;
	if (p == end)
		return OCTETS_MORE;
	*message = p + 1;
	return *p == ' ' ? priority(p + 1, end) : OCTETS_NONE;
}

/*
 * Whether a line inside the message begins as a message does: then it is a
 * message of its own.
 */
static bool
holds_messages(struct span message)
{
	const char *p = message.p, *end = p + message.len, *behind;
	size_t count;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL && ++p < end)
		if ((priority(p, end) != OCTETS_NONE ||
		    header(p, end, &count, &behind) != OCTETS_NONE) &&
		    memchr(p, '<', (size_t)(end - p)) != NULL)
			return true;
	return false;
}

enum octets
octets_frame(const char *p, const char *end, size_t max, struct span *message)
{
	enum octets r;
	const char *start = p, *lf, *behind;
	size_t count, next;

	if ((r = header(p, end, &count, &p)) != OCTETS_FRAME)
		return r;
	if (count > max - (size_t)(p - start) || count < 3)
		return OCTETS_NONE;
	if (count > (size_t)(end - p)) {
		*message = span_of(p, (size_t)(end - p));
		return holds_messages(*message) ? OCTETS_NONE : OCTETS_MORE;
	}
	*message = span_of(p, count);
	p += count;
	lf = memchr(message->p, '\n', count);
	if (lf == p - 1 || (lf == NULL && p < end && *p == '\n'))
		return OCTETS_FRAME;
	if ((p < end && header(p, end, &next, &behind) == OCTETS_NONE) ||
	    (lf != NULL && holds_messages(*message)))
		return OCTETS_NONE;
	return OCTETS_FRAME;
}

const char *
octets_find(const char *p, const char *end)
{
	const char *start = p, *angle = p, *q;

	for (; angle < end && (angle = memchr(angle, '<', (size_t)(end -
	    angle))) != NULL; angle++) {
		if (angle - start < 2 || angle[-1] != ' ')
			continue;
		for (q = angle - 1; q > start && is_digit(q[-1]) &&
		    angle - q <= COUNT_DIGITS; q--)
			;
		if (q < angle - 1 && (q == start || q[-1] == '\n'))
			return q;
	}
	return NULL;
}
