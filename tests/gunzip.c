/*
 * gunzip, gunzip_whole, gunzip_pieces, verify: packed files that are whole, and
 * what is said of those that are not
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "input/deflate_piece.h"
#include "input/gunzip.h"
#include "input/gunzip_pieces.h"
#include "input/gunzip_whole.h"
#include "input/octet_framing.h"
#include "input/verify.h"
#include "tap.h"

enum { PIECE = 5000, PIECES = 5, N = PIECE * PIECES };

static char text[N + 1], got[2 * N];

/* A file of these bytes, which has no name any more. */
static int
file_of(const void *p, size_t n)
{
	char name[] = "/tmp/logferry-gunzip.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	unlink(name);
	return fd;
}

/* A gzip member of s, perhaps with a name and a CRC in its header. */
static size_t
pack(const char *s, bool header_crc, unsigned char *to)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)s,
	    .avail_in = (uInt)strlen(s), .next_out = to, .avail_out = 200 };
	gz_header h = { .name = (unsigned char *)(uintptr_t)"name",
	    .hcrc = 1 };

	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK || (header_crc && deflateSetHeader(&z, &h) != Z_OK) ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return z.total_out;
}

/* --- all at once --- */

/* What the file unpacks to; "none" when it is left to gunzip. */
static bool
whole_is(const void *p, size_t n, const char *want)
{
	int fd = file_of(p, n);
	struct gunzip_whole *g = gunzip_whole_new(fd);
	size_t len = 0;
	ssize_t r;

	close(fd);
	if (g == NULL)
		return want == NULL;
	while ((r = gunzip_whole_read(g, got + len, 3)) > 0)
		len += (size_t)r;
	gunzip_whole_free(g);
	return want != NULL && len == strlen(want) &&
	    memcmp(got, want, len) == 0;
}

static void
unpacks_at_once(void)
{
	unsigned char p[1000] = { 0 };
	size_t n = pack("a", false, p), m = pack("longer", false, p + n);

	ok(whole_is(p + n, m, "longer"), "a member is unpacked at once");
	ok(whole_is(p, n + m, "alonger"), "and so are several, if they fit");
	ok(whole_is(p + n, m + 9, NULL),
	    "not when zero bytes at the end hide how large it is");
	memset(p + n, 0, m);
	ok(whole_is(p, n + 9, "a"), "which does not matter for one byte");
	m = pack("longer", false, p);
	n = pack("a", false, p + m);
	ok(whole_is(p, m + n, NULL), "not when all are larger than the last");
	memset(p, 0, sizeof p);
	n = pack("one", false, p);
	memset(p + n, 0, 9);
	p[n + 8] = 1;
	ok(whole_is(p, n + 9, NULL), "nor when other bytes stand at the end");
	n = pack("one", true, p);
	ok(whole_is(p, n, NULL), "nor when the header has a checksum");
	n = pack("one", false, p);
	p[n - 8] ^= 1;
	ok(whole_is(p, n, NULL), "nor when the checksum is wrong");
	p[n - 1] = 1;
	ok(whole_is(p, n, NULL), "nor when it would be large");
	ok(whole_is(p, 17, NULL), "nor when it is cut short");
	gunzip_whole_free(NULL);
}

/* --- as a stream --- */

static const unsigned char *source;
static size_t source_left;
static int source_errno;

static ssize_t
give(void *from, void *p, size_t n)
{
	(void)from;
	n = n < source_left ? n : source_left;
	n = n < 7 ? n : 7;
	if (n == 0 && source_errno != 0) {
		errno = source_errno;
		return -1;
	}
	memcpy(p, source, n);
	source += n;
	source_left -= n;
	return (ssize_t)n;
}

/* What p unpacks to, and why it goes no further. */
static bool
stream_is(const void *p, size_t n, const char *want, const char *why)
{
	struct gunzip *g = gunzip_new(give, NULL);
	size_t len = 0;
	ssize_t r;
	bool good;

	source = p;
	source_left = n;
	while ((r = gunzip_read(g, got + len, sizeof got - len)) > 0)
		len += (size_t)r;
	good = len == strlen(want) && memcmp(got, want, len) == 0 &&
	    (why == NULL ? r == 0 : r < 0 &&
	    strstr(gunzip_error(g), why) != NULL);
	if (why != NULL)	/* and so it stays */
		good &= gunzip_read(g, got, 1) < 0;
	if (!good)
		printf("# %zu bytes: %s\n", len, gunzip_error(g));
	gunzip_free(g);
	return good;
}

