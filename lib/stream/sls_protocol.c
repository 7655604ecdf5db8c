#include "stream/sls_protocol.h"

#include <errno.h>
#include <lz4.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/digest.h"
#include "net/http_headers.h"
#include "record/json.h"
#include "record/timestamp.h"
#include "stream/json_document.h"

/* The numbers of the messages' fields, with their wire types. */
enum {
	VARINT = 0, BYTES = 2, FIXED32 = 5,
	GROUP_LOGS = 1 << 3 | BYTES, GROUP_TOPIC = 3 << 3 | BYTES,
	GROUP_SOURCE = 4 << 3 | BYTES, GROUP_TAGS = 6 << 3 | BYTES,
	LOG_TIME = 1 << 3 | VARINT, LOG_CONTENTS = 2 << 3 | BYTES,
	LOG_TIME_NS = 4 << 3 | FIXED32,
	PAIR_KEY = 1 << 3 | BYTES, PAIR_VALUE = 2 << 3 | BYTES,
};

#define TAG_PREFIX "__tag__:"
enum { HEADERS_MAX = 32 };

/* --- protobuf --- */

static void
add_varint(struct buf *b, uint64_t v)
{
	while (v >= 0x80) {
		buf_addc(b, (char)(v | 0x80));
		v >>= 7;
	}
	buf_addc(b, (char)v);
}

static size_t
varint_size(uint64_t v)
{
	size_t n = 1;

	while ((v >>= 7) > 0)
		n++;
	return n;
}

static void
add_bytes(struct buf *b, int field, struct span s)
{
	buf_addc(b, (char)field);
	add_varint(b, s.len);
	buf_addspan(b, s);
}

static void
add_pair(struct buf *b, int field, struct span key, struct span value)
{
	buf_addc(b, (char)field);
	add_varint(b, 2 + varint_size(key.len) + key.len +
	    varint_size(value.len) + value.len);
	add_bytes(b, PAIR_KEY, key);
	add_bytes(b, PAIR_VALUE, value);
}

/* --- records --- */

static bool
is_tag(struct span key)
{
	return key.len > strlen(TAG_PREFIX) &&
	    memcmp(key.p, TAG_PREFIX, strlen(TAG_PREFIX)) == 0;
}

/* Whether the group, or the log's time, takes the field of this name. */
static bool
is_taken(struct span key)
{
	return span_is(key, "timestamp") || span_is(key, "__topic__") ||
	    span_is(key, "__source__") || is_tag(key);
}

/*
 * Add a value's decoded text.  Bytes that are not UTF-8 become U+FFFD, as in
 * JSON: protobuf's strings are UTF-8.
 */
static void
add_text(struct buf *b, const struct json_value *v)
{
	struct json_value proper = *v;
	struct buf text = { 0 };
	bool lossy = false;

	if (!v->clean) {
		json_add_value(&text, v, &lossy);
		proper.text = buf_span(&text);
	}
	if (text.failed) {
		b->failed = true;
	} else {
		if (!v->clean && v->type == JSON_STRING) {
			proper.text.p++;	/* its quotes */
			proper.text.len -= 2;
			proper.escaped = true;
		}
		json_decode(b, &proper);
	}
	buf_free(&text);
}

/* Add the field's text.  Returns whether there was one. */
static bool
add_field(struct buf *b, struct span line, const char *name)
{
	struct json_value v;

	if (!json_get(line, name, &v) || v.type == JSON_NULL)
		return false;
	add_text(b, &v);
	return b->len > 0;
}

static void
add_tags(struct sls_group *g, struct span line)
{
	struct buf name = { 0 }, text = { 0 };
	struct json_value key, value;
	struct json j;

	if (memmem(line.p, line.len, TAG_PREFIX, strlen(TAG_PREFIX)) == NULL ||
	    json_open(&j, line, false) < 0 || j.close != '}')
		return;
	while (json_next(&j, &key, &value) > 0) {
		if (!is_tag(key.text))
			continue;
		buf_clear(&name);
		buf_clear(&text);
		key.text.p += strlen(TAG_PREFIX);
		key.text.len -= strlen(TAG_PREFIX);
		add_text(&name, &key);
		add_text(&text, &value);
		add_pair(&g->tags, GROUP_TAGS, buf_span(&name), buf_span(&text));
		g->tags.failed |= name.failed || text.failed;
	}
	buf_free(&name);
	buf_free(&text);
}

