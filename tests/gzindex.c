/* gzindex: the table in a gzip header, and what is not taken for one */
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input/gzip_index.h"
#include "tap.h"

/* A file of n bytes that begins with the index, ends with a trailer. */
static int
file(const struct gzip_index *x, size_t n, uint32_t isize)
{
	char name[] = "/tmp/logferry-gzindex.XXXXXX";
	unsigned char *p = calloc(1, n);
	int fd = mkstemp(name);

	if (p == NULL || fd < 0)
		abort();
	unlink(name);
	memcpy(p, "\x1f\x8b\x08", 3);
	gzip_index_put(x, p);
	p[n - 8] = 7;
	isize = htole32(isize);
	memcpy(p + n - 4, &isize, 4);
	if (write(fd, p, n) != (ssize_t)n)
		abort();
	free(p);
	return fd;
}

static bool
reads(int fd, struct gzip_index *x)
{
	uint32_t crc = 0;
	int r = gzip_index_read(x, fd, &crc);

	close(fd);
	return r == 0 && crc == 7;
}

static bool
same(const struct gzip_piece *a, const struct gzip_piece *b)
{
	return a->packed == b->packed && a->unpacked == b->unpacked &&
	    a->first == b->first && a->last == b->last &&
	    a->local_first == b->local_first &&
	    a->local_last == b->local_last && a->flags == b->flags;
}

static void
test_put(void)
{
	static const struct gzip_piece pieces[] = {
		{ 100, 1000, 5, 9, 0, 0, PIECE_ZONED | PIECE_ERROR, true },
		{ 50, 500, 1, 2, 3, 4, PIECE_ZONED | PIECE_LOCAL |
		    PIECE_YEARLESS | PIECE_INHERITS | PIECE_CARRIES, true },
	};
	struct gzip_index x, y;
	unsigned char head[200] = "\x1f\x8b\x08";
	size_t size;

	if (gzip_index_new(&x, 3) < 0)
		abort();
	gzip_index_add(&x, 0, &pieces[0]);
	gzip_index_add(&x, 1, &pieces[1]);
	size = gzip_index_size(&x) + 150 + 2 + 8;
	ok(reads(file(&x, size, 1500), &y) && y.n == 2, "what was put is read");
	ok(y.start == gzip_index_size(&x),
	    "the offset of the first piece is read");
	ok(same(&pieces[0], &y.piece[0]) && same(&pieces[1], &y.piece[1]),
	    "each piece is read as it was put");
	gzip_index_free(&y);
	ok(!reads(file(&x, size + 1, 1500), &y),
	    "a file that goes on after the member has no index");
	ok(!reads(file(&x, size, 1501), &y),
	    "a file of another unpacked size has no index");

	gzip_index_put(&x, head);
	ok(gzip_index_header(head) == gzip_index_size(&x),
	    "the first bytes tell how long the header is");
	ok(gzip_index_parse(&y, head, sizeof head, size) == 0 && y.n == 2 &&
	    same(&pieces[1], &y.piece[1]),
	    "the beginning of a file is enough to read it");
	gzip_index_free(&y);
	ok(gzip_index_parse(&y, head, gzip_index_size(&x) - 1, size) < 0,
	    "less than the header is not enough");
	ok(gzip_index_parse(&y, head, sizeof head, size - 1) < 0,
	    "it must fit the size of the file");

	x.piece[0].packed = 5 << 20 | 1;
	ok(!reads(file(&x, size, 1500), &y),
	    "pieces that are too large are not told");
	gzip_index_free(&x);
}

/* The bytes, one by one: files go from machine to machine. */
static void
test_bytes(void)
{
	static const unsigned char bytes[] = { 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0,
		0, 28, 0, 'L', 'T', 24, 0, 0x04, 0x03, 0x02, 0x23, 8, 7, 6, 5,
		12, 11, 10, 9, 16, 15, 14, 13, 20, 19, 18, 17, 24, 23, 22, 21 };
	static const struct gzip_piece piece = { 0x020304, 0x05060708,
		0x090a0b0c, 0x0d0e0f10, 0x11121314, 0x15161718,
		PIECE_ZONED | PIECE_LOCAL | PIECE_ERROR, true };
	unsigned char head[sizeof bytes] = "\x1f\x8b\x08";
	struct gzip_index x;

	if (gzip_index_new(&x, 1) < 0)
		abort();
	gzip_index_add(&x, 0, &piece);
	gzip_index_put(&x, head);
	ok(gzip_index_size(&x) == sizeof bytes &&
	    memcmp(head, bytes, sizeof bytes) == 0,
	    "an index is the same bytes on every processor");
	gzip_index_free(&x);
}

