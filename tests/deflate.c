/* deflate: pieces that make one stream, and can be unpacked alone */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "input/deflate_piece.h"
#include "tap.h"

enum { N = 300000 };

static unsigned char data[N], packed[2 * N], got[N];

/* Does zlib find the n bytes of data in m bytes of packed and an end? */
static bool
unpacks(size_t m, size_t n)
{
	z_stream z = { .next_in = packed, .next_out = got };
	int r;

	memcpy(packed + m, DEFLATE_END, DEFLATE_END_SIZE);
	z.avail_in = (uInt)m + DEFLATE_END_SIZE;
	z.avail_out = N;
	if (inflateInit2(&z, -15) != Z_OK)
		abort();
	r = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return r == Z_STREAM_END && z.total_out == n && z.avail_in == 0 &&
	    memcmp(got, data, n) == 0;
}

/*
 * kind 0: zeros, 1: text, 2: noise, 3: text and noise by turns, 4: three words
 * again and again, of which little is packed with the fixed codes.
 */
static void
make(int kind)
{
	unsigned x = 1;

	for (size_t i = 0; i < N; i++) {
		x = x * 1103515245 + 12345;
		if (kind == 0)
			data[i] = 0;
		else if (kind == 4)
			data[i] = (unsigned char)("one two three "[i % 14]);
		else if (kind == 2 || (kind == 3 && i / 5000 % 2))
			data[i] = (unsigned char)(x >> 16);
		else
			data[i] = (unsigned char)
			    ("GET /index.html 200 "[x >> 28]);
	}
}

/*
 * Noise, which is stored as it is, and then text's last block of deflate: the
 * end of a piece that looks like a last block, and is none.  Its size.
 */
static size_t
make_trap(void)
{
	enum { NOISE = 3000, TEXT = 20000 };
	z_stream z = { .next_in = got, .avail_in = TEXT,
	    .next_out = data + NOISE, .avail_out = N - NOISE };

	make(1);
	memcpy(got, data, TEXT);
	make(2);
	if (deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) !=
		Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return NOISE + z.total_out;
}

int
main(void)
{
	static const size_t sizes[] = { 1, 2, 3, 10, 20, 40, 100, 1000,
		65535, 65536, N };
	static const char *const kinds[] = { "zeros", "text", "noise", "both",
		"words" };
	struct deflate *d;
	size_t n, m;
	bool good;

	if ((d = deflate_new()) == NULL)
		abort();
	for (int kind = 0; kind < 5; kind++) {
		make(kind);
		good = true;
		for (int level = 1; level <= 9; level++)
			for (size_t i = 0; i < sizeof sizes / sizeof *sizes;
			     i++) {
				m = deflate_piece(d, level, data, sizes[i],
				    packed);
				good = good && m > 0 && unpacks(m, sizes[i]);
			}
		ok(good, "a piece of %s can be unpacked alone", kinds[kind]);
	}
	for (n = m = 0; n < N; n += 1000)
		m += deflate_piece(d, 6, data + n, 1000, packed + m);
	ok(unpacks(m, N), "300 pieces are one stream");
	n = make_trap();
	m = deflate_piece(d, 6, data, n, packed);
	ok(m > n, "noise is stored");
	ok(unpacks(m, n),
	    "what looks like the last block of a piece is left alone");
	ok(deflate_bound(N) >= N && deflate_bound(N) < 2 * N,
	    "deflate_bound is an upper bound");
	deflate_free(d);
	deflate_free(NULL);
	return done_testing();
}
