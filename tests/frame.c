/* frame: one line in a spool, whole, of an older version, torn or damaged */
#include "stream/frame.h"

#include <endian.h>
#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tap.h"

enum { OLD_HEAD = 24 };

static void
add(struct buf *b, const char *text)
{
	struct frame f = { .stream = 7, .position = 5, .time_ms = 9,
		.data = span_str(text) };

	if (frame_pack(b, &f) < 0)
		abort();
}

/* A frame as it was before there were times. */
static void
add_old(struct buf *b, const char *text)
{
	uint32_t len = htole32((uint32_t)strlen(text)), crc;
	uint64_t place[] = { htole64(7), htole64(5) };

	crc = libdeflate_crc32(0, &len, sizeof len);
	crc = libdeflate_crc32(crc, place, sizeof place);
	crc = htole32(libdeflate_crc32(crc, text, strlen(text)));
	buf_add(b, &len, sizeof len);
	buf_add(b, &crc, sizeof crc);
	buf_add(b, place, sizeof place);
	buf_adds(b, text);
}

static bool
takes(struct span *s, const char *text, int64_t time_ms)
{
	struct frame f;

	return frame_unpack(&f, s) == 1 && f.stream == 7 && f.position == 5 &&
	    f.time_ms == time_ms && span_is(f.data, text);
}

static void
test_taken(void)
{
	struct buf b = { 0 };
	struct span rest;
	struct frame f;

	add(&b, "one");
	add_old(&b, "two");
	add(&b, "");
	add_old(&b, "");
	rest = buf_span(&b);
	ok(takes(&rest, "one", 9), "a frame is taken");
	ok(takes(&rest, "two", 0), "a frame without a time is taken");
	ok(takes(&rest, "", 9) && takes(&rest, "", 0) && rest.len == 0,
	    "an empty line is one");
	ok(frame_unpack(&f, &rest) == 0, "then there is no more");
	buf_free(&b);
}

static void
test_nothing(void)
{
	struct frame f = { .stream = 7, .position = 5, .time_ms = 9 };
	struct buf b = { 0 };
	struct span s;

	frame_pack(&b, &f);
	s = buf_span(&b);
	ok(takes(&s, "", 9), "a line that is nowhere is an empty one");
	buf_free(&b);
}

static void
test_broken(void (*add_one)(struct buf *b, const char *text), const char *name)
{
	struct buf b = { 0 };
	struct frame f;
	struct span s;
	bool torn = true, changed = true;

	add_one(&b, "line");
	for (size_t n = 0; n < b.len; n++) {
		s = span_of(b.p, n);
		torn &= frame_unpack(&f, &s) == 0 && s.len == n;
	}
	ok(torn, "%s that is torn is not taken", name);
	for (size_t i = 0; i < 8 * b.len; i++) {
		b.p[i / 8] ^= (char)(1 << i % 8);
		s = buf_span(&b);
		changed &= frame_unpack(&f, &s) <= 0 && s.len == b.len;
		b.p[i / 8] ^= (char)(1 << i % 8);
	}
	ok(changed, "%s of which a bit has changed is not taken", name);
	b.p[b.len - 1] ^= 1;
	s = buf_span(&b);
	ok(frame_unpack(&f, &s) < 0, "%s whose data changed is damaged", name);
	buf_free(&b);
}

static void
test_find(void)
{
	struct buf b = { 0 };
	bool found = true;

	for (size_t n = 1; n < 2 * FRAME_HEAD; n++) {
		buf_clear(&b);
		for (size_t i = 0; i < n; i++)
			buf_addc(&b, 'x');
		add(&b, "");
		found &= frame_find(buf_span(&b)) == n;
		b.len--;
		found &= frame_find(buf_span(&b)) == b.len;
	}
	ok(found, "the next frame is found where it begins, if it is whole");
	buf_clear(&b);
	add(&b, "one");
	add_old(&b, "two");
	ok(frame_find(buf_span(&b)) == FRAME_HEAD + 3,
	    "what the bytes begin with is not the next frame");
	buf_free(&b);
}