static void
test_many(void)
{
	struct gzip_index x, y;
	struct gzip_piece p;
	size_t size;

	if (gzip_index_new(&x, 8000) < 0)
		abort();
	ok(x.run == 3 && x.room == 2667, "a header has room for 2730 pieces");
	for (uint32_t i = 0; i < 8000; i++) {
		p = (struct gzip_piece){ 1, 10, i + 1, i + 2, .flags =
		    i == 7 ? PIECE_INHERITS : PIECE_ZONED };
		if (i == 4)
			p.flags |= PIECE_ERROR | PIECE_INHERITS;
		gzip_index_add(&x, i, &p);
	}
	ok(x.n == 2667 && x.piece[1].packed == 3 && x.piece[1].unpacked == 30,
	    "several pieces are told as one");
	ok(x.piece[1].first == 4 && x.piece[1].last == 7,
	    "pieces told as one have the times of all of them");
	ok(x.piece[1].flags == (PIECE_ZONED | PIECE_ERROR),
	    "pieces told as one have the errors of all of them");
	ok((x.piece[2].flags & (PIECE_ZONED | PIECE_LOCAL)) == 0,
	    "pieces told as one have no time when one has none");
	size = gzip_index_size(&x) + 8000 + 2 + 8;
	ok(reads(file(&x, size, 80000), &y) && y.n == 2667,
	    "an index of many pieces is read");
	gzip_index_free(&y);
	gzip_index_free(&x);

	if (gzip_index_new(&x, 2) < 0)
		abort();
	for (uint32_t i = 0; i < 5; i++)
		gzip_index_add(&x, i, &(struct gzip_piece){ 1, 1, i + 1, i + 1,
		    .flags = PIECE_ZONED });
	ok(x.n == 2 && x.run == 4 && x.piece[0].packed == 4 &&
	    x.piece[0].last == 4 && x.piece[1].packed == 1,
	    "more pieces than were announced share entries");
	gzip_index_free(&x);
}

/* Pieces that are as large as they may be, and larger. */
static void
test_large(void)
{
	enum { LARGEST = 5 << 20 };
	struct gzip_piece piece = { LARGEST, LARGEST, 5, 9,
		.flags = PIECE_ZONED };
	unsigned char head[40] = "\x1f\x8b\x08";
	struct gzip_index x, y;

	if (gzip_index_new(&x, 1) < 0)
		abort();
	gzip_index_add(&x, 0, &piece);
	gzip_index_put(&x, head);
	ok(gzip_index_parse(&y, head, sizeof head, sizeof head + LARGEST +
	    2 + 8) == 0 && y.piece[0].packed == LARGEST &&
	    y.piece[0].unpacked == LARGEST, "the largest piece is read");
	gzip_index_free(&y);
	x.piece[0].packed = 1 << 24 | 100;
	gzip_index_put(&x, head);
	ok(gzip_index_parse(&y, head, sizeof head, sizeof head + 100 + 2 +
	    8) < 0, "a piece of more than 24 bits is not told");
	gzip_index_free(&x);
}

/* As when a header was written early, for fewer pieces than there came. */
static void
test_again(void)
{
	static const struct gzip_piece piece = { 100, 1000, 5, 9,
		.flags = PIECE_ZONED };
	unsigned char head[16 + 5 * 24] = "\x1f\x8b\x08";
	struct gzip_index x, y;

	if (gzip_index_new(&x, 5) < 0)
		abort();
	for (unsigned i = 0; i < 10; i++)
		gzip_index_add(&x, i, &piece);
	gzip_index_put(&x, head);
	gzip_index_add(&x, 10, &piece);
	gzip_index_put(&x, head);
	ok(x.n == 3 && gzip_index_parse(&y, head, sizeof head, sizeof head +
	    1100 + 2 + 8) == 0 && y.n == 3,
	    "of an index that is put again nothing is left");
	gzip_index_free(&y);
	gzip_index_free(&x);
}

