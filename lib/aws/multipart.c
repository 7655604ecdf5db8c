#include "aws/multipart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aws/multipart_list.h"
#include "aws/xml.h"
#include "base/status.h"
#include "base/termination.h"
#include "base/thread_pool.h"
#include "base/units.h"
#include "file/name_template.h"
#include "net/http_headers.h"

enum {
	DIGESTERS = 2,	/* threads; a network may be faster than one MD5 */
	PART_SIZE = 16 << 20, PARTS_MAX = 10000, LIST_MAX = 1 << 20,
	ID_MAX = 1024, QUERY_MAX = ID_MAX + 64, ABORT_MS = 5000,
};

struct part {
	struct multipart *of;
	uint64_t from, size;
	char etag[80]; /* as the store gave it; "" until the part is stored */
	char sha256[SHA256_HEX];
	struct digests digests;
	int error;		/* why the part could not be digested */
};

/* Sends a part, or several one after another. */
struct part_slot {
	struct s3_call call;
	struct part *part;	/* NULL when idle */
	bool waiting;		/* it waits for its next try */
	int64_t when_ms;
	char query[QUERY_MAX];
};

static bool
element(struct span in, const char *name, char *out, size_t size)
{
	return xml_element(&in, name, out, size);
}

/*
 * Keep the id of the newest upload of our very key that somebody began, unless
 * the file changed since: then its metadata belong to other contents.
 */
static void
take_newest(void *arg, const struct multipart_entry *u)
{
	struct multipart *m = arg;

	if (!span_is(m->key, u->key) || u->begun < m->begun ||
	    u->begun < (int64_t)m->upload->st.st_mtim.tv_sec)
		return;
	free(m->id);
	m->id = strdup(u->id);
	m->begun = u->begun;
}

/* Whether our part is the one that the store lists. */
static bool
is_ours(struct multipart *m, const struct part *part, const char *etag,
    uint64_t size)
{
	char hex[2 * MD5_SIZE + 1];
	struct digests d;
	size_t quote = *etag == '"';

	if (size != part->size || digest_range(HASH_MD5, m->upload->fd,
	    (off_t)part->from, part->size, m->upload->stop, &d) < 0)
		return false;
	digest_hex(d.md5, MD5_SIZE, hex);
	return d.has_md5 && strncasecmp(etag + quote, hex, strlen(hex)) == 0 &&
	    strlen(etag) == strlen(hex) + 2 * quote;
}

/*
 * Take a page of the parts that the store has, those after that number.
 * Returns the last number on it, 0 at the end, also of a list that does not go
 * on.  *ours says whether there were some so far, and all were ours.
 */
static unsigned
take_page(struct multipart *m, struct span xml, unsigned after, bool *ours)
{
	char number[16], etag[80], size[32], more[16];
	struct span part, all = xml;
	unsigned long n = 0;

	while (xml_block(&xml, "Part", &part)) {
		if (!element(part, "PartNumber", number, sizeof number) ||
		    !element(part, "ETag", etag, sizeof etag) ||
		    !element(part, "Size", size, sizeof size))
			continue;
		n = strtoul(number, NULL, 10);
		*ours = n >= 1 && n <= m->count && is_ours(m, &m->parts[n - 1],
		    etag, strtoull(size, NULL, 10));
		if (!*ours)
			return 0;
		memcpy(m->parts[n - 1].etag, etag, sizeof etag);
	}
	if (!element(all, "IsTruncated", more, sizeof more) ||
	    strcmp(more, "true") != 0)
		return 0;
	return n > after ? (unsigned)n : 0;
}

static void
forget(struct multipart *m)
{
	free(m->id);
	m->id = NULL;
	for (unsigned i = 0; i < m->count; i++)
		m->parts[i].etag[0] = '\0';
}

/*
 * Go on with the upload m->id, or forget it: an upload without parts of ours
 * may be another file's, and would give our bytes that file's digest.
 */
static void
take_up(struct multipart *m)
{
	struct s3_call c = {
		.method = "GET", .key = m->key, .http.max_answer = LIST_MAX,
	};
	struct buf query = { 0 };
	unsigned after = 0;
	bool ours = false;

	do {
		buf_clear(&query);
		buf_printf(&query, "uploadId=%s&max-parts=1000", m->id);
		if (after > 0)
			buf_printf(&query, "&part-number-marker=%u", after);
		if ((c.query = buf_str(&query)) == NULL)
			break;
		ours = s3_do(m->s3, m->h, &c, m->retry) == S3_DONE;
		if (!ours)	/* the upload is gone */
			break;
		ours = after > 0;
		after = take_page(m, buf_span(&c.http.answer), after, &ours);
	} while (after > 0);
	if (!ours)
		forget(m);
	s3_call_free(&c);
	buf_free(&query);
}

