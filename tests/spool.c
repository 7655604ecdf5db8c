/* spool: what was written is read once, in order, whatever was killed */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "stream/spool.h"
#include "stream/spool_folder.h"
#include "stream/spool_segment.h"
#include "stream/spool_status.h"
#include "tap.h"

enum { MIB = 1 << 20 };

static char dir[64];

static void
new_dir(void)
{
	static int n;

	if (n > 0 && system("rm -rf spool.*") != 0)
		abort();
	snprintf(dir, sizeof dir, "spool.%d", n++);
}

/* Write numbers from..to as text, one frame each, `each` frames a write. */
static int
put(struct spool_writer *w, int from, int to, int each)
{
	struct buf b = { 0 };
	char text[32];
	int n = 0, r = 0;

	for (int i = from; i < to && r == 0; i++) {
		struct frame f = { .stream = 7, .position = (uint64_t)i };

		snprintf(text, sizeof text, "line %d", i);
		f.data = span_str(text);
		frame_pack(&b, &f);
		if (++n == each || i + 1 == to) {
			r = spool_write(w, buf_span(&b), (size_t)n);
			buf_clear(&b);
			n = 0;
		}
	}
	buf_free(&b);
	return r;
}

/* Read all there is; the next number expected, or -1 when out of order. */
static long
get(struct spool_reader *r, long from)
{
	struct frame f;
	char text[32];
	int got;

	while ((got = spool_read(r, &f)) > 0) {
		snprintf(text, sizeof text, "line %ld", from);
		if (f.position != (uint64_t)from || !span_is(f.data, text))
			return -1;
		from++;
	}
	return got < 0 ? -1 : from;
}

/* The newest segment's name, whole. */
static const char *
newest(void)
{
	static char path[128];
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	struct segment_file *list;
	size_t n;

	if (segment_list(fd, &list, &n) < 0 || n == 0)
		abort();
	snprintf(path, sizeof path, "%s/%016llx.spool", dir,
	    (unsigned long long)list[n - 1].first);
	free(list);
	close(fd);
	return path;
}

static size_t
segments(void)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	struct segment_file *list;
	size_t n;

	if (segment_list(fd, &list, &n) < 0)
		abort();
	free(list);
	close(fd);
	return n;
}

static off_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : st.st_size;
}

/* The bytes, one by one: a spool may be read on another machine. */
static void
test_bytes(void)
{
	static const unsigned char frame[] = { 4, 0, 0, 0x80, 0x72, 0x01, 0x4d,
		0x5a, 0xb9, 0x34, 0x40, 0x37, 0x81, 0x0e, 0x59, 0xad,
		8, 7, 6, 5, 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13,
		0x12, 0x11, 'd', 'a', 't', 'a' };
	struct frame f = { frame_stream("host", span_str("first line")),
	    0x0102030405060708, span_str("data"), 0x1112131415161718 };
	struct buf b = { 0 };

	ok(frame_pack(&b, &f) == 0 && b.len == sizeof frame &&
	    memcmp(b.p, frame, b.len) == 0,
	    "a frame is the same bytes on every processor");
	buf_free(&b);
}

static void
test_order(void)
{
	struct spool_writer *w, *w2;
	struct spool_reader *r;
	struct spool_state st;

	new_dir();
	w = spool_writer_new(dir, MIB);
	r = spool_reader_new(dir);
	ok(w != NULL && r != NULL, "a new folder is a spool");
	ok(get(r, 0) == 0, "a new spool holds nothing");
	ok(put(w, 0, 10, 3) == 0 && get(r, 0) == 10, "frames come in order");
	w2 = spool_writer_new(dir, MIB);
	put(w, 10, 20, 4);
	put(w2, 20, 30, 100);
	put(w, 30, 40, 1);
	ok(get(r, 10) == 40, "two writers may take turns");
	ok(spool_reader_new(dir) == NULL && errno == EWOULDBLOCK,
	    "a second reader is refused");
	spool_ack(r, 15);
	ok(spool_look(dir, &st) == 0 && st.records == 25 && st.sending &&
	    segments() == 1, "the folder tells what is not delivered");
	spool_reader_free(r);
	r = spool_reader_new(dir);
	ok(get(r, 15) == 40, "the next reader begins after what was delivered");
	ok(put(w, 40, 9000, 50) == 0 && put(w2, 9000, 12000, 7) == 0 &&
	    get(r, 40) == 12000, "segments follow each other");
	ok(spool_ack(r, 12000) == 0 && spool_look(dir, &st) == 0 &&
	    segments() == 1 && st.records == 0,
	    "segments go when all in them is delivered");
	ok(put(w, 12000, 12010, 3) == 0 && get(r, 12000) == 12010,
	    "a writer finds its way after that");
	spool_reader_free(r);
	spool_writer_free(w);
	spool_writer_free(w2);
}