/* Pieces of 1, 10, 100 ... bytes in fewer entries: which are together. */
static void
test_share(void)
{
	static const struct {
		const char *name;
		unsigned room, pieces;
		uint32_t packed[4];	/* 0 after the last */
	} shares[] = {
		{ "five in four", 4, 5, { 11, 1100, 10000 } },
		{ "seven in six", 6, 7, { 11, 1100, 110000, 1000000 } },
		{ "four in three", 3, 4, { 11, 1100 } },
		{ "six in five", 5, 6, { 11, 1100, 110000 } },
		{ "seven in three", 3, 7, { 1111, 1110000 } },
	};

	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
		uint32_t packed = 1;
		struct gzip_index x;
		size_t n = 0;
		bool good;

		if (gzip_index_new(&x, shares[i].room) < 0)
			abort();
		for (unsigned k = 0; k < shares[i].pieces; k++, packed *= 10)
			gzip_index_add(&x, k, &(struct gzip_piece){ packed, 1,
			    k + 1, k + 2, .flags = PIECE_ZONED });
		while (n < 4 && shares[i].packed[n] > 0)
			n++;
		good = x.n == n;
		for (size_t k = 0; good && k < n; k++)
			good = x.piece[k].packed == shares[i].packed[k];
		ok(good, "neighbours share entries: %s", shares[i].name);
		gzip_index_free(&x);
	}
}

/* What two pieces tell as one. */
static void
test_join(void)
{
	static const struct gzip_piece both[] = {
		{ 100, UINT32_MAX - 5, 20, 30, 50, 90, PIECE_ZONED |
		    PIECE_LOCAL | PIECE_YEARLESS | PIECE_INHERITS, true },
		{ UINT32_MAX, 10, 10, 40, 60, 70, PIECE_ZONED | PIECE_LOCAL |
		    PIECE_CARRIES, true },
	};
	static const struct gzip_piece apart[] = {
		{ 1, 1, 20, 30, 0, 0, PIECE_ZONED, true },
		{ 1, 1, 0, 0, 60, 70, PIECE_LOCAL, true },
		{ 1, 1, 5, 6, 10, 80, PIECE_ZONED | PIECE_LOCAL, true },
	};
	struct gzip_index x;

	if (gzip_index_new(&x, 0) < 0)
		abort();
	for (unsigned i = 0; i < 2; i++)
		gzip_index_add(&x, i, &both[i]);
	ok(x.n == 1 && x.piece[0].first == 10 && x.piece[0].last == 40 &&
	    x.piece[0].local_first == 50 && x.piece[0].local_last == 90,
	    "two pieces have the least and the greatest times of both");
	ok(x.piece[0].packed == UINT32_MAX &&
	    x.piece[0].unpacked == UINT32_MAX, "sizes do not wrap");
	ok(x.piece[0].flags == (PIECE_ZONED | PIECE_LOCAL | PIECE_YEARLESS |
	    PIECE_INHERITS | PIECE_CARRIES), "they have what either has");
	gzip_index_free(&x);
	if (gzip_index_new(&x, 1) < 0)
		abort();
	for (unsigned i = 0; i < 3; i++)
		gzip_index_add(&x, i, &apart[i]);
	ok(x.n == 1 && x.piece[0].first == 5 && x.piece[0].last == 30 &&
	    x.piece[0].local_first == 10 && x.piece[0].local_last == 80,
	    "a kind of time that one has alone is that of both");
	gzip_index_free(&x);
}

