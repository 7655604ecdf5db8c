/* gzindex: the table in a gzip header, and what is not taken for one */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gzindex.h"
#include "tap.h"

/* A file of n bytes that begins with the index, ends with a trailer. */
static int
file(const struct gzindex *x, size_t n, uint32_t isize)
{
	char name[] = "/tmp/logferry-gzindex.XXXXXX";
	unsigned char *p = calloc(1, n);
	int fd = mkstemp(name);

	if (p == NULL || fd < 0)
		abort();
	unlink(name);
	memcpy(p, "\x1f\x8b\x08", 3);
	gzindex_put(x, p);
	p[n - 8] = 7;
	memcpy(p + n - 4, &isize, 4);	/* tests run on little-endian hosts */
	if (write(fd, p, n) != (ssize_t)n)
		abort();
	free(p);
	return fd;
}

static bool
reads(int fd, struct gzindex *x)
{
	int r = gzindex_read(x, fd);

	close(fd);
	return r == 0;
}

int
main(void)
{
	struct gzindex x, y;
	size_t size;

	if (gzindex_new(&x, 3) < 0)
		abort();
	gzindex_add(&x, 0, &(struct gzpiece){ 100, 1000, 5, 9 });
	gzindex_add(&x, 1, &(struct gzpiece){ 50, 500, 0, 0 });
	gzindex_add(&x, 7, &(struct gzpiece){ 1, 1, 0, 0 });
	ok(x.n == 2, "more pieces than there is room for are left out");
	size = gzindex_size(&x) + 150 + 2 + 8;
	ok(reads(file(&x, size, 1500), &y) && y.n == 2 && y.crc == 7,
	    "what was put is read");
	ok(y.start == (off_t)gzindex_size(&x), "the first piece's place, too");
	ok(memcmp(x.piece, y.piece, 2 * sizeof *x.piece) == 0, "and each piece");
	gzindex_free(&y);
	ok(!reads(file(&x, size + 1, 1500), &y), "a file that goes on has none");
	ok(!reads(file(&x, size, 1501), &y), "nor one of another size");
	x.piece[0].packed = 0xffffffff;
	ok(!reads(file(&x, size, 1500), &y), "nor one with a huge piece");
	gzindex_free(&x);

	if (gzindex_new(&x, 10000) < 0)
		abort();
	ok(x.run == 3 && x.room == 3334, "a header has room for 4095 pieces");
	for (uint64_t i = 0; i < 10000; i++)
		gzindex_add(&x, i, &(struct gzpiece){ 1, 10,
		    i == 7 ? 0 : (uint32_t)i + 1, i == 7 ? 0 : (uint32_t)i + 2 });
	ok(x.n == 3334 && x.piece[1].packed == 3 && x.piece[1].unpacked == 30,
	    "several pieces are told as one");
	ok(x.piece[1].first == 4 && x.piece[1].last == 7, "with all their times");
	ok(x.piece[2].first == 0, "or none, when one's are not known");
	size = gzindex_size(&x) + 10000 + 2 + 8;
	ok(reads(file(&x, size, 100000), &y) && y.n == 3334, "and read");
	gzindex_free(&y);
	ok(gzindex_read(&y, -1) < 0, "no file, no index");
	gzindex_free(&x);
	return done_testing();
}