static void
test_full(void)
{
	struct spool_writer *w;
	struct spool_reader *r;
	struct spool_state st;
	struct frame f;
	int n = 0;

	new_dir();
	w = spool_writer_new(dir, 64 * 1024);
	r = spool_reader_new(dir);
	while (put(w, n, n + 1, 1) == 0 && n < 100000)
		n++;
	ok(errno == ENOSPC && n > 1000 && spool_look(dir, &st) == 0 &&
	    st.bytes <= 64 * 1024, "a full spool says so and keeps its bound");
	ok(spool_read(r, &f) == 1 && f.position == 0,
	    "a full spool can be read");
	spool_ack(r, 1);
	ok(spool_drop_oldest(w) == 0 && spool_drop_oldest(w) == 0 &&
	    put(w, n, n + 1, 1) == 0, "room is made by dropping the oldest");
	spool_reader_free(r);
	r = spool_reader_new(dir);
	ok(spool_read(r, &f) == 1 && spool_dropped(r) > 0 &&
	    f.position == 1 + spool_dropped(r), "what was dropped is counted");
	ok(get(r, (long)f.position + 1) == n + 1,
	    "what follows the dropped frames is there");
	spool_reader_free(r);
	spool_writer_free(w);
}

static void
test_unread(void)
{
	struct spool_writer *w;
	struct spool_reader *r;
	struct spool_state st;
	struct frame f;
	struct spool_position p;
	uint64_t dropped;
	char path[128], old[40];
	int n = 0, fd, other;

	new_dir();
	w = spool_writer_new(dir, 64 * 1024);
	other = open("spool.other", O_RDWR | O_CREAT | O_TRUNC, 0600);
	while (put(w, n, n + 1, 1) == 0 && n < 100000)
		n++;
	ok(spool_drop_oldest(w) == 0 && spool_look(dir, &st) == 0 &&
	    st.dropped > 0 && st.dropped + st.records == (uint64_t)n,
	    "the folder tells what was dropped before anybody read");
	r = spool_reader_new(dir);
	ok(spool_read(r, &f) == 1 && f.position == st.dropped &&
	    spool_dropped(r) == st.dropped, "the first reader counts it");
	dropped = st.dropped;
	ok(spool_look(dir, &st) == 0 && st.dropped == 0 &&
	    st.counted_dropped == dropped,
	    "the folder tells what a reader has counted");
	spool_reader_free(r);
	r = spool_reader_new(dir);
	ok(spool_dropped(r) == dropped && spool_read(r, &f) == 1 &&
	    f.position == dropped, "the next reader has counted it, too");
	spool_reader_free(r);

	/* A version that does not count them wrote the first of its bytes. */
	snprintf(path, sizeof path, "%s/delivered", dir);
	fd = open(path, O_RDWR);
	ok(fd >= 0 && spool_position_get(fd, &p) && p.dropped == dropped,
	    "the position has what was dropped before it");
	p.number++;
	ok(other >= 0 && spool_position_set(other, &p) == 0 &&
	    pread(other, old, sizeof old, 0) == sizeof old &&
	    pwrite(fd, old, sizeof old, 0) == sizeof old &&
	    spool_position_get(fd, &p) && p.number == dropped + 1 &&
	    p.dropped == 0,
	    "what was dropped before another position does not count");
	p.number--;
	spool_position_set(fd, &p);
	close(other);
	close(fd);

	/* The position as it was stored before these were counted */
	ok(truncate(path, 40) == 0 && (r = spool_reader_new(dir)) != NULL &&
	    spool_dropped(r) == 0 && spool_read(r, &f) == 1 &&
	    f.position == dropped, "an older position is known");
	spool_reader_free(r);
	spool_writer_free(w);
}

