/*
 * klog: what Kubernetes' own programs write (glog's format)
 *
 *	I0629 10:05:03.123456    1234 file.go:123] message
 */
#include "format/scan_util.h"

enum { LEVEL = 1, STAMP, THREAD, FILE_LINE };

static bool
scan_klog(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q, *colon;
	struct timestamp t;
	struct span thread;

	if (text.len < 20 || memchr("IWEF", *p, 4) == NULL)
		return scan_fail(s, LEVEL, p, "I, W, E or F");
	if ((q = timestamp_strptime(p + 1, end, "%m%d %H:%M:%S.%f", s->zone,
	    &t)) == NULL)
		return scan_fail(s, STAMP, p + 1, "time");
	thread = token_at(p = skip_spaces(q, end), end);
	if (!all_digits(thread))
		return scan_fail(s, THREAD, p, "thread");
	p = thread.p + thread.len + (thread.p + thread.len < end);
	q = memchr(p, ']', (size_t)(end - p));
	colon = q != NULL ? memrchr(p, ':', (size_t)(q - p)) : NULL;
	if (colon == NULL || !all_digits(span_to(colon + 1, q)))
		return scan_fail(s, FILE_LINE, p, "file:line]");
	record_add(s->rec, NAME("level"), span_of(text.p, 1), FIELD_SAFE);
	record_add_time(s->rec, &t);
	add_text(s, NAME("thread"), thread);
	add_text(s, NAME("file"), span_to(p, colon));
	add_number(s, NAME("line"), span_to(colon + 1, q));
	p = q + 1;
	record_add_message(s->rec, span_to(p + (p < end && *p == ' '), end));
	return true;
}

const struct format format_klog = {
	.name = "klog", .description = "Kubernetes' own programs (glog)",
	.example = "I0629 10:05:03.123456    1234 server.go:123] text",
	.needs = "]", .first = "a", .distinct = true, .scan = scan_klog,
	.nests_answers = true,
};
