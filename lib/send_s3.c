#include "trip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "awsconf.h"
#include "finish.h"
#include "headers.h"
#include "multipart.h"
#include "status.h"
#include "uploads.h"

enum { SUFFIXES = 10000, SINGLE_MAX = 64 << 20 };

const char *
send_s3_prepare(struct send *s)
{
	const char *bucket = s->url + strlen("s3://");
	const char *key = strchr(bucket, '/'), *why;

	s->s3_options.http = &s->http;
	if (s->http.cacert == NULL)
		s->http.cacert = awsconf_env("AWS_CA_BUNDLE");
	if ((s->s3 = s3_new(bucket, &s->s3_options, &why)) == NULL)
		return why;
	if (asprintf(&s->origin, "s3://%.*s/", (int)strcspn(bucket, "/"),
	    bucket) < 0)
		return "out of memory";
	key = key != NULL ? key + 1 : "";
	buf_adds(&s->place, key);
	if (*key == '\0' || key[strlen(key) - 1] == '/')
		buf_adds(&s->place, "{name}");
	if (buf_str(&s->place) == NULL ||
	    (s->pool = http_pool_new(&s->http)) == NULL)
		return "out of memory";
	return NULL;
}

/* What a verdict that is not S3_DONE means for the parcel. */
static int
failed(struct trip *t, const struct s3_call *c, enum s3_verdict v)
{
	if (finish_asked())
		return parcel_fail(t->p, STATUS_RETRY, "interrupted");
	return parcel_fail(t->p, v == S3_LATER ? STATUS_RETRY : STATUS_TROUBLE,
	    "%s", c->reason);
}

static bool
is_md5(struct span etag)
{
	if (etag.len != 2 * MD5_SIZE)
		return false;
	for (size_t i = 0; i < etag.len; i++)
		if (strchr("0123456789abcdefABCDEF", etag.p[i]) == NULL)
			return false;
	return true;
}

/* An ETag without its quotes. */
static struct span
etag_of(const struct s3_call *c)
{
	struct span e = headers_get(&c->http.answer_headers, "ETag");

	if (e.len >= 2 && e.p[0] == '"' && e.p[e.len - 1] == '"')
		e = span_of(e.p + 1, e.len - 2);
	return e;
}

/* Does the answer's ETag say that the store has the parcel's very bytes? */
static bool
etag_proves(const struct parcel *p, const struct s3_call *c)
{
	char hex[2 * MD5_SIZE + 1];
	struct span etag = etag_of(c);

	if (p->st.st_size > SINGLE_MAX || !is_md5(etag))
		return false;
	hash_hex(p->digests.md5, MD5_SIZE, hex);
	return strncasecmp(hex, etag.p, etag.len) == 0;
}

/* A large file's digest is taken when it is needed. */
static int
digest(struct parcel *p)
{
	return p->sha256[0] != '\0' ? STATUS_OK : parcel_digest(p, HASH_SHA256);
}

/* Does a HEAD's answer describe the parcel's contents? */
static enum found
describes(struct parcel *p, const struct s3_call *c, int *status)
{
	const struct buf *h = &c->http.answer_headers;
	struct span size = headers_get(h, "Content-Length");
	struct span sha256 = headers_get(h, "x-amz-meta-sha256");
	char want[32];

	snprintf(want, sizeof want, "%lld", (long long)p->st.st_size);
	if (!span_is(size, want))
		return FOUND_OTHER;
	if ((*status = digest(p)) != STATUS_OK)
		return FOUND_FAILED;
	return span_is(sha256, p->sha256) || etag_proves(p, c) ? FOUND_EQUAL :
	    FOUND_OTHER;
}

static int
keep_etag(struct parcel *p, struct span etag)
{
	buf_clear(&p->etag);
	return buf_addspan(&p->etag, etag);
}

