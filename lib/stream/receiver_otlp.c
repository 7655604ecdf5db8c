/*
 * otlp+http:// and otlp+https://: log records for OpenTelemetry's receivers, in
 * JSON, or in protobuf where that is not taken ("OTLP/HTTP" at
 * opentelemetry.io/docs/specs/otlp)
 */
#include "stream/receiver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "emit/otlp.h"
#include "format/scanner.h"
#include "stream/http_batch.h"
#include "stream/json_document.h"
#include "stream/otlp_protobuf.h"

enum { BAD_REQUEST = 400, UNSUPPORTED_MEDIA_TYPE = 415 };

struct otlp {
	struct receiver s;
	struct http_batch post;
	struct scanner *scanner;
	struct record record;
	bool protobuf;		/* the receiver takes no JSON */
	struct buf body, binary, document;
	/* The resource whose log records the body ends with; and another. */
	struct buf resource, next;
	struct buf log_record;
	bool open;		/* more log records may follow in the body */
};

static void
close_resource(struct otlp *d)
{
	if (d->open)
		buf_adds(&d->body, "]}]}");
	d->open = false;
}

/*
 * Whether the line is a request of its own, as logparse -o otlp writes it.  A
 * record may have a field of that name: receivers would pass over all else.
 */
static bool
is_request(struct span line)
{
	struct json whole, each;
	struct json_value key, all, v;
	int r;

	if (json_open(&whole, line, false) < 0 || whole.close != '}' ||
	    json_next(&whole, &key, &all) <= 0 ||
	    !json_is(&key, "resourceLogs") || all.type != JSON_ARRAY ||
	    json_next(&whole, &key, &v) != 0)
		return false;
	json_open(&each, all.text, false);
	while ((r = json_next(&each, &key, &all)) > 0)
		if (all.type != JSON_OBJECT ||
		    !json_get(all.text, "scopeLogs", &v) ||
		    v.type != JSON_ARRAY)
			return false;
	return r == 0;
}

/* If the line is a request, add what it holds. */
static bool
add_request(struct otlp *d, struct span line)
{
	struct json_value v;
	struct span logs;

	if (!is_request(line))
		return false;
	buf_clear(&d->document);
	json_document_add(&d->document, line);
	if (d->document.failed || !json_get(buf_span(&d->document),
	    "resourceLogs", &v)) {
		d->body.failed |= d->document.failed;
		return d->document.failed;
	}
	close_resource(d);
	logs = span_trim(span_of(v.text.p + 1, v.text.len - 2));
	if (logs.len > 0 && d->body.p[d->body.len - 1] != '[')
		buf_addc(&d->body, ',');
	buf_addspan(&d->body, logs);
	return true;
}

/* Makes a record of the line; one that is no JSON object is its message. */
static void
read_record(struct otlp *d, struct span line)
{
	struct span text = span_trim(line);

	if (text.len > 0 && *text.p == '{' &&
	    scan_line(d->scanner, line, &d->record) > 0)
		return;
	record_clear(&d->record);
	record_add_message(&d->record, line);
}

/* Records of one resource that follow each other share it. */
static void
add_item(struct otlp *d, const struct item *item)
{
	if (add_request(d, item->line))
		return;
	read_record(d, item->line);
	buf_clear(&d->next);
	buf_clear(&d->log_record);
	otlp_add(&d->record, item->time_ms, &d->next, &d->log_record);
	if (d->open && span_eq(buf_span(&d->resource), buf_span(&d->next))) {
		buf_addc(&d->body, ',');
	} else {
		close_resource(d);
		if (d->body.p[d->body.len - 1] != '[')
			buf_addc(&d->body, ',');
		buf_adds(&d->body, "{\"resource\":");
		buf_addspan(&d->body, buf_span(&d->next));
		buf_adds(&d->body, "," OTLP_SCOPE);
		buf_clear(&d->resource);
		buf_addspan(&d->resource, buf_span(&d->next));
		d->open = true;
	}
	buf_addspan(&d->body, buf_span(&d->log_record));
	d->body.failed |= d->record.failed || d->next.failed ||
	    d->log_record.failed;
}

static bool
is_object(struct span text)
{
	struct json_value key, v;
	struct json j;
	int r;

	if (json_open(&j, text, true) < 0 || j.close != '}')
		return false;
	while ((r = json_next(&j, &key, &v)) > 0)
		;
	return r == 0;
}

/*
 * Returns how many log records were rejected, as far as the answer goes, and
 * *whole is whether it is a whole one.  Sets *why to the reason it gives, if
 * any.
 */
static uint64_t
count_rejected(struct otlp *d, struct buf *why, bool *whole)
{
	struct span answer = span_trim(buf_span(&d->post.r.answer)), text;
	struct json_value v;
	uint64_t n = 0;

	*whole = answer.len == 0 || is_object(answer);
	if (d->protobuf && !*whole) {
		answer = buf_span(&d->post.r.answer);
		*whole = otlp_protobuf_rejected(answer, &n, &text) == 0;
		buf_addspan(why, text);
		return n;
	}
	if (json_get(answer, "partialSuccess.errorMessage", &v))
		json_decode(why, &v);
	if (json_get(answer, "partialSuccess.rejectedLogRecords", &v) &&
	    all_digits(v.text))
		for (size_t i = 0; i < v.text.len && n < UINT32_MAX; i++)
			n = n * 10 + (uint64_t)(v.text.p[i] - '0');
	return n;
}

