/*
 * A file of named formats, and an nginx.conf.  It stands alone in a folder, as
 * it may include others: in /proc/self/fd that would be the fuzzer's own pipes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/user_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct user_formats *c = user_formats_new();
	struct buf why = { 0 };
	char dir[] = "/tmp/logferry-fuzz.XXXXXX", path[64];
	FILE *f;

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/conf", dir);
	if ((f = fopen(path, "we")) == NULL || fwrite(p, 1, n, f) != n ||
	    fclose(f) != 0)
		abort();

	if (c != NULL) {
		user_formats_file(c, path, &why);
		user_formats_nginx_conf(c, path, &why);
	}
	user_formats_free(c);
	buf_free(&why);
	unlink(path);
	rmdir(dir);
	return 0;
}