/* Files that others made, perhaps to do harm. */
static void
test_hostile(void)
{
	struct gzip_piece piece = { 100, 1000, 5, 9, .flags = PIECE_ZONED };
	unsigned char head[40] = "\x1f\x8b\x08";
	const size_t size = sizeof head + 100 + 2 + 8;
	struct gzip_index x, y;
	uint32_t crc;

	if (gzip_index_new(&x, 1) < 0)
		abort();
	gzip_index_add(&x, 0, &piece);
	gzip_index_put(&x, head);
	ok(gzip_index_parse(&y, head, sizeof head, size) == 0, "a good file");
	gzip_index_free(&y);
	head[16 + 6] = 0x60;	/* 6 MiB */
	ok(gzip_index_parse(&y, head, sizeof head, size) < 0,
	    "a piece that would be very large when unpacked is none");
	head[16 + 6] = 0;
	head[16 + 2] = 0x60;
	ok(gzip_index_parse(&y, head, sizeof head, size + 0x600000) < 0,
	    "a piece that would be very large when packed is none");
	memset(head + 16, 0, 24);
	ok(gzip_index_parse(&y, head, sizeof head, size - 100) < 0,
	    "without a piece there is no index");
	ok(gzip_index_parse(&y, head, 15, size) < 0 &&
	    gzip_index_read(&y, -1, &crc) < 0, "nor without a header");
	gzip_index_free(&x);
}

/* An index as it was before times had zones: 16 bytes for each piece. */
static void
test_old(void)
{
	static const unsigned char old[] = { 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3,
		52, 0, 'L', 'F', 48, 0,
		100, 0, 0, 0, 0xe8, 3, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0,
		50, 0, 0, 0, 0xf4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	unsigned char head[64] = { 0 };
	struct gzip_index y;

	memcpy(head, old, sizeof old);
	ok(gzip_index_header(head) == 64 &&
	    gzip_index_parse(&y, head, sizeof head, 64 + 150 + 10) == 0 &&
	    y.n == 2, "an index of an earlier version is read");
	ok(y.piece[0].flags == (PIECE_ZONED | PIECE_ERROR) &&
	    y.piece[0].packed == 100 && y.piece[0].unpacked == 1000 &&
	    y.piece[0].first == 5 && y.piece[0].last == 9,
	    "its times are known, its errors are not");
	ok(y.piece[1].flags == (PIECE_INHERITS | PIECE_ERROR),
	    "where it has no times, nothing is known");
	gzip_index_free(&y);
}

/*
 * Which of three pieces are wanted, as a text of digits; the second has flags
 * and the times from 100 to 200, the others those from 1000 on.
 */
static const char *
choice(unsigned flags, const struct gzip_wanted *w, int64_t near)
{
	static char text[4];
	struct gzip_piece pieces[] = {
		{ 1, 1, 1000, 1001, .flags = PIECE_ZONED },
		{ 1, 1, 100, 200, 100, 200, flags, false },
		{ 1, 1, 1000, 1001, .flags = PIECE_ZONED },
	};
	struct gzip_index x = { .piece = pieces, .n = 3, .room = 3, .run = 1 };
	size_t n = gzip_index_choose(&x, w, near);

	for (int i = 0; i < 3; i++)
		n -= pieces[i].wanted;
	snprintf(text, sizeof text, "%d%d%d", pieces[0].wanted,
	    pieces[1].wanted, pieces[2].wanted);
	return n == 0 ? text : "bad";
}

/*
 * A piece of one local time without a year, on the eleventh day of 1970, is not
 * wanted when the file's last change tells that it is of that year.
 */
static void
test_year(void)
{
	enum { DAY = 86400 };
	static const struct gzip_wanted later = { 20 * DAY, 21 * DAY,
		20 * DAY, 21 * DAY, false, false };
	static const struct {
		const char *name;
		int64_t near;
		bool wanted;
	} changes[] = {
		{ "half a day less than a day before it", 9 * DAY + DAY / 2,
		    false },
		{ "more than that before it", 9 * DAY + DAY / 2 - 1, true },
		{ "less than 150 days after it", 160 * DAY + 99, false },
		{ "150 days after it", 160 * DAY + 100, true },
	};

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct gzip_piece piece = { .packed = 1, .unpacked = 1,
			.local_first = 10 * DAY + 100,
			.local_last = 10 * DAY + 100,
			.flags = PIECE_LOCAL | PIECE_YEARLESS };
		struct gzip_index x = { .piece = &piece, .n = 1, .room = 1,
			.run = 1 };

		ok((gzip_index_choose(&x, &later, changes[i].near) == 1) ==
		    changes[i].wanted, "a file changed %s: its year is %s",
		    changes[i].name, changes[i].wanted ? "unsure" : "known");
	}
}

