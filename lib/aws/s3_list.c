#include "aws/s3_list.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aws/xml.h"
#include "base/bytes.h"
#include "file/name_template.h"

/*
 * A thousand keys of 1024 bytes, each byte as %XX or as &quot; at most, and
 * what is around them.
 */
enum { PAGE_MAX = 8 << 20, ENCODED_MAX = 6 * S3_KEY_MAX + 2 };

/* Decode %XX, and + for a blank, in place; false for a NUL or a broken %. */
static bool
decode_url(char *s)
{
	char *to = s;
	int high, low;

	for (; *s != '\0'; s++) {
		if (*s != '%') {
			*to++ = *s == '+' ? ' ' : *s;
			continue;
		}
		if ((high = hex_digit(s[1])) < 0 ||
		    (low = hex_digit(s[2])) < 0 || high + low == 0)
			return false;
		*to++ = (char)(high << 4 | low);
		s += 2;
	}
	*to = '\0';
	return true;
}

/*
 * Copy the text of an element.  Returns false when it is not there, or longer
 * than out has room for.
 */
static bool
element(struct span in, const char *name, char *out, size_t size)
{
	return xml_element(&in, name, out, size) && strlen(out) < size - 1;
}

static int64_t
time_of(const char *text)
{
	struct tm tm = { 0 };

	if (strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return -1;
	return (int64_t)timegm(&tm);
}

/* Read a size in bytes; false for anything else. */
static bool
size_of(const char *text, int64_t *size)
{
	char *end;

	errno = 0;
	*size = strtoll(text, &end, 10);
	return is_digit(*text) && *end == '\0' && errno == 0;
}

int
s3_list_page(struct span xml, char after[S3_KEY_MAX + 1],
    char token[S3_TOKEN_MAX],
    bool (*visit)(void *arg, const struct s3_object *o), void *arg)
{
	char key[ENCODED_MAX], etag[S3_ETAG_MAX], text[64], more[16];
	struct span whole = xml, block;
	bool encoded = element(xml, "EncodingType", text, sizeof text) &&
	    strcmp(text, "url") == 0;
	struct s3_object o = { .key = key, .etag = etag };

	token[0] = '\0';
	if (!element(xml, "IsTruncated", more, sizeof more))
		return -1;
	while (xml_block(&xml, "Contents", &block)) {
		if (!element(block, "Key", key, sizeof key) ||
		    !element(block, "Size", text, sizeof text) ||
		    !size_of(text, &o.size) || (encoded && !decode_url(key)) ||
		    strlen(key) > S3_KEY_MAX || strcmp(key, after) <= 0)
			return -1;
		o.changed = element(block, "LastModified", text, sizeof text) ?
		    time_of(text) : -1;
		if (!element(block, "ETag", etag, sizeof etag))
			etag[0] = '\0';
		strcpy(after, key);
		if (!visit(arg, &o))
			return 1;
	}
	if (strcmp(more, "true") == 0 && (!element(whole,
	    "NextContinuationToken", token, S3_TOKEN_MAX) || *token == '\0'))
		return -1;
	return 0;
}

/* Make the query for the page that token stands for, "" for the first. */
static const char *
page_query(struct buf *query, struct span prefix, const char *token)
{
	buf_clear(query);
	if (*token != '\0') {
		buf_adds(query, "continuation-token=");
		name_template_escape_query(query, span_str(token));
		buf_addc(query, '&');
	}
	buf_adds(query, "encoding-type=url&list-type=2&prefix=");
	name_template_escape_query(query, prefix);
	return buf_str(query);
}

bool
s3_is_pattern(const char *key)
{
	return strpbrk(key, "*?[") != NULL;
}

/* What a list of a key is for. */
struct wanted {
	const char *pattern;	/* NULL: all */
	bool (*visit)(void *arg, const struct s3_object *o);
	void *arg;
};

static bool
choose(void *arg, const struct s3_object *o)
{
	const struct wanted *w = arg;
	size_t n = strlen(o->key);

	if (w->pattern != NULL && fnmatch(w->pattern, o->key,
	    FNM_PATHNAME | FNM_NOESCAPE) != 0)
		return true;
	if (o->size == 0 && n > 0 && o->key[n - 1] == '/')
		return true;	/* a marker of a folder */
	return w->visit(w->arg, o);
}

enum s3_verdict
s3_list_each(struct s3 *s, struct http *h, struct retry *retry,
    const char *key, bool (*visit)(void *arg, const struct s3_object *o),
    void *arg, char *reason, uint64_t *requests)
{
	struct wanted w = { s3_is_pattern(key) ? key : NULL, visit, arg };
	struct span prefix = span_of(key, strcspn(key,
	    w.pattern != NULL ? "*?[" : ""));
	struct s3_call c = { .method = "GET", .impatient = true,
		.http.max_answer = PAGE_MAX };
	char after[S3_KEY_MAX + 1] = "", token[S3_TOKEN_MAX] = "";
	struct buf query = { 0 };
	enum s3_verdict v = S3_DONE;
	int r = 0;

	do {
		if ((c.query = page_query(&query, prefix, token)) == NULL) {
			snprintf(c.reason, sizeof c.reason, "out of memory");
			v = S3_NO;
			break;
		}
		c.fixed = 0;
		v = s3_do(s, h, &c, retry);
		*requests += 1 + retry->tries;
		retry_restart(retry);
		if (v == S3_DONE)
			r = c.http.cut ? -1 : s3_list_page(
			    buf_span(&c.http.answer), after, token, choose, &w);
	} while (v == S3_DONE && r == 0 && *token != '\0');
	if (r < 0) {
		snprintf(c.reason, sizeof c.reason,
		    "the answer is no list of objects");
		v = S3_NO;
	}
	if (v != S3_DONE)
		memcpy(reason, c.reason, sizeof c.reason);
	s3_call_free(&c);
	buf_free(&query);
	return v;
}
