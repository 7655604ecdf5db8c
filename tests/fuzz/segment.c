/* a spool's segment, as a crash, a full disk or anybody may have left it */
#include "memory_file.h"
#include "stream/spool_segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char path[32];
	struct segment s = { 0 };
	struct frame f;
	uint64_t frames = 0;
	off_t at = 0;

	s.fd = memory_file(p, n, path);
	if (buf_reserve(&s.buf, 1) < 0)
		abort();
	while (segment_next(&s, &f) > 0) {
		/* Each frame takes bytes, which lie inside of the file. */
		if (s.at < at + (off_t)f.data.len || s.at > (off_t)n)
			abort();
		at = s.at;
		frames++;
	}
	if (s.number != frames + s.damaged)
		abort();
	segment_seek(&s, 0, 0);
	segment_skip_all(&s);
	if (s.at != at)
		abort();
	segment_close(&s);
	return 0;
}