static int
call_failed(struct multipart *m, const struct s3_call *c, enum s3_verdict v)
{
	if (termination_asked())
		return upload_fail(m->upload, STATUS_RETRY, "interrupted");
	return upload_fail(m->upload, v == S3_LATER ? STATUS_RETRY :
	    STATUS_TROUBLE, "%s", c->reason);
}

static int
begin(struct multipart *m)
{
	struct s3_call c = {
		.method = "POST", .key = m->key, .query = "uploads=",
	};
	enum s3_verdict v;
	struct buf escaped = { 0 };
	struct span xml;
	char id[ID_MAX];
	int status = STATUS_OK;

	buf_addspan(&c.headers, buf_span(&m->headers));
	if (!digest_has_md5())	/* then the parts have SHA-256 for it */
		headers_add(&c.headers, "x-amz-checksum-algorithm", "SHA256");
	if ((v = s3_do(m->s3, m->h, &c, m->retry)) != S3_DONE) {
		status = call_failed(m, &c, v);
	} else {
		xml = buf_span(&c.http.answer);
		if (xml_element(&xml, "UploadId", id, sizeof id))
			name_template_escape_query(&escaped, span_str(id));
		if (buf_str(&escaped) == NULL || escaped.len == 0 ||
		    escaped.len > ID_MAX || (m->id = strdup(escaped.p)) == NULL)
			status = upload_fail(m->upload, STATUS_TROUBLE,
			    "the store gave no upload id");
	}
	buf_free(&escaped);
	s3_call_free(&c);
	return status;
}

static uint64_t
part_size(uint64_t file_size)
{
	uint64_t part = PART_SIZE;

	while ((file_size + part - 1) / part > PARTS_MAX)
		part += PART_SIZE;
	return part;
}

static int
divide(struct multipart *m)
{
	uint64_t size = (uint64_t)m->upload->st.st_size;
	uint64_t part = part_size(size);

	m->count = (unsigned)((size + part - 1) / part);
	if ((m->parts = calloc(m->count, sizeof *m->parts)) == NULL)
		return upload_fail_errno(m->upload, STATUS_TROUBLE, NULL);
	for (unsigned i = 0; i < m->count; i++) {
		m->parts[i].of = m;
		m->parts[i].from = i * part;
		m->parts[i].size = i + 1 < m->count ? part : size - i * part;
	}
	return STATUS_OK;
}

/* Digests a part, in a thread. */
static void
digest(void *arg)
{
	struct part *part = arg;
	struct multipart *m = part->of;

	if (m->ending)
		part->error = EINTR;
	else if (digest_range(HASH_SHA256 | HASH_MD5, m->upload->fd,
	    (off_t)part->from, part->size, m->upload->stop,
	    &part->digests) < 0)
		part->error = errno;
	else
		digest_hex(part->digests.sha256, SHA256_SIZE, part->sha256);
}

/* The parts are digested in order, ahead of their use. */
int
multipart_digest(struct multipart *m)
{
	int status;

	if ((status = divide(m)) != STATUS_OK)
		return status;
	if ((m->digests = thread_pool_new(DIGESTERS, digest)) == NULL)
		return upload_fail_errno(m->upload, STATUS_TROUBLE, NULL);
	for (unsigned i = 0; i < m->count; i++)
		if (thread_pool_put(m->digests, &m->parts[i]) < 0)
			return upload_fail_errno(m->upload, STATUS_TROUBLE,
			    NULL);
	return STATUS_OK;
}

/* Send the slot's part, for the first time or again. */
static int
start(struct multipart *m, struct part_slot *l)
{
	struct s3_call *c = &l->call;
	bool hopeless;

	l->waiting = false;
	c->http.timeout_ms = retry_left_ms(m->retry);
	if (s3_prepare(m->s3, c, &hopeless) < 0)
		return call_failed(m, c, hopeless ? S3_NO : S3_LATER);
	if (http_start(m->h, &c->http) < 0)
		return upload_fail_errno(m->upload, STATUS_TROUBLE, NULL);
	return STATUS_OK;
}