int
sls_group_of(struct sls_group *g, struct span line, const char *host)
{
	buf_clear(&g->topic);
	buf_clear(&g->source);
	buf_clear(&g->tags);
	if (!add_field(&g->topic, line, "__topic__"))
		add_field(&g->topic, line, "tag");
	if (!add_field(&g->source, line, "__source__") &&
	    !add_field(&g->source, line, "hostname"))
		buf_adds(&g->source, host);
	add_tags(g, line);
	return g->topic.failed || g->source.failed || g->tags.failed ? -1 : 0;
}

bool
sls_group_same(const struct sls_group *a, const struct sls_group *b)
{
	return span_eq(buf_span(&a->topic), buf_span(&b->topic)) &&
	    span_eq(buf_span(&a->source), buf_span(&b->source)) &&
	    span_eq(buf_span(&a->tags), buf_span(&b->tags));
}

void
sls_group_free(struct sls_group *g)
{
	buf_free(&g->topic);
	buf_free(&g->source);
	buf_free(&g->tags);
}

/*
 * Whether a member of the same name stands before this one: a log's keys must
 * be unique.
 */
static bool
came_before(struct span line, const struct json_value *key)
{
	struct json_value k, v;
	struct json j;

	json_open(&j, line, false);
	while (json_next(&j, &k, &v) > 0 && k.text.p != key->text.p)
		if (span_eq(k.text, key->text))
			return true;
	return false;
}

static void
add_contents(struct buf *log, struct span line)
{
	struct json_value key, value;
	struct buf doc = { 0 }, k = { 0 }, v = { 0 };
	struct json j;

	json_document_add(&doc, line);
	if (!doc.failed && json_open(&j, buf_span(&doc), false) == 0)
		while (json_next(&j, &key, &value) > 0) {
			if (is_taken(key.text) ||
			    came_before(buf_span(&doc), &key))
				continue;
			buf_clear(&k);
			buf_clear(&v);
			add_text(&k, &key);
			add_text(&v, &value);
			add_pair(log, LOG_CONTENTS, buf_span(&k), buf_span(&v));
			log->failed |= k.failed || v.failed;
		}
	log->failed |= doc.failed;
	buf_free(&doc);
	buf_free(&k);
	buf_free(&v);
}

int
sls_add_log(struct buf *msg, struct span line, time_t now)
{
	struct timestamp t = { .sec = now };
	struct buf log = { 0 };
	bool timed = json_document_time(line, &t);
	uint32_t ns = t.nsec;

	if (t.sec < 0 || t.sec > UINT32_MAX) {
		errno = EINVAL;
		return -1;
	}
	buf_addc(&log, LOG_TIME);
	add_varint(&log, (uint64_t)t.sec);
	add_contents(&log, line);
	if (timed && t.digits > 0) {
		buf_addc(&log, LOG_TIME_NS);
		for (int i = 0; i < 32; i += 8)
			buf_addc(&log, (char)(ns >> i));
	}
	if (!log.failed)
		add_bytes(msg, GROUP_LOGS, buf_span(&log));
	msg->failed |= log.failed;
	buf_free(&log);
	if (msg->failed)
		errno = ENOMEM;
	return msg->failed ? -1 : 0;
}

int
sls_add_group(struct buf *msg, const struct sls_group *g)
{
	if (g->topic.len > 0)
		add_bytes(msg, GROUP_TOPIC, buf_span(&g->topic));
	add_bytes(msg, GROUP_SOURCE, buf_span(&g->source));
	buf_addspan(msg, buf_span(&g->tags));
	return msg->failed ? -1 : 0;
}

