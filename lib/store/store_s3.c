#include "store/store_http_common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "aws/multipart.h"
#include "aws/multipart_list.h"
#include "base/status.h"
#include "base/termination.h"
#include "net/http_headers.h"

/* Some stores say yes to every name: that is found out. */
enum { SUFFIXES = 100, SINGLE_MAX = 64 << 20 };

const char *
store_s3_prepare(struct store *s)
{
	const char *bucket = s->url + strlen("s3://");
	const char *key = strchr(bucket, '/'), *why;

	s->s3_options.http = &s->http;
	if (s->http.cacert == NULL)
		s->http.cacert = s->ca_bundle =
		    s3_ca_bundle(s->s3_options.profile);
	if ((s->s3 = s3_new(bucket, &s->s3_options, &why)) == NULL)
		return why;
	if (asprintf(&s->url_prefix, "s3://%.*s/", (int)strcspn(bucket, "/"),
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

/* Returns the status of the upload after a verdict that is not S3_DONE. */
static int
failed(struct store_call *t, const struct s3_call *c, enum s3_verdict v)
{
	if (termination_asked())
		return upload_fail(t->p, STATUS_RETRY, "interrupted");
	return upload_fail(t->p, v == S3_LATER ? STATUS_RETRY : STATUS_TROUBLE,
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

/* Returns an ETag without its quotes. */
static struct span
etag_of(const struct s3_call *c)
{
	struct span e = headers_get(&c->http.answer_headers, "ETag");

	if (e.len >= 2 && e.p[0] == '"' && e.p[e.len - 1] == '"')
		e = span_of(e.p + 1, e.len - 2);
	return e;
}

/* Whether the answer's ETag says that the store has the upload's very bytes. */
static bool
etag_proves(const struct upload *p, const struct s3_call *c)
{
	char hex[2 * MD5_SIZE + 1];
	struct span etag = etag_of(c);

	if (p->st.st_size > SINGLE_MAX || !p->digests.has_md5 || !is_md5(etag))
		return false;
	digest_hex(p->digests.md5, MD5_SIZE, hex);
	return strncasecmp(hex, etag.p, etag.len) == 0;
}

/* A large file's digest is taken when it is needed. */
static int
digest(struct upload *p)
{
	return p->sha256[0] != '\0' ? STATUS_OK : upload_digest(p, HASH_SHA256);
}

/* Whether a HEAD's answer describes the upload's contents. */
static enum found
describes(struct upload *p, const struct s3_call *c, int *status)
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
keep_etag(struct upload *p, struct span etag)
{
	buf_clear(&p->etag);
	return buf_addspan(&p->etag, etag);
}

/* Look at the object under the key.  With FAILED, *status is the upload's. */
static enum found
look(struct store_call *t, int *status)
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
		/*
		 * 403: who may only write gets no better answer; 400 has no
		 * reason
		 */
		found = FOUND_UNKNOWN;
	} else {
		*status = failed(t, &c, v);
	}
	s3_call_free(&c);
	return found;
}

/* The headers that the object keeps. */
static int
add_headers(const struct store_call *t, struct buf *headers)
{
	const struct upload *p = t->p;

	buf_addspan(headers, buf_span(&t->s->headers));
	headers_add(headers, "x-amz-meta-mtime", "%lld.%09ld",
	    (long long)p->st.st_mtim.tv_sec, p->st.st_mtim.tv_nsec);
	headers_add(headers, "x-amz-meta-sha256", "%s", p->sha256);
	if (t->s->common.host != NULL)
		headers_add(headers, "x-amz-meta-host", "%s",
		    t->s->common.host);
	return store_content_type(t->s, p, headers) < 0 || headers->failed ?
	    -1 : 0;
}

/*
 * Make one PUT; *taken becomes true when the server says that the key is taken.
 */
static int
put_single(struct store_call *t, bool if_absent, bool *taken)
{
	struct upload *p = t->p;
	struct s3_call c = {
		.method = "PUT", .key = t->name, .query = "",
		.if_absent = if_absent, .upload = p, .sha256 = p->sha256,
		.http = { .from_file = true, .fd = p->fd,
		    .size = (uint64_t)p->st.st_size },
	};
	char base64[64];
	enum s3_verdict v;
	int status = STATUS_OK;

	s3_add_checksum(&c.headers, &p->digests);
	if (s3_is_aws(t->s->s3) && p->digests.has_md5) {
		digest_base64(p->digests.sha256, SHA256_SIZE, base64);
		headers_add(&c.headers, "x-amz-checksum-sha256", "%s", base64);
	}
	if (add_headers(t, &c.headers) < 0) {
		status = upload_fail_errno(p, STATUS_TROUBLE, NULL);
		goto done;
	}
	v = s3_do(t->s->s3, t->h, &c, &t->retry);
	/* With encryption by a key of KMS, the ETag is no MD5. */
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
		status = STATUS_NO; /* stored, but not proven: a HEAD decides */
done:
	s3_call_free(&c);
	return status;
}

/* Whether the ETag of the whole names as many parts as we sent. */
static bool
has_parts(const struct multipart *m)
{
	const char *dash = strchr(m->etag, '-');

	return dash != NULL && strtoul(dash + 1, NULL, 10) == m->count;
}

/*
 * Look whether the key was taken while the parts were sent.  Ceph does not
 * check that when it puts them together, whatever the condition.  STATUS_OK
 * means that it was not taken.
 */
static int
look_again(struct store_call *t, bool *taken, bool *is_there)
{
	int status = STATUS_OK;
	enum found found = look(t, &status);

	*taken = found == FOUND_OTHER;
	*is_there = found == FOUND_EQUAL;
	return found == FOUND_FAILED ? status : *taken ? STATUS_NO : STATUS_OK;
}

/* Have the stored parts put together, until the object is seen. */
static int
complete(struct store_call *t, struct multipart *m, bool *taken)
{
	enum s3_verdict v;
	bool is_there = false;
	int status;

	/* Perhaps the parts are of two states of the file. */
	if (upload_changed(t->p))
		return upload_fail(t->p, STATUS_RETRY,
		    "changed while it was sent");
	if (m->if_absent &&
	    (status = look_again(t, taken, &is_there)) != STATUS_OK)
		return status;
	if (is_there) {
		multipart_abort(m);
		return STATUS_OK;
	}
	for (unsigned tries = 1;; tries++) {
		v = multipart_complete(m, taken);
		t->accepted = v == S3_DONE && has_parts(m);
		if (v == S3_DONE || *taken)
			return STATUS_NO;
		/*
		 * The object may exist all the same: Ceph's RGW answers 500 to
		 * a second request.
		 */
		switch (look(t, &status)) {
		case FOUND_EQUAL: return STATUS_OK;
		case FOUND_FAILED: return status;
		default: break;
		}
		if (v == S3_NO)
			return STATUS_TROUBLE;
		if (s3_out_of_attempts(t->s->s3, tries) ||
		    !retry_wait(&t->retry, 0))
			return STATUS_RETRY;
	}
}

static int
put_parts(struct store_call *t, bool if_absent, bool *taken)
{
	struct multipart m = {
		.s3 = t->s->s3, .h = t->h, .retry = &t->retry,
		.http = &t->s->http, .upload = t->p, .key = t->name,
		.if_absent = if_absent, .fresh = t->own != NULL,
		.jobs = t->s->http.max_rate > 0 ? 1 : t->s->jobs,
	};
	int status, ignored;

	/* Threads digest the parts while we digest the whole. */
	status = multipart_digest(&m);
	if (status == STATUS_OK)
		status = digest(t->p);
	if (status == STATUS_OK && add_headers(t, &m.headers) < 0)
		status = upload_fail_errno(t->p, STATUS_TROUBLE, NULL);
	if (status == STATUS_OK)
		status = multipart_send(&m);
	if (status == STATUS_OK)
		status = complete(t, &m, taken);
	else if (m.gone && look(t, &ignored) == FOUND_EQUAL)
		status = STATUS_OK;	/* another run has completed it */
	if ((status != STATUS_OK && status != STATUS_NO) || *taken)
		multipart_abort(&m);
	multipart_free(&m);
	buf_free(&m.headers);
	return status;
}

static int
put(struct store_call *t, bool if_absent, bool *taken)
{
	*taken = false;
	if (t->p->st.st_size <= SINGLE_MAX)
		return put_single(t, if_absent, taken);
	return put_parts(t, if_absent, taken);
}

int
store_s3(struct store *s, struct upload *p)
{
	static const struct store_call_kind kind = {
		.which = HASH_SHA256 | HASH_MD5, .digest_max = SINGLE_MAX,
		.suffixes = SUFFIXES,
		.look = look, .put = put,
	};

	return store_call_make(s, p, &kind);
}

struct sweep {
	struct store *s;
	struct http *h;
	struct retry retry;
	int64_t before;
	unsigned count;
	char reason[320];	/* "" when nothing failed */
};

static void
sweep_one(void *arg, const struct multipart_entry *u)
{
	struct sweep *w = arg;

	if (u->begun == 0 || u->begun >= w->before)
		return;
	if (multipart_list_abort(w->s->s3, w->h, &w->retry, span_str(u->key),
		u->id, w->reason) == S3_DONE)
		w->count++;
}

int
store_s3_sweep(struct store *s, int64_t before, unsigned *count,
    char reason[320])
{
	struct sweep w = {
		.s = s, .h = http_pool_take(s->pool), .before = before,
	};
	struct span prefix = span_of(s->place.p, strcspn(s->place.p, "{"));
	enum s3_verdict v = S3_NO;

	if (w.h != NULL) {
		retry_begin(&w.retry, s->deadline_ms);
		v = multipart_list_each(
		    s->s3, w.h, &w.retry, prefix, sweep_one, &w, w.reason);
	} else {
		snprintf(w.reason, sizeof w.reason, "%s", strerror(errno));
	}
	http_pool_give(s->pool, w.h);
	memcpy(reason, w.reason, sizeof w.reason);
	*count = w.count;
	return w.reason[0] == '\0' ? STATUS_OK :
	    v == S3_LATER ? STATUS_RETRY : STATUS_TROUBLE;
}