static void
test_report(void)
{
	struct spool_report r = { .dropped = 10, .seen_dropped = 10 };
	uint64_t dropped = 3, damaged = 0;

	spool_report_missing(&r, &dropped, &damaged);
	ok(dropped == 0 && r.dropped == 10,
	    "a report counts nothing when a spool has lost its count");
	dropped = 5;
	spool_report_missing(&r, &dropped, &damaged);
	ok(dropped == 2 && r.dropped == 12,
	    "a report counts what is missing after that");
}

static void
test_smaller_max(void)
{
	struct spool_writer *w;
	struct spool_state st;
	int n = 50000, dropped = 0;

	new_dir();
	w = spool_writer_new(dir, 64 * MIB);
	put(w, 0, n, 100);
	spool_writer_free(w);
	w = spool_writer_new(dir, 64 * 1024);
	ok(put(w, n, n + 1, 1) == 0,
	    "a spool takes lines though one file of it is above a smaller limit");
	for (int to = n + 10000; n < to && dropped < 100; )
		if (put(w, n, n + 1, 1) == 0)
			n++;
		else
			dropped += spool_drop_oldest(w) == 0 ? 1 : 100;
	ok(spool_look(dir, &st) == 0 && dropped < 100 && st.bytes <= 64 * 1024,
	    "it keeps the smaller limit once its oldest lines have gone");
	spool_writer_free(w);
}

/* The calls of fdatasync(2), which the spool makes through this. */
static int syncs;

int
fdatasync(int fd)
{
	syncs++;
	return fsync(fd);
}

static void
test_sync(void)
{
	struct spool_writer *w, *other;
	int before;

	new_dir();
	w = spool_writer_new(dir, 64 << 10);
	other = spool_writer_new(dir, 64 << 10);
	put(w, 0, 1, 1);
	put(other, 1, 1000, 100);	/* begins segments */
	before = syncs;
	put(w, 1000, 1001, 1);
	ok(syncs == before + 1,
	    "what was written before another writer began a segment is synced");
	spool_writer_free(w);
	spool_writer_free(other);
}

static void
test_torn(void)
{
	struct spool_writer *w;
	struct spool_reader *r;
	struct frame last[4];
	struct buf text = { 0 };
	off_t size;
	bool good = true;

	new_dir();
	w = spool_writer_new(dir, MIB);
	r = spool_reader_new(dir);
	put(w, 0, 5, 5);
	size = size_of(newest());
	for (int cut = 1; cut < 30; cut++) {
		put(w, 5, 6, 1);
		good &= truncate(newest(), size + cut) == 0;
		spool_writer_free(w);
		w = spool_writer_new(dir, MIB);
		good &= size_of(newest()) == size;
	}
	ok(good, "a torn frame is cut off, wherever it was torn");
	ok(get(r, 0) == 5 && put(w, 5, 8, 1) == 0 && get(r, 5) == 8,
	    "writing and reading go on after a torn frame");
	ok(spool_tail(w, last, 4, &text) == 4 && last[0].position == 4 &&
		span_is(last[3].data, "line 7"),
	    "the last frames can be looked at");
	buf_free(&text);
	spool_reader_free(r);
	spool_writer_free(w);
}

static void
test_plan(void)
{
	struct spool_writer *w;
	struct spool_reader *r;

	new_dir();
	w = spool_writer_new(dir, MIB);
	r = spool_reader_new(dir);
	put(w, 0, 10, 10);
	ok(spool_planned(r) == 0 && spool_plan(r, 7) == 0,
	    "a batch is planned");
	spool_reader_free(r);
	r = spool_reader_new(dir);
	ok(spool_planned(r) == 7 && spool_number(r) == 0,
	    "a planned batch stays planned when the reader was killed");
	spool_ack(r, 7);
	spool_reader_free(r);
	r = spool_reader_new(dir);
	ok(spool_planned(r) == 7 && spool_number(r) == 7,
	    "a batch is no longer planned once it is delivered");
	spool_reader_free(r);
	spool_writer_free(w);
}

