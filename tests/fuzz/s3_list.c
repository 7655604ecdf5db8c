/* a page of ListObjectsV2 */
#include <stdint.h>
#include <stdlib.h>

#include "aws/s3_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool
visit(void *arg, const struct s3_object *o)
{
	size_t *count = arg;

	/* What the list promises of each object. */
	if (o->size < 0 || strlen(o->key) > S3_KEY_MAX ||
	    strlen(o->etag) >= S3_ETAG_MAX)
		abort();
	return ++*count < 2000;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char after[S3_KEY_MAX + 1] = "", token[S3_TOKEN_MAX];
	size_t count = 0;

	s3_list_page(span_of((const char *)p, n), after, token, visit, &count);
	return 0;
}
