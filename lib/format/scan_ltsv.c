/*
 * ltsv: label:value, with tabs between (ltsv.org)
 */
#include "format/known_keys.h"
#include "format/scan_util.h"

static const char *
skip_label(const char *p, const char *end)
{
	while (p < end && (is_letter(*p) || is_digit(*p) || *p == '_' ||
	    *p == '.' || *p == '-'))
		p++;
	return p;
}

/*
 * The labels that ltsv.org recommends, with the names that nginx has for the
 * same values.
 */
static const struct {
	const char *label;
	struct span name;
} recommended[] = {
	{ "host", { "remote_addr", 11 } }, { "req", { "request", 7 } },
	{ "uri", { "request_uri", 11 } }, { "ua", { "http_user_agent", 15 } },
	{ "vhost", { "server_name", 11 } },
	{ "reqtime", { "request_time", 12 } }, { "ident", { "identity", 8 } },
	{ "forwardedfor", { "http_x_forwarded_for", 20 } },
};

static void
name_label(struct scan *s)
{
	struct field *f = &s->rec->fields[s->rec->n - 1];

	for (size_t i = 0; i < sizeof recommended / sizeof *recommended; i++)
		if (span_is(f->name, recommended[i].label)) {
			record_own(s->rec, f);
			f->name = recommended[i].name;
			f->plain_name = true;
			return;
		}
	if (span_is(f->name, "reqtime_microsec") && add_scaled(s,
	    NAME("request_time"), f->value, 6)) {
		f = &s->rec->fields[--s->rec->n];
		record_own(s->rec, &f[-1]);
		f[-1] = *f;
	}
}

static bool
scan_ltsv(struct scan *s, struct span text)
{
	const char *p = text.p, *end = p + text.len, *q, *tab;
	struct keys keys;
	unsigned n = 0;

	if (!s->sure && memchr(p, '\t', text.len) == NULL)
		return scan_fail(s, 1, p, "label:value");
	keys_begin(&keys, s->rec);
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
			name_label(s);
			keys_note(&keys, s->rec,
			    s->rec->fields[s->rec->n - 1].name);
		}
		if (tab == end)
			break;
	}
	keys_end(&keys, s, true);
	return true;
}

const struct format format_ltsv = {
	.name = "ltsv", .description = "label:value, with tabs between",
	.example = "time:29/Jun/2021:10:05:03 +0000\tstatus:200",
	.first = "0a_", .scan = scan_ltsv, .status = "status",
};