/* Change a byte of the n-th segment. */
static void
damage(size_t nth, off_t at)
{
	int folder = open(dir, O_RDONLY | O_DIRECTORY), fd;
	struct segment_file *list;
	char path[128], byte;
	size_t n;

	if (segment_list(folder, &list, &n) < 0 || nth >= n)
		abort();
	snprintf(path, sizeof path, "%s/%016llx.spool", dir,
	    (unsigned long long)list[nth].first);
	if (at < 0)
		at += list[nth].size;
	if ((fd = open(path, O_RDWR)) < 0 || pread(fd, &byte, 1, at) != 1)
		abort();
	byte = (char)~byte;
	if (pwrite(fd, &byte, 1, at) != 1)
		abort();
	close(fd);
	close(folder);
	free(list);
}

/* Deliver all: how many frames came, in order; and how many are damaged. */
static size_t
get_all(uint64_t *damaged, bool *kept, uint64_t *last)
{
	struct spool_reader *r = spool_reader_new(dir);
	uint64_t next = 0, before = spool_damaged(r, kept);
	struct frame f;
	size_t n = 0;

	while (spool_read(r, &f) == 1) {
		n += f.position >= next;
		next = f.position + 1;
	}
	spool_ack(r, spool_number(r));
	spool_end(r);
	*damaged = spool_damaged(r, kept) - before;
	*last = next;
	spool_reader_free(r);
	return n;
}

static void
test_damage(void)
{
	uint64_t damaged, last;
	struct spool_reader *r;
	struct spool_writer *w;
	struct stat st;
	struct frame f;
	bool kept, good = true;
	char path[128];
	size_t n;

	new_dir();
	w = spool_writer_new(dir, MIB);
	put(w, 0, 9000, 10);
	damage(0, 1000);
	r = spool_reader_new(dir);
	while (spool_read(r, &f) == 1)
		;
	spool_end(r);
	ok(spool_damaged(r, &kept) == 0 && spool_ack(r, 10) == 0 &&
	    spool_damaged(r, &kept) == 0,
	    "what is missing before frames that wait is left to who delivers them");
	spool_reader_free(r);
	n = get_all(&damaged, &kept, &last);
	ok(n == 8989 && damaged == 1 && last == 9000,
	    "a damaged byte costs its frame, and that is counted");
	snprintf(path, sizeof path, "%s/damaged/%016x.spool", dir, 0);
	ok(kept && stat(path, &st) == 0, "the damaged segment is kept");
	get_all(&damaged, &kept, &last);
	ok(damaged == 0, "damage is counted once");
	spool_writer_free(w);
	/* Wherever the byte is, in the last frame, too. */
	for (int at = -45; at < 0; at++) {
		new_dir();
		w = spool_writer_new(dir, MIB);
		put(w, 0, 3, 1);
		spool_writer_free(w);
		damage(0, at);
		w = spool_writer_new(dir, MIB);	/* as the next run does */
		put(w, 3, 5, 1);
		n = get_all(&damaged, &kept, &last);
		good &= n + damaged == 5 && damaged == 1 && kept && last == 5;
		if (!good)
			printf("# at %d: %zu came, %llu damaged\n", at, n,
			    (unsigned long long)damaged);
		spool_writer_free(w);
	}
	ok(good, "a damaged byte anywhere in the last frames is counted");
}

static void
test_damage_at_the_end(void)
{
	uint64_t damaged, last;
	struct spool_writer *w;
	bool kept, good;
	size_t n;

	new_dir();
	w = spool_writer_new(dir, MIB);
	put(w, 0, 3, 1);
	spool_writer_free(w);
	damage(0, -1);
	w = spool_writer_new(dir, MIB);		/* begins a new segment */
	n = get_all(&damaged, &kept, &last);
	good = n == 2 && damaged == 1;
	get_all(&damaged, &kept, &last);
	ok(good && damaged == 0, "damage before an empty segment is counted once");
	put(w, 3, 5, 1);
	n = get_all(&damaged, &kept, &last);
	ok(n == 2 && damaged == 0 && last == 5,
	    "what comes behind damage and an empty segment is there");
	spool_writer_free(w);
	new_dir();
	w = spool_writer_new(dir, MIB);
	put(w, 0, 5, 10);
	spool_writer_free(w);
	damage(0, 1 * (FRAME_HEAD + 10) + FRAME_HEAD);
	damage(0, 2 * (FRAME_HEAD + 10) + FRAME_HEAD);
	n = get_all(&damaged, &kept, &last);
	ok(n == 3 && damaged == 2 && last == 5,
	    "two damaged frames, one after the other, are counted as two");
}

