#include "bulk.h"

#include <ctype.h>
#include <endian.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "json.h"
#include "payload.h"

/* 120 bits, as many as the ids that the servers make up themselves. */
enum { ID_BYTES = 15, ID_SIZE = 20, INDEX_MAX = 255 };

struct bulk {
	const char *index;
	EVP_MD *md;
	EVP_MD_CTX *ctx;
	struct buf name;
};

struct bulk *
bulk_new(const char *index)
{
	struct bulk *b;

	if ((b = calloc(1, sizeof *b)) == NULL)
		return NULL;
	b->index = index;
	b->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	b->ctx = EVP_MD_CTX_new();
	if (b->md != NULL && b->ctx != NULL)
		return b;
	bulk_free(b);
	return NULL;
}

void
bulk_free(struct bulk *b)
{
	if (b == NULL)
		return;
	EVP_MD_CTX_free(b->ctx);
	EVP_MD_free(b->md);
	buf_free(&b->name);
	free(b);
}

/* The same for the same line of the same stream, whenever it is sent. */
static void
make_id(struct bulk *b, const struct item *item, char id[ID_SIZE])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t place[2] = { htole64(item->stream), htole64(item->position) };
	unsigned char d[EVP_MAX_MD_SIZE] = { 0 };

	EVP_DigestInit_ex2(b->ctx, b->md, NULL);
	EVP_DigestUpdate(b->ctx, place, sizeof place);
	EVP_DigestUpdate(b->ctx, item->line.p, item->line.len);
	EVP_DigestFinal_ex(b->ctx, d, NULL);
	for (int i = 0; i < ID_BYTES; i += 3) {
		unsigned three = (unsigned)d[i] << 16 | (unsigned)d[i + 1] << 8 |
		    d[i + 2];

		for (int k = 0; k < 4; k++)
			*id++ = digits[three >> (18 - 6 * k) & 63];
	}
}

/* An index name has no upper case and none of these: \\ / * ? " < > | , # : */
static void
add_index(struct bulk *b, struct buf *body, struct span line)
{
	bool lossy = false;

	buf_clear(&b->name);
	payload_expand(&b->name, b->index, line);
	if (b->name.len > INDEX_MAX)
		b->name.len = INDEX_MAX;
	for (size_t i = 0; i < b->name.len; i++) {
		char c = b->name.p[i];

		if (c >= 'A' && c <= 'Z')
			b->name.p[i] = (char)tolower(c);
		else if (c <= ' ' || strchr("\\/*?\"<>|,#:", c) != NULL)
			b->name.p[i] = '_';
	}
	buf_adds(body, "\"_index\":");
	json_add_string(body, buf_span(&b->name), &lossy);
	buf_addc(body, ',');
}

int
bulk_add(struct bulk *b, struct buf *body, const struct item *item)
{
	char id[ID_SIZE];

	make_id(b, item, id);
	buf_adds(body, "{\"create\":{");
	if (b->index != NULL)
		add_index(b, body, item->line);
	buf_adds(body, "\"_id\":\"");
	buf_add(body, id, sizeof id);
	buf_adds(body, "\"}}\n");
	payload_add(body, item->line);
	return buf_addc(body, '\n');
}

/* "type: reason (caused by ...)" of an item's error. */
static void
add_reason(struct buf *reason, struct span result)
{
	struct json_value error, v;

	if (!json_get(result, "error", &error)) {
		buf_adds(reason, "no reason given");
		return;
	}
	if (error.type != JSON_OBJECT) {
		json_decode(reason, &error);
		return;
	}
	if (json_get(error.text, "type", &v))
		json_decode(reason, &v);
	if (json_get(error.text, "reason", &v)) {
		buf_adds(reason, ": ");
		json_decode(reason, &v);
	}
	if (json_get(error.text, "caused_by.reason", &v)) {
		buf_adds(reason, ": ");
		json_decode(reason, &v);
	}
}

static bool
worth_retrying(int status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* result: what {"create":{...}} holds.  -1 when it has no status. */
static int
judge_item(struct span result, struct item *item, struct buf *reason)
{
	struct buf why = { 0 };
	struct json_value v;
	int status;

	if (!json_get(result, "status", &v) || v.type != JSON_NUMBER ||
	    v.text.len != 3)
		return -1;
	status = (v.text.p[0] - '0') * 100 + (v.text.p[1] - '0') * 10 +
	    v.text.p[2] - '0';
	if (status < 300 || status == 409) {	/* 409: it is there already */
		item->state = ITEM_DONE;
		return 0;
	}
	buf_printf(&why, "status %d: ", status);
	add_reason(&why, result);
	if (worth_retrying(status)) {
		if (reason->len == 0)
			buf_addspan(reason, buf_span(&why));
	} else if (buf_str(&why) != NULL) {
		item->state = ITEM_REFUSED;
		item->reason = why.p;
		why.p = NULL;
	}
	free(why.p);
	return 0;
}

/* items: the array of results.  -1 when there are not n of them. */
static int
judge_items(struct span results, struct item **items, size_t n,
    struct buf *reason)
{
	struct json_value key, value, result;
	struct json j, one;
	size_t i = 0;

	if (json_open(&j, results, false) < 0)
		return -1;
	while (json_next(&j, &key, &value) > 0)
		if (i == n || json_open(&one, value.text, false) < 0 ||
		    json_next(&one, &key, &result) <= 0 ||
		    judge_item(result.text, items[i++], reason) < 0)
			return -1;
	return i == n ? 0 : -1;
}

int
bulk_judge(struct span answer, struct item **items, size_t n,
    struct buf *reason)
{
	struct json_value errors, results;

	if (!json_get(answer, "errors", &errors))
		return -1;
	if (errors.type == JSON_FALSE) {
		sender_done(items, n);
		return 0;
	}
	if (errors.type != JSON_TRUE || !json_get(answer, "items", &results))
		return -1;
	return judge_items(results.text, items, n, reason);
}