int
sls_compress(struct buf *to, struct span body)
{
	int n;

	buf_clear(to);
	if (body.len > LZ4_MAX_INPUT_SIZE || buf_reserve(to, body.len) < 0)
		return -1;
	n = LZ4_compress_default(body.p, to->p, (int)body.len, (int)body.len);
	if (n <= 0 || (size_t)n >= body.len)
		return -1;
	to->len = (size_t)n;
	return 0;
}

/* --- signatures --- */

struct field {
	struct span name, value;
};

static int
by_name(const void *a, const void *b)
{
	const struct field *x = a, *y = b;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int r = strncasecmp(x->name.p, y->name.p, n);

	return r != 0 ? r : (x->name.len > y->name.len) -
	    (x->name.len < y->name.len);
}

static bool
begins(struct span s, const char *with)
{
	return s.len >= strlen(with) &&
	    strncasecmp(s.p, with, strlen(with)) == 0;
}

/*
 * Add "name:value\n" for each header that is signed, sorted, to out, and the
 * names to list.
 */
static void
add_canonical(struct buf *out, const struct buf *headers, bool v4,
    struct buf *list)
{
	struct span rest = buf_span(headers);
	struct field f[HEADERS_MAX];
	size_t n = 0;

	while (n < HEADERS_MAX && headers_next(&rest, &f[n].name, &f[n].value))
		if (begins(f[n].name, "x-log-") ||
		    begins(f[n].name, "x-acs-") ||
		    (v4 &&
			(begins(f[n].name, "content-type") ||
			    begins(f[n].name, "host"))))
			n++;
	qsort(f, n, sizeof *f, by_name);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(list, ';');
		for (size_t k = 0; k < f[i].name.len; k++) {
			char c = f[i].name.p[k];

			c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
			buf_addc(out, c);
			buf_addc(list, c);
		}
		buf_addc(out, ':');
		buf_addspan(out, f[i].value);
		buf_addc(out, '\n');
	}
}

int
sls_signature_v1(const char *secret, const char *method,
    const char *resource, const struct buf *headers,
    char out[SLS_SIGNATURE_SIZE])
{
	static const char *const lines[] = {
		"Content-MD5", "Content-Type", "Date",
	};
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct buf text = { 0 }, list = { 0 };
	unsigned n = 0;

	buf_printf(&text, "%s\n", method);
	for (size_t i = 0; i < 3; i++) {
		buf_addspan(&text, headers_get(headers, lines[i]));
		buf_addc(&text, '\n');
	}
	add_canonical(&text, headers, false, &list);
	buf_adds(&text, resource);
	if (!text.failed)
		HMAC(EVP_sha1(), secret, (int)strlen(secret),
		    (const unsigned char *)text.p, text.len, mac, &n);
	buf_free(&text);
	buf_free(&list);
	if (n != SHA1_SIZE)
		return -1;
	digest_base64(mac, n, out);
	return 0;
}

/* Replace key by the HMAC of what under key. */
static void
chain(unsigned char key[SHA256_SIZE], size_t keylen, const char *what)
{
	unsigned char next[SHA256_SIZE];

	hmac_sha256(key, keylen, what, strlen(what), next);
	memcpy(key, next, sizeof next);
}

/* Sets key to the signing key for a day, the region and this service. */
static int
derive_key(const struct sls_key *k, const char *day,
    unsigned char key[SHA256_SIZE])
{
	struct buf first = { 0 };

	buf_printf(&first, "aliyun_v4%s", k->secret);
	if (first.failed)
		return -1;
	hmac_sha256(first.p, first.len, day, strlen(day), key);
	explicit_bzero(first.p, first.len);
	buf_free(&first);
	chain(key, SHA256_SIZE, k->region);
	chain(key, SHA256_SIZE, "sls");
	chain(key, SHA256_SIZE, "aliyun_v4_request");
	return 0;
}