/* Give the slot a part. */
static int
assign(struct multipart *m, struct part_slot *l, struct part *part)
{
	if (part->error == EINTR)
		return upload_fail(m->upload, STATUS_RETRY, "interrupted");
	if ((errno = part->error) != 0)
		return upload_fail_errno(m->upload, STATUS_TROUBLE, NULL);
	snprintf(l->query, sizeof l->query, "partNumber=%u&uploadId=%s",
	    (unsigned)(part - m->parts) + 1, m->id);
	l->part = part;
	l->call = (struct s3_call){
		.method = "PUT", .key = m->key, .query = l->query,
		.sha256 = part->sha256,
		.http = { .from_file = true, .fd = m->upload->fd,
		    .from = (off_t)part->from, .size = part->size },
	};
	if (s3_add_checksum(&l->call.headers, &part->digests) < 0)
		return upload_fail_errno(m->upload, STATUS_TROUBLE, NULL);
	return start(m, l);
}

/* Handle the answer for the slot's part. */
static int
settle(struct multipart *m, struct part_slot *l)
{
	struct s3_call *c = &l->call;
	enum s3_verdict v = s3_judge(m->s3, c);
	struct span etag = headers_get(&c->http.answer_headers, "ETag");
	int64_t wait;

	if (v == S3_DONE && etag.len > 0 && etag.len < sizeof l->part->etag) {
		memcpy(l->part->etag, etag.p, etag.len);
		l->part->etag[etag.len] = '\0';
		l->part = NULL;
		s3_call_free(c);
		retry_restart(m->retry);
		return STATUS_OK;
	}
	if (v == S3_AGAIN)
		return start(m, l);
	if (v == S3_DONE)
		snprintf(c->reason, sizeof c->reason, "a part has no ETag");
	if (v == S3_NO && strcmp(c->code, "NoSuchUpload") == 0) {
		m->gone = true; /* somebody else has aborted or completed it */
		return call_failed(m, c, S3_LATER);
	}
	if (v == S3_NO || termination_asked() || upload_changed(m->upload) ||
	    s3_out_of_attempts(m->s3, c->attempts) ||
	    (wait = retry_next_ms(m->retry, c->after_ms)) < 0)
		return call_failed(m, c, v == S3_NO ? S3_NO : S3_LATER);
	l->waiting = true;
	l->when_ms = units_now_ms() + wait;
	return STATUS_OK;
}

/* Returns the next part that is not stored yet, NULL when there is none. */
static struct part *
next_part(struct multipart *m)
{
	struct part *part;

	while ((part = thread_pool_take(m->digests)) != NULL &&
	    part->etag[0] != '\0')
		;
	return part;
}

/*
 * Start all parts that may be started.  *next_ms becomes how long the next
 * waiting slot still waits, -1 for none; *busy tells whether any slot has a
 * part.
 */
static int
feed(struct multipart *m, struct part_slot *slots, bool *busy, int64_t *next_ms)
{
	int64_t left, now = units_now_ms();
	struct part *part;
	int status = STATUS_OK;

	*busy = false;
	*next_ms = -1;
	for (unsigned i = 0; i < m->jobs && status == STATUS_OK; i++) {
		struct part_slot *l = &slots[i];

		if (l->part == NULL && (part = next_part(m)) != NULL)
			status = assign(m, l, part);
		else if (l->waiting && l->when_ms <= now)
			status = start(m, l);
		*busy = *busy || l->part != NULL;
		if (l->waiting) {
			left = l->when_ms > now ? l->when_ms - now : 0;
			if (*next_ms < 0 || left < *next_ms)
				*next_ms = left;
		}
	}
	return status;
}

static struct part_slot *
slot_of(struct part_slot *slots, unsigned n, const struct http_request *r)
{
	for (unsigned i = 0; i < n; i++)
		if (&slots[i].call.http == r)
			return &slots[i];
	return NULL;
}

static int
store_parts(struct multipart *m)
{
	struct part_slot *slots;
	struct http_request *r;
	int64_t next_ms;
	bool busy;
	int status;

	if ((slots = calloc(m->jobs, sizeof *slots)) == NULL)
		return upload_fail_errno(m->upload, STATUS_TROUBLE, NULL);
	for (;;) {
		status = feed(m, slots, &busy, &next_ms);
		if (status != STATUS_OK || !busy)
			break;
		if ((r = http_wait(m->h, next_ms)) != NULL) {
			status = settle(m, slot_of(slots, m->jobs, r));
		} else if (termination_asked()) {
			status = upload_fail(m->upload, STATUS_RETRY,
			    "interrupted");
		}
		if (status != STATUS_OK)
			break;
	}
	for (unsigned i = 0; i < m->jobs; i++) {
		http_cancel(m->h, &slots[i].call.http);
		s3_call_free(&slots[i].call);
	}
	free(slots);
	return status;
}

