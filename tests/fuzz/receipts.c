/* a receipts file that anybody may have written, and one more receipt */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/append_log.h"
#include "store/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char file[] = "/tmp/fuzz-receipts-XXXXXX";
	struct span text = span_of(n > 0 ? (const char *)p : "", n);
	struct receipt r = { .url = text, .etag = text };
	off_t end;
	char last;
	int own = mkstemp(file), fd;

	if (own < 0 || (n > 0 && write(own, p, n) != (ssize_t)n))
		abort();
	close(own);
	fd = append_log_open(file, 0600, receipt_begin);
	unlink(file);
	if (fd < 0)
		return 0;	/* it holds something else */
	if (receipt_write(fd, &r) < 0 || (end = lseek(fd, 0, SEEK_END)) < 1 ||
	    pread(fd, &last, 1, end - 1) != 1 || last != '\n')
		abort();
	close(fd);
	return 0;
}