/* What is under the key?  FAILED: *status is the parcel's. */
static enum found
look(struct trip *t, int *status)
{
	struct s3_call c = { .method = "HEAD", .key = t->name, .query = "" };
	enum s3_verdict v = s3_do(t->s->s3, t->h, &c, &t->retry);
	enum found found = FOUND_FAILED;

	if (v == S3_DONE) {
		found = describes(t->p, &c, status);
		if (found == FOUND_EQUAL)
			keep_etag(t->p, etag_of(&c));
	} else if (v == S3_NO && c.http.status == 404) {
		found = FOUND_NONE;
	} else if (v == S3_NO && c.http.status != 0) {
		/* 403: whoever may only write is not told; 400 has no reason */
		found = FOUND_UNKNOWN;
	} else {
		*status = failed(t, &c, v);
	}
	s3_call_free(&c);
	return found;
}

/* The headers that the object keeps. */
static int
add_headers(const struct trip *t, struct buf *headers)
{
	const struct parcel *p = t->p;

	buf_addspan(headers, buf_span(&t->s->headers));
	headers_add(headers, "x-amz-meta-mtime", "%lld.%09ld",
	    (long long)p->st.st_mtim.tv_sec, p->st.st_mtim.tv_nsec);
	headers_add(headers, "x-amz-meta-sha256", "%s", p->sha256);
	if (t->s->common.host != NULL)
		headers_add(headers, "x-amz-meta-host", "%s",
		    t->s->common.host);
	return send_content_type(t->s, p, headers) < 0 || headers->failed ?
	    -1 : 0;
}

/* One PUT; *taken: the server says the key is taken. */
static int
put_single(struct trip *t, bool if_absent, bool *taken)
{
	struct parcel *p = t->p;
	struct s3_call c = {
		.method = "PUT", .key = t->name, .query = "",
		.if_absent = if_absent, .parcel = p, .sha256 = p->sha256,
		.http = { .from_file = true, .fd = p->fd,
		    .size = (uint64_t)p->st.st_size },
	};
	char base64[64];
	enum s3_verdict v;
	int status = STATUS_OK;

	hash_base64(p->digests.md5, MD5_SIZE, base64);
	headers_add(&c.headers, "Content-MD5", "%s", base64);
	if (s3_is_aws(t->s->s3)) {
		hash_base64(p->digests.sha256, SHA256_SIZE, base64);
		headers_add(&c.headers, "x-amz-checksum-sha256", "%s", base64);
	}
	if (add_headers(t, &c.headers) < 0) {
		status = parcel_fail_errno(p, STATUS_TROUBLE, NULL);
		goto done;
	}
	v = s3_do(t->s->s3, t->h, &c, &t->retry);
	/* With a key of KMS, the ETag is no MD5. */
	t->accepted = v == S3_DONE && span_is(headers_get(
	    &c.http.answer_headers, "x-amz-server-side-encryption"), "aws:kms");
	*taken = v == S3_NO && c.http.status == 412;
	if (*taken)
		status = STATUS_NO;
	else if (v != S3_DONE)
		status = failed(t, &c, v);
	else if (etag_proves(p, &c))
		keep_etag(p, etag_of(&c));
	else
		status = STATUS_NO;	/* stored, unproven: a HEAD decides */
done:
	s3_call_free(&c);
	return status;
}

/* Does the ETag of the whole name as many parts as we sent? */
static bool
has_parts(const struct multipart *m)
{
	const char *dash = strchr(m->etag, '-');

	return dash != NULL && strtoul(dash + 1, NULL, 10) == m->count;
}

/*
 * Was the key taken while the parts were sent?  Ceph does not look when it puts
 * them together, whatever the condition.  STATUS_OK: no, go on.
 */
static int
look_again(struct trip *t, bool *taken, bool *is_there)
{
	int status = STATUS_OK;
	enum found found = look(t, &status);

	*taken = found == FOUND_OTHER;
	*is_there = found == FOUND_EQUAL;
	return found == FOUND_FAILED ? status : *taken ? STATUS_NO : STATUS_OK;
}

