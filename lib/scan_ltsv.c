/*
 * ltsv: label:value, with tabs between (ltsv.org)
 */
#include "scanning.h"

static const char *
skip_label(const char *p, const char *end)
{
	while (p < end && (is_letter(*p) || is_digit(*p) || *p == '_' ||
	    *p == '.' || *p == '-'))
		p++;
	return p;
}

bool
scan_ltsv(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q, *tab;
	struct keys keys;
	unsigned n = 0;

	if (!s->sure && memchr(p, '\t', text.len) == NULL)
		return scan_fail(s, 1, p, "label:value");
	keys_begin(&keys);
	for (;; p = tab + 1) {
		if ((tab = memchr(p, '\t', (size_t)(end - p))) == NULL)
			tab = end;
		q = skip_label(p, tab);
		if (q == p || q == tab || *q != ':')
			return scan_fail(s, n + 1, p, "label:value");
		n++;
		if (!span_is(span_to(q + 1, tab), "-")) {
			record_add_pair(s->rec, span_to(p, q),
			    span_to(q + 1, tab));
			keys_note(&keys, s->rec);
		}
		if (tab == end)
			break;
	}
	keys_end(&keys, s);
	return true;
}
