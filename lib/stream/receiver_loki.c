/*
 * loki+http:// and loki+https://: lines for Grafana Loki, by the push API
 * (grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs)
 */
#include "stream/receiver.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "emit/syslog_header.h"
#include "record/json.h"
#include "record/timestamp.h"
#include "stream/http_batch.h"
#include "stream/json_document.h"

enum {
	/* Loki's max_label_names_per_series and max_label_value_length. */
	LABELS_MAX = 15, LABEL_VALUE_MAX = 2048,
	HTTP_OK = 200, HTTP_NO_CONTENT = 204,
	NANO = 1000000000, MILLI = 1000, MILLI_DIGITS = 3, MICRO_DIGITS = 6,
	/* Primes, in nanoseconds: equal lines have regular distances. */
	BELOW_MILLI = 999983, BELOW_MICRO = 997,
};

/* The lines of a batch that have the same labels. */
struct group {
	struct buf labels, values;	/* in JSON */
};

struct loki {
	struct receiver s;
	struct http_batch post;
	struct buf fields, names; /* of the labels, with NULs after them */
	struct group *groups;
	size_t n_groups, cap_groups;
	struct buf body, labels, value;
};

/* Adds "name":"value", if the record has the field. */
static void
add_label(
    struct loki *d, const char *name, const char *field, struct span line)
{
	struct span v;
	bool lossy = false;

	buf_clear(&d->value);
	if (!json_document_get(&d->value, line, field) &&
	    (strcmp(field, "level") != 0 ||
	    !json_document_get(&d->value, line, "severity")))
		return;
	v = buf_span(&d->value);
	if (v.len > LABEL_VALUE_MAX)
		v.len = syslog_header_cut(v.p, LABEL_VALUE_MAX);
	buf_adds(&d->labels, d->labels.len == 0 ? "{\"" : ",\"");
	buf_adds(&d->labels, name);
	buf_adds(&d->labels, "\":");
	json_add_string(&d->labels, v, &lossy);
}

/* A stream must have a label: job is that of lines without any. */
static void
find_labels(struct loki *d, struct span line)
{
	const char *name = d->names.p, *field = d->fields.p;

	buf_clear(&d->labels);
	for (; *field != '\0'; field += strlen(field) + 1) {
		add_label(d, name, field, line);
		name += strlen(name) + 1;
	}
	if (d->labels.len == 0)
		buf_adds(&d->labels, "{\"job\":\"logferry\"");
	buf_addc(&d->labels, '}');
}

/* Returns the group of the labels that were found, or NULL without memory. */
static struct group *
find_group(struct loki *d)
{
	struct group *more;
	size_t i;

	for (i = 0; i < d->n_groups; i++)
		if (span_eq(buf_span(&d->groups[i].labels),
		    buf_span(&d->labels)))
			return &d->groups[i];
	if (i == d->cap_groups) {
		more = realloc(d->groups, (i * 2 + 8) * sizeof *more);
		if (more == NULL)
			return NULL;
		memset(more + i, 0, (i + 8) * sizeof *more);
		d->groups = more;
		d->cap_groups = i * 2 + 8;
	}
	buf_addspan(&d->groups[i].labels, buf_span(&d->labels));
	d->n_groups++;
	return &d->groups[i];
}

/*
 * Returns the time of the line in nanoseconds, which is when it was read if it
 * has none itself.  Loki takes equal lines of one time for one: the digits that
 * the time lacks come from the line's place in its input, which is the same
 * when it is sent again.
 */
static int64_t
time_of(const struct item *item)
{
	int64_t ms = item->time_ms > 0 ? item->time_ms : time(NULL) * MILLI;
	int64_t ns = ms * (NANO / MILLI);
	unsigned digits = MILLI_DIGITS;
	struct timestamp t;

	if (json_document_time(item->line, &t) && t.sec >= 0 &&
	    t.sec < INT64_MAX / NANO) {
		ns = t.sec * NANO + t.nsec;
		digits = t.digits;
	}
	if (digits <= MILLI_DIGITS)
		ns += (int64_t)(item->position % BELOW_MILLI);
	else if (digits <= MICRO_DIGITS)
		ns += (int64_t)(item->position % BELOW_MICRO);
	return ns;
}

static bool
add_item(struct loki *d, const struct item *item)
{
	bool lossy = false;
	struct group *g;

	find_labels(d, item->line);
	if (d->labels.failed || d->value.failed || (g = find_group(d)) == NULL)
		return false;
	if (g->values.len > 0)
		buf_addc(&g->values, ',');
	buf_printf(&g->values, "[\"%lld\",", (long long)time_of(item));
	json_add_string(&g->values, item->line, &lossy);
	return buf_addc(&g->values, ']') == 0 && !g->labels.failed;
}

