#include "rival.h"

#include <errno.h>
#include <stdlib.h>
#include <libdeflate.h>
#define ZLIB_CONST
#include <zlib.h>

/* Each: the size, or 0 when there is no memory. */
static size_t
our_size(const void *p, size_t n, int level)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
	size_t room = libdeflate_deflate_compress_bound(NULL, n), size = 0;
	void *out = malloc(room);

	if (c != NULL && out != NULL)
		size = libdeflate_deflate_compress(c, p, n, out, room);
	free(out);
	libdeflate_free_compressor(c);
	return size;
}

static size_t
their_size(const void *p, size_t n, int level)
{
	enum { WINDOW_BITS = 15, MEM_LEVEL = 8 };	/* gzip's */
	unsigned char out[8192];
	z_stream z = { .next_in = p, .avail_in = (uInt)n };

	if (deflateInit2(&z, level, Z_DEFLATED, -WINDOW_BITS, MEM_LEVEL,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		return 0;
	do {
		z.next_out = out;
		z.avail_out = sizeof out;
	} while (deflate(&z, Z_FINISH) == Z_OK);
	deflateEnd(&z);
	return z.total_out;
}

int
rival_compare(const void *p, size_t n, int ours, int theirs)
{
	size_t a = our_size(p, n, ours), b = their_size(p, n, theirs);

	if (a > 0 && b > 0)
		return (int)(a * 1000 / b);
	errno = ENOMEM;
	return -1;
}
