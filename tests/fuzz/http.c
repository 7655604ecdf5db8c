/* what servers answer: header fields, dates, S3's XML; and signing them */
#include <stdint.h>
#include <stdlib.h>

#include "aws/s3.h"
#include "aws/sigv4.h"
#include "aws/xml.h"
#include "net/http.h"
#include "net/http_headers.h"
#include "net/libcurl.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct sigv4 s = {
		.id = "i", .secret = "s", .region = "r", .service = "s3",
	};
	struct span text = span_of((const char *)p, n), name, value, rest;
	struct http_request r = { 0 };
	struct buf b = { 0 };
	char out[16], *query = strndup(text.p != NULL ? text.p : "", n);

	rest = text;
	while (headers_next(&rest, &name, &value))
		;
	rest = text;
	while (xml_block(&rest, "Part", &value))
		while (xml_element(&value, "ETag", out, sizeof out))
			;
	buf_addspan(&b, text);
	headers_get(&b, "etag");
	r.answer_headers = b;
	if (!libcurl_load() || http_date(&r) < -1 ||
	    http_retry_after_ms(&r) < 0)
		abort();
	http_location(&r);
	if (query != NULL)
		sigv4_sign(&s, "GET", "/", query, &b, "x");
	free(query);
	buf_free(&b);
	return 0;
}