static bool
make_body(struct loki *d, struct item **items, size_t n)
{
	for (size_t i = 0; i < d->n_groups; i++) {
		buf_clear(&d->groups[i].labels);
		buf_clear(&d->groups[i].values);
	}
	d->n_groups = 0;
	for (size_t i = 0; i < n; i++)
		if (!add_item(d, items[i]))
			return false;
	buf_clear(&d->body);
	buf_adds(&d->body, "{\"streams\":[");
	for (size_t i = 0; i < d->n_groups; i++) {
		buf_adds(&d->body, i == 0 ? "{\"stream\":" : ",{\"stream\":");
		buf_addspan(&d->body, buf_span(&d->groups[i].labels));
		buf_adds(&d->body, ",\"values\":[");
		buf_addspan(&d->body, buf_span(&d->groups[i].values));
		buf_adds(&d->body, "]}");
	}
	buf_adds(&d->body, "]}");
	return !d->body.failed;
}

/*
 * Whether the answer 400 is about the entry itself, which then will never be
 * accepted: such as one that is too old, though all others may be so as well.
 */
static bool
blames_entry(struct span answer)
{
	static const char *const words[] = {
		"timestamp too old", "timestamp too new", "too far behind",
		"out of order", "ntry size", "label value too long",
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (memmem(answer.p, answer.len, words[i],
		    strlen(words[i])) != NULL)
			return true;
	return false;
}

/*
 * Loki keeps the good entries of a batch when it answers 400 for the others.
 * The same entry again makes no second one.
 */
static enum attempt
attempt(struct receiver *s, struct item **items, size_t n)
{
	struct loki *d = (struct loki *)s;
	enum attempt result;
	int status;

	if (!make_body(d, items, n))
		return receiver_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	http_batch_headers(&d->post, "application/json");
	result = http_batch_send(&d->post, s, d->post.url.p,
	    buf_span(&d->body));
	status = d->post.r.status;
	if (result == ATTEMPT_SUSPECT && n == 1 &&
	    blames_entry(buf_span(&d->post.r.answer)))
		return ATTEMPT_REFUSED;
	/* While ingestion is blocked, Loki drops entries and answers 260. */
	if (result == ATTEMPT_DONE && status != HTTP_OK &&
	    status != HTTP_NO_CONTENT)
		return http_batch_fail(&d->post, s, ATTEMPT_LATER);
	if (result == ATTEMPT_DONE)
		receiver_done(items, n);
	return result;
}

static void
free_loki(struct receiver *s)
{
	struct loki *d = (struct loki *)s;

	http_batch_free(&d->post);
	for (size_t i = 0; i < d->cap_groups; i++) {
		buf_free(&d->groups[i].labels);
		buf_free(&d->groups[i].values);
	}
	free(d->groups);
	buf_free(&d->fields);
	buf_free(&d->names);
	buf_free(&d->body);
	buf_free(&d->labels);
	buf_free(&d->value);
	free(d);
}

static bool
has_name(const struct buf *names, const char *name)
{
	for (size_t i = 0; i < names->len; i += strlen(names->p + i) + 1)
		if (strcmp(names->p + i, name) == 0)
			return true;
	return false;
}

/*
 * Takes "field,field".  In the name of a label, which has letters, digits and
 * _, other bytes become _.  Returns NULL, or what is wrong.
 */
static const char *
set_labels(struct loki *d, const char *list)
{
	char name[128];
	size_t n;

	for (unsigned i = 0; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n == 0 || n >= sizeof name || isdigit((unsigned char)*list))
			return "a label is the name of a field";
		if (i++ == LABELS_MAX)
			return "Loki takes 15 labels at most";
		memcpy(name, list, n);
		name[n] = '\0';
		buf_add(&d->fields, name, n + 1);
		for (char *p = name; *p != '\0'; p++)
			if (!isalnum((unsigned char)*p))
				*p = '_';
		if (has_name(&d->names, name))
			return "two labels would have the same name";
		buf_add(&d->names, name, n + 1);
	}
	buf_addc(&d->fields, '\0');
	return d->fields.failed || d->names.failed ? "out of memory" : NULL;
}

static struct receiver *
open_loki(const struct receiver_options *o, const char **why)
{
	struct loki *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.trusts_past = true;
	d->s.free = free_loki;
	d->s.overhead = 64;
	if (http_batch_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	if (http_batch_default_path(&d->post, "/loki/api/v1/push") == 0 &&
	    (*why = set_labels(d, o->labels != NULL ? o->labels :
	    "appname,hostname,level")) == NULL)
		return &d->s;
	free_loki(&d->s);
	return NULL;
}

const struct receiver_kind receiver_loki = {
	.schemes = { "loki+http://", "loki+https://" },
	.own = 5,
	.nodes = true,
	.open = open_loki,
};