/*
 * As when the block with these frames was not on disk when the power failed:
 * zeros, for which there might be frames without data and time.
 */
static void
test_zeros(void)
{
	enum { OLD_HEAD = 24, FRAME = FRAME_HEAD + sizeof "line 0" - 1,
	    ZEROS = 9 * FRAME + 6 * (FRAME + 1) };	/* lines 1 to 15 */
	static const char zeros[ZEROS];
	struct spool_writer *w;
	uint64_t damaged, last;
	bool kept;
	int fd;

	_Static_assert(ZEROS % OLD_HEAD == 0, "so many empty frames");
	new_dir();
	w = spool_writer_new(dir, MIB);
	put(w, 0, 18, 18);
	spool_writer_free(w);
	if ((fd = open(newest(), O_WRONLY)) < 0 ||
	    pwrite(fd, zeros, ZEROS, FRAME) != ZEROS)
		abort();
	close(fd);
	w = spool_writer_new(dir, MIB);
	get_all(&damaged, &kept, &last);
	ok(spool_next(w) == 4 && damaged == 1 && last == 18,
	    "zeros are no frames");
	spool_writer_free(w);
}

static void
test_claim(void)
{
	struct buf other = { 0 };
	struct spool_writer *w;

	new_dir();
	ok(spool_claim(dir, "http://a/", false, &other) == 0 &&
	    spool_claim(dir, "http://a/", false, &other) == 0,
	    "a new spool takes any receiver, and keeps it");
	buf_clear(&other);
	ok(spool_claim(dir, "http://b/", false, &other) == 0,
	    "an empty spool takes another receiver");
	w = spool_writer_new(dir, MIB);
	put(w, 0, 3, 1);
	buf_clear(&other);
	ok(spool_claim(dir, "http://a/", false, &other) < 0 &&
	    errno == EBUSY && span_is(buf_span(&other), "http://b/"),
	    "a spool that holds records belongs to its receiver");
	buf_clear(&other);
	ok(spool_claim(dir, "http://a/", true, &other) == 0,
	    "a spool can be given to another receiver");
	buf_free(&other);
	spool_writer_free(w);
}

/* Writers are killed at any moment; what was acknowledged is there, in order.
 */
static void
test_killed(void)
{
	struct spool_reader *r;
	struct frame f;
	uint64_t wanted = 0;
	bool good = true;

	new_dir();
	r = spool_reader_new(dir);
	for (int round = 0; round < 30; round++) {
		uint64_t told = 0, n;
		int p[2];
		pid_t pid;

		if (pipe(p) < 0 || (pid = fork()) < 0)
			abort();
		if (pid == 0) {
			struct spool_writer *w =
			    spool_writer_new(dir, 64 * MIB);

			for (int i = (int)wanted;; i++)
				if (put(w, i, i + 1, 1) < 0 ||
				    write(p[1], &i, 1) != 1)
					_exit(1);
		}
		close(p[1]);
		while (told < (uint64_t)(50 + round * 37) &&
		    read(p[0], &n, 1) == 1)
			told++;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(p[0], &n, 1) == 1)
			told++;
		close(p[0]);
		told += wanted;
		while (spool_read(r, &f) == 1)
			good &= f.position == wanted++;
		good &= wanted >= told;
	}
	ok(good, "nothing that was taken is lost when writers are killed");
	spool_reader_free(r);
}

int
main(void)
{
	char tmp[] = "/tmp/logferry-spool.XXXXXX";

	if (mkdtemp(tmp) == NULL || chdir(tmp) < 0)
		return 1;
	test_bytes();
	test_order();
	test_full();
	test_unread();
	test_report();
	test_smaller_max();
	test_sync();
	test_torn();
	test_plan();
	test_damage();
	test_damage_at_the_end();
	test_zeros();
	test_claim();
	test_killed();
	if (system("rm -rf spool.*") != 0 || chdir("/") < 0 || rmdir(tmp) < 0)
		return 1;
	return done_testing();
}