int
multipart_send(struct multipart *m)
{
	int status;

	if (!m->fresh) {
		multipart_list_each(
		    m->s3, m->h, m->retry, m->key, take_newest, m, NULL);
		if (m->id != NULL)
			take_up(m);
	}
	if (m->id == NULL && (status = begin(m)) != STATUS_OK)
		return status;
	return store_parts(m);
}

/* Write the list of parts, in the form that the store wants. */
static int
list_parts(const struct multipart *m, struct buf *xml)
{
	char base64[64];

	buf_adds(xml, "<CompleteMultipartUpload>");
	for (unsigned i = 0; i < m->count; i++) {
		buf_printf(xml, "<Part><PartNumber>%u</PartNumber><ETag>",
		    i + 1);
		for (const char *p = m->parts[i].etag; *p != '\0'; p++)
			if (*p == '"')
				buf_adds(xml, "&quot;");
			else if (*p != '<' && *p != '&')
				buf_addc(xml, *p);
		buf_adds(xml, "</ETag>");
		if (!m->parts[i].digests.has_md5) {
			digest_base64(m->parts[i].digests.sha256, SHA256_SIZE,
			    base64);
			buf_printf(xml, "<ChecksumSHA256>%s</ChecksumSHA256>",
			    base64);
		}
		buf_adds(xml, "</Part>");
	}
	buf_adds(xml, "</CompleteMultipartUpload>");
	return xml->failed ? -1 : 0;
}

/* Make one call without retries. */
static enum s3_verdict
call_once(struct s3 *s, struct http *h, struct s3_call *c)
{
	enum s3_verdict v;
	bool hopeless;

	do {
		if (s3_prepare(s, c, &hopeless) < 0)
			return hopeless ? S3_NO : S3_LATER;
		http_do(h, &c->http);
		v = s3_judge(s, c);
	} while (v == S3_AGAIN);
	return v;
}

enum s3_verdict
multipart_complete(struct multipart *m, bool *taken)
{
	unsigned char d[SHA256_SIZE];
	char query[QUERY_MAX], hex[SHA256_HEX];
	struct buf xml = { 0 };
	struct s3_call c = {
		.method = "POST", .key = m->key, .query = query, .sha256 = hex,
		.if_absent = m->if_absent,
	};
	enum s3_verdict v = S3_NO;
	struct span answer;

	*taken = false;
	if (list_parts(m, &xml) < 0) {
		upload_fail_errno(m->upload, STATUS_TROUBLE, NULL);
		goto done;
	}
	sha256(xml.p, xml.len, d);
	digest_hex(d, sizeof d, hex);
	snprintf(query, sizeof query, "uploadId=%s", m->id);
	c.http.body = buf_span(&xml);
	c.http.timeout_ms = retry_left_ms(m->retry);
	headers_add(&c.headers, "Content-Type", "application/xml");
	v = call_once(m->s3, m->h, &c);
	*taken = c.http.status == 412;
	/*
	 * The store sends 200 before the work is done; an error may follow in
	 * the answer.
	 */
	answer = buf_span(&c.http.answer);
	if (v == S3_DONE && answer.len > 0 &&
	    memmem(answer.p, answer.len, "<Error>", 7) != NULL) {
		xml_element(&answer, "Code", c.code, sizeof c.code);
		snprintf(c.reason, sizeof c.reason, "200, but %s", c.code);
		v = S3_LATER;
	}
	if (v == S3_DONE)
		xml_element(&answer, "ETag", m->etag, sizeof m->etag);
	else
		call_failed(m, &c, v);
done:
	s3_call_free(&c);
	buf_free(&xml);
	return v;
}

void
multipart_abort(struct multipart *m)
{
	struct http_options o = *m->http;
	struct retry retry;
	struct http *h;

	o.until_done = true;	/* most likely that is why we abort */
	if (m->id == NULL || (h = http_new(&o)) == NULL)
		return;
	retry_begin(&retry, ABORT_MS);
	multipart_list_abort(m->s3, h, &retry, m->key, m->id, NULL);
	http_free(h);
}

void
multipart_free(struct multipart *m)
{
	m->ending = true;
	thread_pool_free(m->digests);
	free(m->parts);
	free(m->id);
	m->digests = NULL;
	m->parts = NULL;
	m->id = NULL;
}