/* The bytes of two damaged frames of the newer kind, and two older ones. */
static void
damaged(struct buf *b)
{
	buf_clear(b);
	add(b, "one");
	b->p[b->len - 1] ^= 1;
	add_old(b, "two");
	b->p[b->len - 1] ^= 1;
	add(b, "");
	b->p[b->len - 1] ^= 1;
	add_old(b, "x");
	b->p[b->len - 1] ^= 1;
}

static void
test_count(void)
{
	static const char zeros[100];
	struct buf b = { 0 };

	damaged(&b);
	ok(frame_count(buf_span(&b)) == 4, "damaged frames are counted");
	b.len -= OLD_HEAD + 1;
	ok(frame_count(buf_span(&b)) == 3, "so they are without the last");
	buf_addc(&b, 'x');
	ok(frame_count(buf_span(&b)) == 1,
	    "they are one when a byte follows them");
	damaged(&b);
	b.p[0]++;
	ok(frame_count(buf_span(&b)) == 1, "and when a length has changed");
	damaged(&b);
	add(&b, "torn");
	b.len--;
	ok(frame_count(buf_span(&b)) == 1, "and when the last is torn");
	ok(frame_count(span_of(zeros, sizeof zeros)) == 1 &&
	    frame_count(span_of(zeros, OLD_HEAD)) == 1,
	    "a block that was never written is one");
	ok(frame_count(span_of(zeros, 1)) == 1 &&
	    frame_count(span_of(zeros, 0)) == 1, "so are a few bytes");
	buf_free(&b);
}

static void
test_length(void)
{
	struct buf b = { 0 };

	add(&b, "line");
	b.p[0]++;
	ok(frame_has_wrong_length(buf_span(&b)), "only a length is wrong");
	b.p[b.len - 1] ^= 1;
	ok(!frame_has_wrong_length(buf_span(&b)), "more than that is wrong");
	buf_clear(&b);
	add(&b, "");
	b.p[0]++;
	ok(frame_has_wrong_length(buf_span(&b)), "an empty line has a length");
	ok(!frame_has_wrong_length(span_of(b.p, b.len - 1)),
	    "what is shorter than a head has none");
	buf_clear(&b);
	damaged(&b);
	ok(!frame_has_wrong_length(buf_span(&b)), "several frames are not one");
	buf_free(&b);
}

static void
test_longest(void)
{
	char *all = mmap(NULL, FRAME_MAX + 1, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct frame f = { .data = span_of(all, FRAME_MAX) };
	struct buf b = { 0 };
	struct span s;

	if (all == MAP_FAILED)
		return;
	if (!ok(frame_pack(&b, &f) == 0, "the longest line is packed"))
		return;
	s = buf_span(&b);
	ok(frame_unpack(&f, &s) == 1 && f.data.len == FRAME_MAX,
	    "the longest line is unpacked");
	b.p[0]++;
	s = buf_span(&b);
	ok(frame_unpack(&f, &s) < 0, "a longer one is not");
	ok(frame_has_wrong_length(s), "its length may be wrong");
	buf_clear(&b);
	f.data = span_of(all, FRAME_MAX + 1);
	ok(frame_pack(&b, &f) < 0 && errno == EMSGSIZE && b.len == 0,
	    "a longer one is not packed");
	buf_free(&b);
	munmap(all, FRAME_MAX + 1);
}

static void
test_stream(void)
{
	uint64_t id = frame_stream("ab", span_str("c"));

	ok(id == frame_stream("ab", span_str("c")), "an input has one name");
	ok(id != frame_stream("a", span_str("bc")) &&
	    id != frame_stream("ax", span_str("c")) &&
	    id != frame_stream("ab", span_str("x")) &&
	    id != frame_stream("ab", span_str("")),
	    "another machine or first line has another");
}

int
main(void)
{
	test_taken();
	test_nothing();
	test_broken(add, "a frame");
	test_broken(add_old, "a frame without a time");
	test_find();
	test_count();
	test_length();
	test_longest();
	test_stream();
	return done_testing();
}
