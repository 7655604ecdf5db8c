#include "stream/es_bulk.h"

#include <ctype.h>
#include <endian.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/bytes.h"
#include "record/json.h"
#include "stream/json_document.h"

/* 120 bits, as many as the ids that the servers make up themselves. */
enum { ID_BYTES = 15, INDEX_MAX = 255, REASON_MAX = 1000 };

struct es_bulk {
	const char *action, *index;
	bool filled_in;		/* index has fields in braces */
	EVP_MD *md;
	EVP_MD_CTX *ctx;
	struct buf name;
};

struct es_bulk *
es_bulk_new(const char *action, const char *index)
{
	struct es_bulk *b;

	if ((b = calloc(1, sizeof *b)) == NULL)
		return NULL;
	b->action = action;
	b->index = index;
	b->filled_in = index != NULL && strchr(index, '{') != NULL;
	b->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	b->ctx = EVP_MD_CTX_new();
	if (b->md != NULL && b->ctx != NULL)
		return b;
	es_bulk_free(b);
	return NULL;
}

void
es_bulk_free(struct es_bulk *b)
{
	if (b == NULL)
		return;
	EVP_MD_CTX_free(b->ctx);
	EVP_MD_free(b->md);
	buf_free(&b->name);
	free(b);
}

/*
 * Makes an id that is the same for the same line of the same stream, whenever
 * it is sent.
 */
static void
make_id(struct es_bulk *b, const struct item *item, char id[ITEM_ID])
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
		unsigned three =
		    (unsigned)d[i] << 16 | (unsigned)d[i + 1] << 8 | d[i + 2];

		for (int k = 0; k < 4; k++)
			*id++ = digits[three >> (18 - 6 * k) & 63];
	}
}

static uint64_t
number_of(struct span name)
{
	uint64_t h = 14695981039346656037U;	/* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.p[i]) * 1099511628211U;
	return h;
}

/* An index name has no upper case and none of these: \\ / * ? " < > | , # : */
static void
add_index(struct es_bulk *b, struct buf *body, struct span line)
{
	bool lossy = false;

	buf_clear(&b->name);
	json_document_expand(&b->name, b->index, line);
	if (b->name.len > INDEX_MAX)
		b->name.len = INDEX_MAX;
	for (size_t i = 0; b->filled_in && i < b->name.len; i++) {
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
es_bulk_add(struct es_bulk *b, struct buf *body, struct item *item)
{
	make_id(b, item, item->id);
	buf_printf(body, "{\"%s\":{", b->action);
	if (b->index != NULL) {
		add_index(b, body, item->line);
		item->group = number_of(buf_span(&b->name));
	}
	buf_adds(body, "\"_id\":\"");
	buf_add(body, item->id, sizeof item->id);
	buf_adds(body, "\"}}\n");
	json_document_add(body, item->line);
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

/*
 * Whether an error of this type is the document's own, whatever the index is
 * like.
 */
static bool
blames_document(const struct es_bulk *b, struct span result)
{
	static const char *const types[] = {
		"mapper_parsing_exception", "document_parsing_exception",
		"strict_dynamic_mapping_exception", "parsing_exception",
		"json_parse_exception", "x_content_parse_exception",
		"not_x_content_exception",
		"max_bytes_length_exceeded_exception",
	};
	struct json_value type;

	if (!json_get(result, "error.type", &type))
		return false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (json_is(&type, types[i]))
			return true;
	/* The name was made of the document's fields. */
	return b->filled_in && json_is(&type, "invalid_index_name_exception");
}

static int
status_of(struct span result)
{
	struct json_value v;

	if (!json_get(result, "status", &v) || v.type != JSON_NUMBER ||
	    v.text.len != 3 || !all_digits(v.text))
		return -1;
	return (v.text.p[0] - '0') * 100 + (v.text.p[1] - '0') * 10 +
	    v.text.p[2] - '0';
}

/* result: what {"create":{...}} holds.  -1 when it has no status. */
static int
judge_item(struct es_bulk *b, struct span result, struct item *item,
    struct buf *reason)
{
	int status = status_of(result);
	struct buf why = { 0 };

	item->suspect = false;
	if (status < 0)
		return -1;
	/* 409: the document was stored already. */
	if (status < 300 || status == 409) {
		item->state = ITEM_DONE;
		return 0;
	}
	buf_printf(&why, "status %d: ", status);
	add_reason(&why, result);
	if (why.len > REASON_MAX)
		why.len = REASON_MAX;
	if (reason->len == 0)
		buf_addspan(reason, buf_span(&why));
	if (status == 400 && buf_str(&why) != NULL) {
		if (blames_document(b, result))
			item->state = ITEM_REFUSED;
		item->suspect = true;
		free(item->reason);
		item->reason = why.p;
		why.p = NULL;
	}
	free(why.p);
	return 0;
}

/* items: the array of results.  -1 when there are not n of them. */
static int
judge_items(struct es_bulk *b, struct span results, struct item **items,
    size_t n, struct buf *reason)
{
	struct json_value key, value, result;
	struct json j, one;
	size_t i = 0;

	if (json_open(&j, results, false) < 0)
		return -1;
	while (json_next(&j, &key, &value) > 0)
		if (i == n || json_open(&one, value.text, false) < 0 ||
		    json_next(&one, &key, &result) <= 0 ||
		    judge_item(b, result.text, items[i++], reason) < 0)
			return -1;
	return i == n ? 0 : -1;
}

int
es_bulk_judge(struct es_bulk *b, struct span answer, struct item **items,
    size_t n, struct buf *reason)
{
	struct json_value errors, results;

	if (!json_get(answer, "errors", &errors))
		return -1;
	if (errors.type == JSON_FALSE) {
		receiver_done(items, n);
		return 0;
	}
	if (errors.type != JSON_TRUE || !json_get(answer, "items", &results))
		return -1;
	return judge_items(b, results.text, items, n, reason);
}