static void
unpacks_a_stream(void)
{
	unsigned char p[1000] = { 0 };
	size_t n = pack("one", true, p), m = pack(", two", false, p + n);

	ok(stream_is(p, n + m, "one, two", NULL), "members are one stream");
	ok(stream_is(p, n + m + 20, "one, two", NULL),
	    "zero bytes at the end are passed over");
	p[n + m + 20] = 0x1f;
	ok(stream_is(p, n + m + 21, "one, two", "unexpected end"),
	    "a member that only begins is an error");
	p[n + m + 20] = 'x';
	ok(stream_is(p, n + m + 21, "one, two", "garbage"),
	    "other bytes behind a member are an error");
	ok(stream_is(p, n + m - 1, "one, two", "unexpected end"),
	    "a member that is cut is an error, after its bytes");
	ok(stream_is(p, 1, "", "unexpected end"), "also if it is very short");
	p[n - 1] ^= 1;
	ok(stream_is(p, n, "one", "incorrect length"),
	    "a wrong length is an error, after the bytes");
	p[2] = 7;
	ok(stream_is(p, n, "", "unknown compression"),
	    "another method is an error");
	source_errno = EIO;
	n = pack("one", false, p);
	ok(stream_is(p, n - 9, "one", strerror(EIO)),
	    "a source that fails is told by its errno");
	ok(stream_is(p, 0, "", strerror(EIO)), "also at once");
	source_errno = 0;
	gunzip_free(NULL);
}

/* --- by an index --- */

