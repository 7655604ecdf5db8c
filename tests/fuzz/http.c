/* what servers answer: header fields, dates, S3's XML; and signing them */
#include <stdint.h>
#include <stdlib.h>

#include "headers.h"
#include "s3.h"
#include "sigv4.h"
#include "xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct sigv4 s = {
		.id = "i", .secret = "s", .region = "r", .service = "s3",
	};
	struct span text = span_of((const char *)p, n), name, value, rest;
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
	if (query != NULL)
		sigv4_sign(&s, "GET", "/", query, &b, "x");
	free(query);
	buf_free(&b);
	return 0;
}
