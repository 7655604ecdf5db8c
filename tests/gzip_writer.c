/* gzip_writer: how many pieces the index has room for; writes that fail */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/write_all.h"
#include "input/gzip_index.h"
#include "pack/gzip_writer.h"
#include "record/timestamp.h"
#include "tap.h"

enum { PIECE = 1 << 20, LINE = 64 };	/* at level 1, a whole number of lines */

struct output {
	int fd;
	int left;		/* how many writes succeed */
	int level;		/* 0: the lowest */
};

static int
take(void *arg, const void *p, size_t n)
{
	struct output *o = arg;

	if (o->left-- > 0)
		return write_all(o->fd, p, n);
	errno = ENOSPC;
	return -1;
}

static int
take_again(void *arg, const void *p, size_t n)
{
	struct output *o = arg;

	if (o->left-- > 0)
		return pwrite(o->fd, p, n, 0) == (ssize_t)n ? 0 : -1;
	errno = ENOSPC;
	return -1;
}

/* Pack n bytes of lines, of which it is told that they will be size. */
static int
pack(struct output *o, size_t n, uint64_t size, bool again)
{
	char name[] = "/tmp/logferry-gzip_writer.XXXXXX", line[LINE];
	struct pack p = { .level = o->level > 0 ? o->level : 1, .threads = 2,
		.sink = take, .arg = o,
		.indexed = true, .again = again ? take_again : NULL,
		.size = size, .near = ZONE_NOW };
	int r, saved;

	if ((o->fd = mkstemp(name)) < 0 || unlink(name) < 0)
		abort();
	memset(line, 'x', sizeof line);
	line[LINE - 1] = '\n';
	r = pack_begin(&p);
	for (size_t i = 0; r == 0 && i < n; i += LINE)
		r = pack_add(&p, line, n - i < LINE ? n - i : LINE);
	if (r == 0)
		r = pack_end(&p);
	saved = errno;
	pack_free(&p);
	errno = saved;
	return r;
}

static const struct {
	const char *name;
	size_t bytes;
	uint64_t size;		/* what it is told */
	size_t room, pieces;
} cases[] = {
	{ "a few pieces have as much room as they need", 3 * PIECE, 3 * PIECE,
	    3, 3 },
	{ "as many as are held back have as much room as they need", 8 * PIECE,
	    0, 8, 8 },
	{ "more, whose size is known, have as much room as they need",
	    9 * PIECE, 9 * PIECE, 9, 9 },
	{ "a byte more needs one more", 9 * PIECE + 1, 9 * PIECE + 1, 10, 10 },
	{ "a byte less needs none less", 9 * PIECE - 1, 9 * PIECE - 1, 9, 9 },
	{ "more, whose size is not known, have room for 340", 9 * PIECE, 0,
	    340, 9 },
	{ "more than were announced share the room", 9 * PIECE, 5 * PIECE, 5,
	    5 },
};

static void
rooms(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct output o = { .left = 100 };
		struct gzip_index x;
		uint32_t crc;

		ok(pack(&o, cases[i].bytes, cases[i].size, true) == 0 &&
		    gzip_index_read(&x, o.fd, &crc) == 0 &&
		    x.room == cases[i].room && x.n == cases[i].pieces, "%s",
		    cases[i].name);
		printf("# %zu for %zu\n", x.room, x.n);
		gzip_index_free(&x);
		close(o.fd);
	}
}

/* Each write fails once: of few pieces, of many, of those without an index. */
static void
failures(size_t n, bool again, const char *kind)
{
	int all = 0, wrong = 0;

	for (;; all++) {
		struct output o = { .left = all };
		int r = pack(&o, n, 0, again), error = errno;

		close(o.fd);
		if (r == 0)
			break;
		wrong += error != ENOSPC;
	}
	ok(wrong == 0 && all >= 3, "%s: each of %d writes that fails is an "
	    "error", kind, all);
}

/* Extra flags in the header (RFC 1952): 2 for the best, 4 for the quickest. */
static void
levels(void)
{
	static const unsigned char flags[] = { 0, 4, 0, 0, 0, 0, 0, 0, 0, 2 };
	unsigned char header[10];
	bool good = true;

	for (int level = 1; level <= 9; level++) {
		struct output o = { .left = 100, .level = level };

		good &= pack(&o, LINE, LINE, true) == 0 &&
		    pread(o.fd, header, sizeof header, 0) == sizeof header &&
		    header[8] == flags[level];
		close(o.fd);
	}
	ok(good, "the header tells how hard it was packed");
}

int
main(void)
{
	rooms();
	levels();
	failures(1, true, "one piece");
	failures(9 * PIECE, true, "pieces with an index");
	failures(3 * PIECE, false, "pieces without an index");
	return done_testing();
}