/* Make a file with an index in p.  Returns its size. */
static size_t
pack_pieces(unsigned char *p)
{
	struct deflate *d = deflate_new();
	struct gzip_piece piece = { .unpacked = PIECE, .flags = PIECE_ZONED |
	    PIECE_ERROR };
	struct gzip_index x;
	uint32_t crc = (uint32_t)crc32(0, (unsigned char *)text, N);
	unsigned char *at;

	if (d == NULL || gzip_index_new(&x, PIECES) < 0)
		abort();
	memcpy(p, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
	at = p + gzip_index_size(&x);
	for (unsigned i = 0; i < PIECES; i++) {
		piece.packed = (uint32_t)deflate_piece(d, 6, text + i * PIECE,
		    PIECE, at);
		piece.first = piece.last = 1000 * i;
		at += piece.packed;
		gzip_index_add(&x, i, &piece);
	}
	memcpy(at, DEFLATE_END, DEFLATE_END_SIZE);
	at += DEFLATE_END_SIZE;
	for (int i = 0; i < 4; i++) {
		at[i] = (unsigned char)(crc >> 8 * i);
		at[4 + i] = (unsigned char)(N >> 8 * i);
	}
	gzip_index_put(&x, p);
	gzip_index_free(&x);
	deflate_free(d);
	return (size_t)(at + 8 - p);
}

/*
 * How many bytes of the file are read, which are those of the text from from
 * on, and why it goes no further.
 */
static bool
pieces_are(int fd, unsigned threads, const struct gzip_wanted *wanted,
    size_t from, size_t want, const char *why)
{
	struct gunzip_pieces *g = gunzip_pieces_new(fd, threads);
	size_t len = 0;
	ssize_t r;
	bool good;

	if (g == NULL)
		return false;
	if (wanted != NULL)
		gunzip_pieces_choose(g, wanted, INT64_MIN);
	while ((r = gunzip_pieces_read(g, got + len, 777)) > 0)
		len += (size_t)r;
	good = len == want && memcmp(got, text + from, len) == 0 &&
	    (why == NULL ? r == 0 : r < 0 &&
	    gunzip_pieces_read(g, got, 1) < 0 &&
	    strcmp(gunzip_pieces_error(g), why) == 0);
	if (!good)
		printf("# %zu bytes: %s\n", len, r < 0 ?
		    gunzip_pieces_error(g) : "no error");
	gunzip_pieces_free(g);
	return good;
}

static void
unpacks_pieces(void)
{
	static unsigned char p[4 * N];
	const struct gzip_wanted second = { 1000, 2000, INT64_MIN, INT64_MAX,
	    true, false }, all = { INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX,
	    false, false }, none = { 9000, 9001, 9000, 9001, false, false };
	const char bad_crc[] = "incorrect data check";
	size_t n = pack_pieces(p);
	int fd = file_of(p, n);
	bool good = true;

	for (unsigned threads = 1; threads < 9; threads += 3)
		good &= pieces_are(fd, threads, NULL, 0, N, NULL) &
		    pieces_are(fd, threads, &all, 0, N, NULL);
	ok(good, "the pieces of a file are the whole");
	ok(pieces_are(fd, 2, &second, PIECE, PIECE, NULL),
	    "a piece can be read alone");
	ok(pieces_are(fd, 2, &none, 0, 0, NULL), "none can be read, too");
	p[n - 8] ^= 1;
	ok(pieces_are(file_of(p, n), 2, NULL, 0, N, bad_crc),
	    "a wrong checksum of the whole is an error, at the end");
	ok(pieces_are(file_of(p, n), 2, &second, PIECE, PIECE, NULL),
	    "where not all is read no checksum is looked at");
	p[n - 8] ^= 1;
	memset(p + n - 20, 0xff, 8);
	ok(pieces_are(file_of(p, n), 1, NULL, 0, N - PIECE,
	    "bad compressed data"), "a piece that is damaged is an error");
	ok(pieces_are(file_of(p, n), 1, &second, PIECE, PIECE, NULL),
	    "where it is read");
	ok(gunzip_pieces_new(file_of(p, n - 1), 1) == NULL &&
	    gunzip_pieces_new(file_of(p, 40), 1) == NULL &&
	    gunzip_pieces_new(file_of(p, 10), 1) == NULL &&
	    gunzip_pieces_new(file_of("", 0), 1) == NULL,
	    "a file that is cut has no index");
	gunzip_pieces_free(NULL);
	close(fd);
}

/* Pieces are read when they are wanted: the file may be cut by then. */
static void
loses_a_file(void)
{
	static unsigned char p[4 * N];
	size_t n = pack_pieces(p);
	int fd = file_of(p, n);
	struct gunzip_pieces *g = gunzip_pieces_new(fd, 1);

	if (ftruncate(fd, 200) < 0)
		abort();
	ok(gunzip_pieces_read(g, got, 1) < 0 &&
	    strstr(gunzip_pieces_error(g), "unexpected end") != NULL,
	    "a file that was cut meanwhile is an error");
	gunzip_pieces_free(g);
	close(fd);
}

/* --- headers that are no index --- */

static void
reads_headers(void)
{
	static const unsigned char good[] = "\x1f\x8b\x08\4\0\0\0\0\0\3"
	    "\x1c\0LT\x18\0";
	static const struct {
		unsigned at;
		unsigned char byte;
	} bad[] = {
		{ 0, 0 }, { 3, 12 }, { 10, 0x1d }, { 11, 1 }, { 12, 'X' },
		{ 13, 'X' }, { 13, 'F' }, { 14, 0 }, { 14, 0x19 }, { 15, 1 },
	};
	unsigned char head[16];
	int taken = 0;

	ok(gzip_index_header(good) == 16 + 24,
	    "a header with an index is known");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		memcpy(head, good, sizeof head);
		head[bad[i].at] = bad[i].byte;
		taken += gzip_index_header(head) != 0;
	}
	memcpy(head, good, sizeof head);
	head[10] = 0x1d;	/* as long as it says, but with half an entry */
	head[14] = 0x19;
	taken += gzip_index_header(head) != 0;
	head[10] = 4;		/* no entry */
	head[14] = 0;
	taken += gzip_index_header(head) != 0;
	ok(taken == 0, "and no other is taken for one");
}

/* --- whether a file is what it should be --- */

