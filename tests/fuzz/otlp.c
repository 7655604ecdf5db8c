/*
 * Any bytes as OpenTelemetry's JSON, made protobuf: no longer than the text,
 * but for what numbers take; and as an answer in protobuf.
 */
#include <stdint.h>
#include <stdlib.h>

#include "stream/otlp_protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span text = span_of((const char *)p, n), why;
	uint64_t rejected;
	struct buf b = { 0 };

	if (otlp_protobuf_add(&b, text) == 0 && b.len > n * 10)
		abort();
	otlp_protobuf_rejected(text, &rejected, &why);
	if (why.len > n || (why.len > 0 && (why.p < text.p ||
	    why.p + why.len > text.p + n)))
		abort();
	buf_free(&b);
	return 0;
}
