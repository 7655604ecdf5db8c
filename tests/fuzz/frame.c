/* frames of a spool, as anybody may have left them; and answers of _bulk */
#include <stdlib.h>

#include "bulk.h"
#include "frame.h"
#include "rfc5424.h"
#include "sls.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span s = span_of((const char *)p, n);
	struct item item = { .line = s }, *items[] = { &item };
	struct sls_group g = { 0 };
	struct buf b = { 0 };
	struct frame f;

	bulk_judge(s, items, 1, &b);
	free(item.reason);
	buf_clear(&b);
	rfc5424_add(&b, s, "host");
	sls_add_log(&b, s, 0);
	sls_group_of(&g, s, "host");
	sls_group_free(&g);
	buf_free(&b);
	while (frame_unpack(&f, &s) > 0)
		;
	return 0;
}