static void
verifies(void)
{
	unsigned char p[200];
	size_t n = pack("one", false, p);
	int plain = file_of("one", 3), packed = file_of(p, n);
	struct content c = { 0 }, other = { 0 };
	const char *why;

	content_add(&c, "one", 3);
	ok(content_check(&c, plain, true, &why) == 0 &&
	    content_check(&c, packed, false, &why) == 0,
	    "a file holds what was written, packed or not");
	ok(content_check(&c, packed, true, &why) < 0 &&
	    strcmp(why, "not what was written") == 0,
	    "a packed file that is taken as it stands does not");
	content_add(&other, "onf", 3);
	ok(content_check(&other, plain, true, &why) < 0 &&
	    strcmp(why, "not what was written") == 0,
	    "other bytes of the same number are not what was written");
	other = c;
	other.size++;
	ok(content_check(&other, plain, true, &why) < 0,
	    "another number of bytes is not what was written");
	ok(content_check(&c, -1, true, &why) < 0 &&
	    strcmp(why, strerror(EBADF)) == 0, "what is no file is told");
	p[n - 1] ^= 1;
	ok(content_check(&c, file_of(p, n), false, &why) < 0 &&
	    strcmp(why, "not what was written") != 0,
	    "what is wrong with a packed file is told");
	ok(content_is(packed, plain) && !content_is(plain, plain) &&
	    !content_is(packed, file_of("onf", 3)) &&
	    !content_is(packed, file_of("ones", 4)) &&
	    !content_is(packed, file_of("on", 2)) && !content_is(-1, plain) &&
	    !content_is(file_of(p, n), plain),
	    "a packed file is compared with a plain one byte by byte");
	close(plain);
	close(packed);
}

/* --- counts in front of messages --- */

static void
frames(void)
{
	static const struct {
		const char *bytes;
		size_t max;
		enum octets want;
	} rows[] = {
		{ "5 <13>a", 64, OCTETS_FRAME }, { "5 <13>", 64, OCTETS_MORE },
		{ "5 <1", 64, OCTETS_MORE }, { "5 <", 64, OCTETS_MORE },
		{ "5 ", 64, OCTETS_MORE }, { "5", 64, OCTETS_MORE },
		{ "", 64, OCTETS_MORE }, { "05 <13>a", 64, OCTETS_NONE },
		{ "x", 64, OCTETS_NONE }, { "5 x", 64, OCTETS_NONE },
		{ "5x<13>a", 64, OCTETS_NONE }, { "5 <>abc", 64, OCTETS_NONE },
		{ "5 <192>a", 64, OCTETS_NONE },
		{ "5 <191>", 64, OCTETS_FRAME },
		{ "6 <1913>a", 64, OCTETS_NONE },
		{ "5 <1x>a", 64, OCTETS_NONE },
		{ "2 <1", 64, OCTETS_MORE }, { "2 <1>", 64, OCTETS_NONE },
		{ "5 <13>a", 7, OCTETS_FRAME }, { "5 <13>a", 6, OCTETS_NONE },
		{ "123456789 <13>a", 64, OCTETS_NONE },
		{ "5 <13>ab", 64, OCTETS_NONE },
		{ "5 <13>a5 <13>b", 64, OCTETS_FRAME },
		{ "5 <13>a\nb", 64, OCTETS_FRAME },
	}, found[] = {		/* max: where a frame is found, 99 nowhere */
		{ "5 <13>a", 0, 0 }, { "x\n5 <13>a", 2, 0 },
		{ "x 5 <13>", 99, 0 },
		{ "<13>a", 99, 0 }, { "x <13>a", 99, 0 }, { "\n<13>", 99, 0 },
		{ "a <b\n12 <13>", 5, 0 }, { "a\n1234567890 <13>a", 99, 0 },
		{ "", 99, 0 }, { "12345678 <1", 0, 0 },
	};
	const char *p, *at;
	struct span message;
	int wrong = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		p = rows[i].bytes;
		if (octets_frame(p, p + strlen(p), rows[i].max, &message) !=
		    rows[i].want) {
			wrong++;
			printf("# %s\n", p);
		}
	}
	ok(wrong == 0, "a count is believed only where it fits");
	for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
		p = found[i].bytes;
		at = octets_find(p, p + strlen(p));
		if ((at != NULL ? (size_t)(at - p) : 99) != found[i].max) {
			wrong++;
			printf("# %s\n", p);
		}
	}
	ok(wrong == 0, "and it is found at the start of a line");
}

int
main(void)
{
	for (unsigned i = 0, x = 1; i < N; i++, x = x * 1103515245 + 12345)
		text[i] = "GET /index.html 200\n"[x >> 28];
	unpacks_at_once();
	unpacks_a_stream();
	unpacks_pieces();
	loses_a_file();
	reads_headers();
	verifies();
	frames();
	return done_testing();
}