/*
 * A partial success says how many log records were rejected, but not which; it
 * must not be sent again.  So that none is lost, all items are refused then.  With
 * words, but without rejected records, it is a warning.  What is no answer to a
 * request like ours proves nothing; one that is too long for us may be shorter
 * for fewer items.
 */
static enum attempt
judge(struct otlp *d, struct item **items, size_t n)
{
	struct buf why = { 0 };
	enum attempt result = ATTEMPT_DONE;
	bool whole;
	uint64_t rejected = count_rejected(d, &why, &whole);

	if (rejected > 0)
		result = receiver_fail(&d->s, ATTEMPT_REFUSED, "the receiver "
		    "rejected %llu of %zu records, and does not say which: "
		    "%.*s", (unsigned long long)rejected, n, (int)why.len,
		    why.p != NULL ? why.p : "");
	else if (!whole || d->post.r.cut)
		result = http_batch_fail(&d->post, &d->s, d->post.r.cut ?
		    ATTEMPT_SUSPECT : ATTEMPT_LATER);
	else
		receiver_done(items, n);
	if (result == ATTEMPT_DONE && why.len > 0)
		snprintf(d->s.warning, sizeof d->s.warning, "%.*s",
		    (int)why.len, why.p);
	buf_free(&why);
	return result;
}

/* Whether the answer says that another encoding is wanted. */
static bool
wants_protobuf(const struct http_request *r)
{
	return r->status == UNSUPPORTED_MEDIA_TYPE ||
	    (r->status == BAD_REQUEST && memmem(r->answer.p, r->answer.len,
	    "protobuf", 8) != NULL);
}

static enum attempt
post(struct otlp *d)
{
	struct http_batch *p = &d->post;
	enum attempt result;

	if (!d->protobuf) {
		http_batch_headers(p, "application/json");
		result = http_batch_send(p, &d->s, p->url.p,
		    buf_span(&d->body));
		if (!wants_protobuf(&p->r))
			return result;
		d->protobuf = true;
	}
	buf_clear(&d->binary);
	if (otlp_protobuf_add(&d->binary, buf_span(&d->body)) < 0)
		return receiver_fail(&d->s, errno == EINVAL ?
		    ATTEMPT_SUSPECT : ATTEMPT_LATER, "not OTLP: %s",
		    strerror(errno));
	http_batch_headers(p, "application/x-protobuf");
	return http_batch_send(p, &d->s, p->url.p, buf_span(&d->binary));
}

static enum attempt
attempt(struct receiver *s, struct item **items, size_t n)
{
	struct otlp *d = (struct otlp *)s;
	enum attempt result;

	buf_clear(&d->body);
	buf_adds(&d->body, "{\"resourceLogs\":[");
	for (size_t i = 0; i < n && !d->body.failed; i++)
		add_item(d, items[i]);
	close_resource(d);
	buf_adds(&d->body, "]}");
	if (d->body.failed || d->resource.failed || d->next.failed ||
	    d->document.failed)
		return receiver_fail(s, ATTEMPT_LATER, "%s", strerror(ENOMEM));
	http_batch_expect(&d->post, n, d->body.len);
	result = post(d);
	return result == ATTEMPT_DONE ? judge(d, items, n) : result;
}

static void
free_otlp(struct receiver *s)
{
	struct otlp *d = (struct otlp *)s;

	http_batch_free(&d->post);
	scanner_free(d->scanner);
	record_free(&d->record);
	buf_free(&d->body);
	buf_free(&d->binary);
	buf_free(&d->document);
	buf_free(&d->resource);
	buf_free(&d->next);
	buf_free(&d->log_record);
	free(d);
}

static struct receiver *
open_otlp(const struct receiver_options *o, const char **why)
{
	struct span bad;
	struct otlp *d;

	*why = "out of memory";
	if ((d = calloc(1, sizeof *d)) == NULL)
		return NULL;
	d->s.attempt = attempt;
	d->s.trusts_past = true;
	d->s.free = free_otlp;
	d->s.overhead = 256;
	if (http_batch_init(&d->post, o, why) < 0) {
		free(d);
		return NULL;
	}
	d->scanner = scanner_new();
	if (d->scanner != NULL &&
	    scanner_formats(d->scanner, "json", &bad) == 0 &&
	    http_batch_default_path(&d->post, "/v1/logs") == 0)
		return &d->s;
	free_otlp(&d->s);
	return NULL;
}

const struct receiver_kind receiver_otlp = {
	.schemes = { "otlp+http://", "otlp+https://" },
	.own = 5,
	.nodes = true,
	.open = open_otlp,
};
