/* frames of a spool, as anybody may have left them; and answers of _bulk */
#include <stdlib.h>

#include "emit/syslog_header.h"
#include "stream/es_bulk.h"
#include "stream/frame.h"
#include "stream/sls_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span s = span_of((const char *)p, n);
	struct item item = { .line = s }, *items[] = { &item };
	struct sls_group g = { 0 };
	struct buf b = { 0 };
	struct es_bulk *bulk = es_bulk_new("create", NULL);
	struct frame f;

	es_bulk_judge(bulk, s, items, 1, &b);
	es_bulk_free(bulk);
	free(item.reason);
	buf_clear(&b);
	syslog_header_add(&b, s, &(struct syslog_names){ .host = "host" });
	syslog_header_end(s);
	sls_add_log(&b, s, 0);
	sls_group_of(&g, s, "host");
	sls_group_free(&g);
	buf_free(&b);
	if (n > 0)
		frame_find(s);
	frame_has_wrong_length(s);
	while (frame_unpack(&f, &s) > 0)
		;
	return 0;
}