/* The parts are there: have them put together, until the object is seen. */
static int
complete(struct trip *t, struct multipart *m, bool *taken)
{
	enum s3_verdict v;
	bool is_there = false;
	int status;

	if (parcel_changed(t->p))	/* parts of two states, perhaps */
		return parcel_fail(t->p, STATUS_RETRY,
		    "changed while it was sent");
	if (m->if_absent &&
	    (status = look_again(t, taken, &is_there)) != STATUS_OK)
		return status;
	if (is_there) {
		multipart_abort(m);
		return STATUS_OK;
	}
	for (;;) {
		v = multipart_complete(m, taken);
		t->accepted = v == S3_DONE && has_parts(m);
		if (v == S3_DONE || *taken)
			return STATUS_NO;
		/* Done all the same? RGW says 500 when asked once more. */
		switch (look(t, &status)) {
		case FOUND_EQUAL: return STATUS_OK;
		case FOUND_FAILED: return status;
		default: break;
		}
		if (v == S3_NO)
			return STATUS_TROUBLE;
		if (!retry_wait(&t->retry, 0))
			return STATUS_RETRY;
	}
}

static int
put_parts(struct trip *t, bool if_absent, bool *taken)
{
	struct multipart m = {
		.s3 = t->s->s3, .h = t->h, .retry = &t->retry,
		.http = &t->s->http, .parcel = t->p, .key = t->name,
		.if_absent = if_absent, .fresh = t->own != NULL,
		.jobs = t->s->http.max_rate > 0 ? 1 : t->s->jobs,
	};
	int status, ignored;

	status = multipart_digest(&m);	/* in a thread, beside the whole: */
	if (status == STATUS_OK)
		status = digest(t->p);
	if (status == STATUS_OK && add_headers(t, &m.headers) < 0)
		status = parcel_fail_errno(t->p, STATUS_TROUBLE, NULL);
	if (status == STATUS_OK)
		status = multipart_send(&m);
	if (status == STATUS_OK)
		status = complete(t, &m, taken);
	else if (m.gone && look(t, &ignored) == FOUND_EQUAL)
		status = STATUS_OK;	/* another run completed it */
	if ((status != STATUS_OK && status != STATUS_NO) || *taken)
		multipart_abort(&m);
	multipart_free(&m);
	buf_free(&m.headers);
	return status;
}

static int
put(struct trip *t, bool if_absent, bool *taken)
{
	*taken = false;
	if (t->p->st.st_size <= SINGLE_MAX)
		return put_single(t, if_absent, taken);
	return put_parts(t, if_absent, taken);
}

int
send_s3(struct send *s, struct parcel *p)
{
	static const struct trip_kind kind = {
		.which = HASH_SHA256 | HASH_MD5, .digest_max = SINGLE_MAX,
		.suffixes = SUFFIXES,
		.look = look, .put = put,
	};

	return trip_make(s, p, &kind);
}

struct sweep {
	struct send *s;
	struct http *h;
	struct retry retry;
	int64_t before;
	unsigned count;
	char reason[320];	/* "": nothing failed */
};

static void
sweep_one(void *arg, const struct upload *u)
{
	struct sweep *w = arg;

	if (u->begun == 0 || u->begun >= w->before)
		return;
	if (upload_abort(w->s->s3, w->h, &w->retry, span_str(u->key), u->id,
	    w->reason) == S3_DONE)
		w->count++;
}

int
send_s3_sweep(struct send *s, int64_t before, unsigned *count,
    char reason[320])
{
	struct sweep w = {
		.s = s, .h = http_pool_take(s->pool), .before = before,
	};
	struct span prefix = span_of(s->place.p, strcspn(s->place.p, "{"));
	enum s3_verdict v = S3_NO;

	if (w.h != NULL) {
		retry_begin(&w.retry, s->deadline_ms);
		v = uploads_each(s->s3, w.h, &w.retry, prefix, sweep_one, &w,
		    w.reason);
	} else {
		snprintf(w.reason, sizeof w.reason, "%s", strerror(errno));
	}
	http_pool_give(s->pool, w.h);
	memcpy(reason, w.reason, sizeof w.reason);
	*count = w.count;
	return w.reason[0] == '\0' ? STATUS_OK :
	    v == S3_LATER ? STATUS_RETRY : STATUS_TROUBLE;
}