static void
test_choose(void)
{
	static const struct gzip_wanted at_150 = { 150, 151, 150, 151,
		false, false }, at_201 = { 201, 202, 201, 202, false, false },
	    at_200 = { 200, 201, 200, 201, false, false },
	    until_101 = { INT64_MIN, 101, INT64_MIN, 101, false, false },
	    until_100 = { INT64_MIN, 100, INT64_MIN, 100, false, false },
	    from_1001 = { 1001, INT64_MAX, 1001, INT64_MAX, false, false },
	    errors = { INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX,
		true, false },
	    year = { 201, 202, 201, 202, false, true };
	const unsigned z = PIECE_ZONED, l = PIECE_LOCAL;
	const int64_t near = 86401;

	ok(strcmp(choice(z, &at_150, near), "010") == 0, "a time in a piece");
	ok(strcmp(choice(l, &at_150, near), "010") == 0,
	    "a local time in a piece");
	ok(strcmp(choice(z, &at_201, near), "000") == 0,
	    "a time behind a piece");
	ok(strcmp(choice(l, &at_201, near), "000") == 0,
	    "a local time behind a piece");
	ok(strcmp(choice(z, &until_100, near), "000") == 0,
	    "the end is excluded");
	ok(strcmp(choice(l, &until_100, near), "000") == 0,
	    "the end is excluded from local times");
	ok(strcmp(choice(z, &at_200, near), "010") == 0,
	    "the last time of a piece is in it");
	ok(strcmp(choice(l, &at_200, near), "010") == 0,
	    "the last local time of a piece is in it");
	ok(strcmp(choice(z, &from_1001, near), "101") == 0, "no end");
	ok(strcmp(choice(z | PIECE_INHERITS, &until_101, near), "110") == 0,
	    "the piece whose time a piece begins with, if only the end is given");
	ok(strcmp(choice(0, &at_201, near), "010") == 0,
	    "a piece of which nothing is known");
	ok(strcmp(choice(z | PIECE_INHERITS, &at_150, near), "110") == 0,
	    "the piece whose time a piece begins with");
	ok(strcmp(choice(z | PIECE_INHERITS, &at_201, near), "000") == 0,
	    "unless that is not wanted");
	ok(strcmp(choice(z | PIECE_CARRIES, &from_1001, near), "111") == 0,
	    "a piece on which later ones depend");
	ok(strcmp(choice(z | PIECE_CARRIES, &at_201, near), "000") == 0,
	    "unless those are not wanted");
	ok(strcmp(choice(z | PIECE_ERROR, &errors, near), "010") == 0,
	    "a piece with an error");
	ok(strcmp(choice(z | PIECE_ERROR | PIECE_INHERITS, &errors, near), "010") == 0,
	    "to which times do not matter");
	ok(strcmp(choice(l | PIECE_YEARLESS, &at_201, near), "000") == 0,
	    "the nearest year is known");
	ok(strcmp(choice(l | PIECE_YEARLESS, &at_201, near + 150 * 86400), "010") == 0,
	    "far away it may be another");
	ok(strcmp(choice(l | PIECE_YEARLESS, &at_201, INT64_MIN), "010") == 0,
	    "a file whose change is of no known time");
	ok(strcmp(choice(l | PIECE_YEARLESS, &year, near), "010") == 0,
	    "the user gives the year");
	ok(strcmp(choice(l, &year, near), "000") == 0,
	    "the year that the user gives does not matter to dates");
}

int
main(void)
{
	struct gzip_index y;
	uint32_t crc;

	test_put();
	test_bytes();
	test_many();
	test_share();
	test_large();
	test_again();
	test_join();
	test_hostile();
	test_old();
	test_year();
	test_choose();
	ok(gzip_index_read(&y, -1, &crc) < 0, "no file, no index");
	return done_testing();
}
