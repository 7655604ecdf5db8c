#include "aws/multipart_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aws/xml.h"
#include "file/name_template.h"

enum { PAGE_MAX = 2 << 20, QUERY_MAX = 1200 };

static bool
element(struct span in, const char *name, char *out, size_t size)
{
	return xml_element(&in, name, out, size);
}

static int64_t
time_of(const char *text)
{
	struct tm tm = { 0 };

	if (strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return 0;
	return (int64_t)timegm(&tm);
}

/* Visit the uploads of one page. */
static void
visit_page(struct span xml,
    void (*visit)(void *, const struct multipart_entry *), void *arg)
{
	char key[2048], id[1024], when[64];
	struct buf escaped = { 0 };
	struct span block;

	while (xml_block(&xml, "Upload", &block)) {
		if (!element(block, "Key", key, sizeof key) ||
		    !element(block, "UploadId", id, sizeof id))
			continue;
		element(block, "Initiated", when, sizeof when);
		buf_clear(&escaped);
		name_template_escape_query(&escaped, span_str(id));
		if (buf_str(&escaped) == NULL || escaped.len > 1024)
			continue;
		visit(arg,
		    &(struct multipart_entry){ key, escaped.p, time_of(when) });
	}
	buf_free(&escaped);
}

/*
 * Make the query for the page after the one in xml, if there is another.  A
 * list that goes on where it began would have no end.
 */
static bool
next_page(struct span xml, struct buf *query, struct span prefix)
{
	char more[16], key[2048] = "", id[1024] = "";
	struct buf before = *query;
	bool other;

	if (xml.len > 0) {
		if (!element(xml, "IsTruncated", more, sizeof more) ||
		    strcmp(more, "true") != 0 ||
		    !element(xml, "NextKeyMarker", key, sizeof key))
			return false;
		element(xml, "NextUploadIdMarker", id, sizeof id);
	}
	*query = (struct buf){ 0 };
	buf_adds(query, "uploads=&prefix=");
	name_template_escape_query(query, prefix);
	if (*key != '\0') {
		buf_adds(query, "&key-marker=");
		name_template_escape_query(query, span_str(key));
	}
	if (*id != '\0') {
		buf_adds(query, "&upload-id-marker=");
		name_template_escape_query(query, span_str(id));
	}
	other = buf_str(query) != NULL &&
	    !span_eq(buf_span(query), buf_span(&before));
	buf_free(&before);
	return other;
}

enum s3_verdict
multipart_list_each(struct s3 *s, struct http *h, struct retry *retry,
    struct span prefix,
    void (*visit)(void *arg, const struct multipart_entry *u), void *arg,
    char *reason)
{
	struct s3_call c = { .method = "GET", .http.max_answer = PAGE_MAX };
	struct buf query = { 0 };
	enum s3_verdict v = S3_DONE;

	while (v == S3_DONE && next_page(buf_span(&c.http.answer), &query,
	    prefix)) {
		c.query = query.p;
		c.fixed = 0;
		v = s3_do(s, h, &c, retry);
		if (v == S3_DONE)
			visit_page(buf_span(&c.http.answer), visit, arg);
	}
	if (v != S3_DONE && reason != NULL)
		memcpy(reason, c.reason, sizeof c.reason);
	s3_call_free(&c);
	buf_free(&query);
	return v;
}

enum s3_verdict
multipart_list_abort(struct s3 *s, struct http *h, struct retry *retry,
    struct span key, const char *id, char *reason)
{
	char query[QUERY_MAX];
	struct s3_call c = { .method = "DELETE", .key = key, .query = query };
	enum s3_verdict v;

	snprintf(query, sizeof query, "uploadId=%s", id);
	v = s3_do(s, h, &c, retry);
	if (c.http.status == 404)
		v = S3_DONE;
	if (v != S3_DONE && reason != NULL)
		memcpy(reason, c.reason, sizeof c.reason);
	s3_call_free(&c);
	return v;
}
