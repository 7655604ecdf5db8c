/*
 * kubectl: what kubectl logs puts in front of the lines
 *
 *	[pod/web-1/nginx] 2016-10-06T00:17:09.669794202Z message
 *
 * with --prefix and --timestamps, or with one of them.  Docker, too, has such
 * times: they always have nine places, as few programs' own times do.
 */
#include "format/scan_util.h"

enum { POD = 1, STAMP, PLACES = 9 };

/*
 * Reads "[pod/NAME/CONTAINER] ".  Returns where the text goes on, or NULL.
 */
static const char *
scan_pod(struct scan *s, const char *p, const char *end)
{
	const char *slash, *close;

	if ((p = skip(p, end, "[pod/")) == NULL)
		return NULL;
	close = find_char(p, end, ']');
	slash = find_char(p, close, '/');
	if (slash == p || close - slash < 2 || find_char(p, close, ' ') < close)
		return NULL;
	add_text(s, NAME("pod"), span_to(p, slash));
	add_text(s, NAME("container"), span_to(slash + 1, close));
	return close + (close < end);
}

/* Returns where the text goes on after a time with nine places, or NULL. */
static const char *
scan_stamp(struct scan *s, const char *p, const char *end)
{
	struct timestamp t;
	const char *q;

	if (end - p < 20 + PLACES || p[10] != 'T' || p[19] != '.' ||
	    skip_digits(p + 20, end) != p + 20 + PLACES ||
	    (q = iso_time(s, p, end, &t)) == NULL || (q < end && *q != ' '))
		return NULL;
	record_add_time(s->rec, &t);
	return q;
}

static bool
scan_kubectl(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *pod = p, *stamp;

	if (*p == '[') {
		pod = scan_pod(s, p, end);
		if (pod == NULL || (pod < end && *pod != ' '))
			return scan_fail(s, POD, p, "[pod/name/container]");
		pod += pod < end;
	}
	stamp = scan_stamp(s, pod, end);
	if (stamp == NULL && pod == p)
		return scan_fail(s, STAMP, p, "time");
	p = stamp != NULL ? stamp + (stamp < end) : pod;
	record_add_message(s->rec, span_to(p, end));
	return true;
}

const struct format format_kubectl = {
	.name = "kubectl",
	.description = "kubectl logs with --prefix or --timestamps",
	.example = "[pod/web-1/nginx] 2016-10-06T00:17:09.669794202Z text",
	.first = "0[", .joined = true, .scan = scan_kubectl, .nests = true,
};