int
sls_signature_v4(const struct sls_key *k, const char *method,
    const char *resource, const char *query, const struct buf *headers,
    const char *when, const char *digest, char out[SLS_SIGNATURE_SIZE])
{
	struct buf text = { 0 }, list = { 0 };
	unsigned char key[SHA256_SIZE], mac[SHA256_SIZE];
	char hex[SHA256_HEX], day[9];
	int r = -1;

	snprintf(day, sizeof day, "%.8s", when);
	buf_printf(&text, "%s\n%s\n%s\n", method, resource, query);
	add_canonical(&text, headers, true, &list);
	buf_addc(&text, '\n');
	buf_addspan(&text, buf_span(&list));
	buf_printf(&text, "\n%s", digest);
	if (text.failed || list.failed || derive_key(k, day, key) < 0)
		goto done;
	sha256(text.p, text.len, mac);
	digest_hex(mac, sizeof mac, hex);
	buf_clear(&text);
	buf_printf(&text,
	    "SLS4-HMAC-SHA256\n%s\n%s/%s/sls/aliyun_v4_request\n%s", when, day,
	    k->region, hex);
	if (text.failed)
		goto done;
	hmac_sha256(key, sizeof key, text.p, text.len, mac);
	digest_hex(mac, sizeof mac, out);
	r = 0;
done:
	explicit_bzero(key, sizeof key);
	buf_free(&text);
	buf_free(&list);
	return r;
}

static void
add_date(struct buf *headers, time_t now)
{
	char text[64];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	headers_add(headers, "Date", "%s", text);
}

static void
add_md5(struct buf *headers, struct span body)
{
	unsigned char md5[EVP_MAX_MD_SIZE] = { 0 };
	char hex[2 * MD5_SIZE + 1];

	EVP_Digest(body.p, body.len, md5, NULL, EVP_md5(), NULL);
	digest_hex(md5, MD5_SIZE, hex);
	for (char *p = hex; *p != '\0'; p++)
		if (*p >= 'a')
			*p = (char)(*p - 32);
	headers_add(headers, "Content-MD5", "%s", hex);
}

static int
sign_v4(struct buf *headers, const struct sls_key *k, const char *method,
    const char *resource, const char *host, struct span body, time_t now)
{
	char when[32], hex[SHA256_HEX], signature[SLS_SIGNATURE_SIZE];
	unsigned char digest[SHA256_SIZE];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
	sha256(body.p, body.len, digest);
	digest_hex(digest, sizeof digest, hex);
	headers_add(headers, "Host", "%s", host);
	headers_add(headers, "x-log-signaturemethod", "hmac-sha256");
	headers_add(headers, "x-log-content-sha256", "%s", hex);
	headers_add(headers, "x-log-date", "%s", when);
	if (headers->failed || sls_signature_v4(k, method, resource, "",
	    headers, when, hex, signature) < 0)
		return -1;
	return headers_add(headers, "Authorization", "SLS4-HMAC-SHA256 "
	    "Credential=%s/%.8s/%s/sls/aliyun_v4_request,Signature=%s", k->id,
	    when, k->region, signature);
}

static int
sign_v1(struct buf *headers, const struct sls_key *k, const char *method,
    const char *resource, const char *host)
{
	char signature[SLS_SIGNATURE_SIZE];

	headers_add(headers, "Host", "%s", host);
	headers_add(headers, "x-log-signaturemethod", "hmac-sha1");
	if (headers->failed || sls_signature_v1(k->secret, method, resource,
	    headers, signature) < 0)
		return -1;
	return headers_add(headers, "Authorization", "LOG %s:%s", k->id,
	    signature);
}

int
sls_sign(struct buf *headers, const struct sls_key *k, const char *method,
    const char *resource, const char *host, struct span body, time_t now)
{
	add_date(headers, now);
	add_md5(headers, body);
	if (k->token != NULL)
		headers_add(headers, "x-acs-security-token", "%s", k->token);
	return k->region != NULL ?
	    sign_v4(headers, k, method, resource, host, body, now) :
	    sign_v1(headers, k, method, resource, host);
}
