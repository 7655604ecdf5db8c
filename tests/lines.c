/* input, line: bytes as lines, however they come and whatever packed them */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "base/termination.h"
#include "input/input.h"
#include "input/lines.h"
#include "tap.h"

/* An input that gives exactly these bytes, from a pipe. */
static struct input *
input_of(const char *p, size_t n)
{
	int fd[2];

	if (pipe(fd) < 0 || fcntl(fd[1], F_SETPIPE_SZ, 1 << 20) < 0 ||
	    write(fd[1], p, n) != (ssize_t)n)
		abort();
	close(fd[1]);
	return input_new(fd[0]);
}

/* All lines of p joined, "|" for an LF and "!" for the lack of one. */
static const char *
joined(const char *p, size_t n, size_t max, uint64_t *cut)
{
	static char text[256];
	struct input *in = input_of(p, n);
	struct lines *l = lines_new(in, max);
	struct span line;
	bool has_lf;
	size_t len = 0;

	while (line_next(l, &line, &has_lf) > 0) {
		memcpy(text + len, line.p, line.len);
		len += line.len;
		text[len++] = has_lf ? '|' : '!';
	}
	text[len] = '\0';
	*cut = lines_cut(l);
	lines_free(l);
	input_close(in);
	return text;
}

static void
is_joined(const char *name, const char *in, const char *want, uint64_t want_cut)
{
	uint64_t cut;
	const char *got = joined(in, strlen(in), 8, &cut);

	ok(strcmp(got, want) == 0 && cut == want_cut,
	    "lines: %s: %s, %llu cut", name,
	    got, (unsigned long long)cut);
}

static void
lines(void)
{
	is_joined("no input", "", "", 0);
	is_joined("one line", "a\n", "a|", 0);
	is_joined("no last LF", "a\nb", "a|b!", 0);
	is_joined("empty lines", "\n\na\n", "||a|", 0);
	is_joined("a CR stays", "a\r\n", "a\r|", 0);
	is_joined("as long as allowed", "12345678\nb\n", "12345678|b|", 0);
	is_joined("a line too long by one", "123456789\nb\n",
	    "12345678!9|b|", 1);
	is_joined("two lines that are too long",
	    "123456789\n1234567890123456789\n",
	    "12345678!9|12345678!90123456!789|", 2);
	is_joined("a line that is too long and has no LF", "12345678901",
	    "12345678!901!", 1);
}

/* Lines longer than the first buffer, as whole or in parts of max bytes. */
static void
long_lines(void)
{
	static const struct { size_t max, len[4]; } cases[] = {
		{ LINE_MAX_DEFAULT, { 600000, 9 } },
		{ 300000, { 300000, 300000, 9 } },
		{ 400000, { 400000, 200000, 9 } },
	};
	static char text[600011];
	bool has_lf;

	memset(text, 'y', sizeof text - 1);
	text[600000] = text[600010] = '\n';
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct input *in = input_of(text, sizeof text);
		struct lines *l = lines_new(in, cases[i].max);
		const size_t *want = cases[i].len;
		struct span line;
		bool good = true;

		while (line_next(l, &line, &has_lf) > 0)
			good = good && line.len == *want++;
		ok(good && *want == 0, "a line of 600000 bytes, of which %zu "
		    "are allowed", cases[i].max);
		lines_free(l);
		input_close(in);
	}
}

static void
blocks(void)
{
	static char text[300001];
	struct input *in;
	struct lines *l;
	struct span b;
	size_t all = 0, n = sizeof text - 1;
	bool whole = true;

	for (size_t i = 0; i < n; i++)
		text[i] = i % 100 == 99 ? '\n' : 'x';
	in = input_of(text, n);
	l = lines_new(in, LINE_MAX_DEFAULT);
	while (lines_block(l, &b) > 0) {
		whole = whole && b.p[b.len - 1] == '\n' && b.len % 100 == 0;
		all += b.len;
	}
	ok(whole && all == n, "blocks hold whole lines, and all of them");
	lines_free(l);
	input_close(in);
}

/* A file of n lines of 100 bytes, then what follows; *fd stays open. */
static struct input *
file_of(int n, const char *rest, int *fd)
{
	static char text[100];
	char path[] = "/tmp/lines.XXXXXX";
	struct input *in;

	memset(text, 'x', sizeof text);
	text[99] = '\n';
	if ((*fd = mkstemp(path)) < 0)
		abort();
	for (int i = 0; i < n; i++)
		if (write(*fd, text, sizeof text) != sizeof text)
			abort();
	if (write(*fd, rest, strlen(rest)) < 0)
		abort();
	in = input_open(path);
	unlink(path);
	return in;
}

static size_t
count_nuls(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == '\0';
	return n;
}

static void
mapped_blocks(void)
{
	size_t all = 0, n = 0;
	struct span b;
	bool whole = true;
	int fd;
	struct input *in = file_of(30001, "a", &fd);
	struct lines *l = lines_new(in, LINE_MAX_DEFAULT);

	lines_map(l);
	for (; lines_block(l, &b) > 0; n++) {
		whole &= b.p[b.len - 1] == '\n' || b.len == 1;
		all += b.len;
		whole &= !lines_gone(l);
	}
	ok(whole && all == 3000101 && n > 3,
	    "a file in memory is whole lines, and all of them");
	ok(lseek(input_fd(in), 0, SEEK_CUR) == 3000101,
	    "a file in memory is read to its end");
	lines_free(l);
	input_close(in);
	close(fd);
}

/* The file becomes so short while its second block is in use. */
static void
cut_blocks(const char *what, off_t size, size_t nuls, size_t want)
{
	struct span b;
	size_t all, later = 0;
	int fd;
	struct input *in = file_of(30000, "", &fd);
	struct lines *l = lines_new(in, LINE_MAX_DEFAULT);

	lines_map(l);
	lines_block(l, &b);
	all = b.len;
	ok(!lines_gone(l) && lines_block(l, &b) > 0, "%s: two blocks", what);
	ok(ftruncate(fd, size) == 0 && count_nuls(b) == nuls,
	    "%s: what is gone reads as NUL", what);
	ok(lines_gone(l), "%s: that lines are gone is known", what);
	while (lines_block(l, &b) > 0) {
		all += b.len;
		later += count_nuls(b);
	}
	ok(all == want && later == 0, "%s: what is left is read: %zu bytes",
	    what, all);
	lines_free(l);
	input_close(in);
	close(fd);
}

/* An input that gives them step bytes at a time, 16 at most; 0: all. */
static struct input *
input_in_steps(const char *p, size_t n, size_t step)
{
	size_t part;
	int fd[2];

	if (step == 0)
		return input_of(p, n);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) < 0)
		abort();
	for (; n > 0; p += part, n -= part) {
		part = n < step ? n : step;
		if (write(fd[1], p, part) != (ssize_t)part)
			abort();
	}
	close(fd[1]);
	return input_new(fd[0]);
}

/* Lines and frames joined: "|" behind each, "/" for a LF inside. */
static const char *
framed(const char *p, size_t step)
{
	static char text[512];
	struct input *in = input_in_steps(p, strlen(p), step);
	struct lines *l = lines_new(in, 64);
	struct span b;
	size_t len = 0;

	lines_frames(l);
	while (lines_block(l, &b) > 0)
		for (size_t i = 0; i < b.len; i++) {
			text[len++] = b.p[i] != '\n' ? b.p[i] :
			    lines_is_frame(l) ? '/' : '|';
			if (i + 1 == b.len && b.p[i] != '\n')
				text[len++] = '|';
		}
	text[len] = '\0';
	lines_free(l);
	input_close(in);
	return text;
}

static void
is_framed(const char *name, const char *in, const char *want)
{
	bool same = true;

	for (size_t step = 0; step <= 16 && same; step++) {
		same = strcmp(framed(in, step), want) == 0;
		if (!same)
			printf("# %zu at a time: %s\n", step, framed(in, step));
	}
	ok(same, "frames: %s", name);
}

static void
frames(void)
{
	is_framed("frames without LF", "5 <13>a5 <13>b7 <14>1 c",
	    "<13>a|<13>b|<14>1 c|");
	is_framed("counts with the LF, as Logplex's", "6 <13>a\n6 <13>b\n",
	    "<13>a|<13>b|");
	is_framed("counts without the LF, frames with one between",
	    "5 <13>a\n5 <13>b\n\n5 <13>c",
	    "<13>a|<13>b||<13>c|");
	is_framed("frames with LFs inside",
	    "7 <13>a\nb9 <13>\n\nc\nd8 <13>a\nb\n5 <13>b",
	    "<13>a/b|<13>//c/d|<13>a/b|<13>b|");
	is_framed("lines before, between and after frames", "x\n5 <13>a5 <13>b"
	    "6 <13>c\ny\n1 <z\n6 <13>d\nz", "x|<13>a|<13>b|<13>c|y|1 <z|"
	    "<13>d|z|");
	is_framed("a frame's count that is too large",
	    "11 <13>a\n5 <13>b\n5 <13>c\n",
	    "11 <13>a|<13>b|<13>c|");
	is_framed("a frame's count that nothing comes for",
	    "60 <13>a\n<13>b\nc",
	    "60 <13>a|<13>b|c|");
	is_framed("a frame cut short", "5 <13>a20 <13>b", "<13>a|20 <13>b|");
	is_framed("a frame longer than a line may be", "62 <13>a\n6 <13>b\n",
	    "62 <13>a|<13>b|");
	is_framed("a frame that begins with no priority",
	    "6 <192>a\n5 <>abc\n5 [13]a\n",
	    "6 <192>a|5 <>abc|5 [13]a|");
	is_framed("a frame after what is no count",
	    "05 <13>a\n 5 <13>a\n5  <13>a\n+5 <13>a",
	    "05 <13>a| 5 <13>a|5  <13>a|+5 <13>a|");
	ok(strcmp(framed("61 <13>"
	    "0123456789012345678901234567890123456789012345678901234"
	    "566 <13>b\n", 0), "<13>0123456789012345678901234567890123456789"
	    "01234567890123456|<13>b|") == 0,
	    "a frame as long as a line may be");
	ok(strcmp(framed("8 <13>abcdef g\n5 <13>b", 0),
	    "8 <13>abcdef g|<13>b|") == 0, "a frame's count that is too small");
	ok(strcmp(framed("0123456789012345678901234567890123456789012345678901"
	    "2345678901235 <13>a\n5 <13>b", 0), "0123456789012345678901234567"
	    "890123456789012345678901234567890123|5 <13>a|<13>b|") == 0,
	    "no frame within a line that is too long");
}

/* A frame is a line as soon as it is there. */
static void
frame_at_once(void)
{
	struct input *in;
	struct lines *l;
	struct span b = { 0 };
	int fd[2];

	if (pipe(fd) < 0 || write(fd[1], "5 <13>a7 <13>b\nc", 16) != 16)
		abort();
	in = input_new(fd[0]);
	l = lines_new(in, 64);
	lines_frames(l);
	alarm(200);
	ok(lines_block(l, &b) == 1 && span_is(b, "<13>a\n"),
	    "a frame is given while more may come");
	ok(lines_block(l, &b) == 1 && span_is(b, "<13>b\nc") &&
	    lines_is_frame(l),
	    "a frame with a LF inside is given while more may come");
	alarm(0);
	lines_free(l);
	input_close(in);
	close(fd[1]);
}

static const char gz[] =	/* "one\n" */
    "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\xcf\x4b\xe5\x02\0\x9f\xa8\x17\xf8"
    "\x04\0\0\0";

/* The size of what n bytes unpack to, or -1. */
static ssize_t
unpacked(const char *p, size_t n)
{
	struct input *in = input_of(p, n);
	char out[64];
	ssize_t got, all = 0;

	while ((got = input_read(in, out, sizeof out)) > 0)
		all += got;
	input_close(in);
	return got < 0 ? -1 : all;
}

static void
packed(void)
{
	char two[2 * sizeof gz + 8] = "";
	size_t n = sizeof gz - 1;

	memcpy(two, gz, n);
	memcpy(two + n, gz, n);
	ok(unpacked(gz, n) == 4, "a gzip member is unpacked");
	ok(unpacked(two, 2 * n) == 8, "two gzip members are unpacked");
	ok(unpacked(two, 2 * n + 5) == 8,
	    "zero bytes after a gzip member are padding");
	ok(unpacked(gz, n - 3) < 0, "a gzip member cut short is an error");
	two[n] = 'x';
	ok(unpacked(two, 2 * n) < 0, "garbage after a gzip member is an error");
	memcpy(two, gz, n);
	two[n - 6] ^= 1;
	ok(unpacked(two, n) < 0, "a bad checksum of a gzip member is an error");
	ok(unpacked("\x1f\x8b", 2) == 2,
	    "two bytes like gzip's are just bytes");
	ok(unpacked("BZ", 2) == 2, "two bytes like bzip2's are just bytes");
	ok(unpacked("\x28\xb5\x2f\xfdgarbage", 11) < 0, "bad zstd is an error");
}

static struct input *
input_of_file(const char *p, size_t n)
{
	char path[] = "/tmp/lines.XXXXXX";
	struct input *in;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
	in = input_open(path);
	unlink(path);
	return in;
}

/* Two readers of one pipe: what poll saw may be gone when we read. */
static void
shared(void)
{
	struct input *in;
	int fd[2], other;
	char c;

	if (pipe(fd) < 0 || (other = dup(fd[0])) < 0)
		abort();
	in = input_new(fd[0]);
	ok(read(input_fd(in), &c, 1) < 0 && errno == EAGAIN,
	    "an empty pipe is never waited for in a read");
	ok(!(fcntl(other, F_GETFL) & O_NONBLOCK),
	    "a pipe is left in blocking mode for others who have it");
	close(fd[1]);
	ok(input_read(in, &c, 1) == 0, "the end of a pipe is seen");
	input_close(in);
	close(other);
}

static int
nobody_reads(void)
{
	return -1;
}

/* What ends an input early. */
static void
ends(void)
{
	struct input *in;
	char text[200], c;
	int fd[2], null = open("/dev/null", O_RDONLY);
	size_t n;

	if (pipe(fd) < 0 || write(fd[1], "x", 1) != 1)
		abort();
	input_idle = nobody_reads;
	in = input_new(fd[0]);
	ok(input_read(in, &c, 1) == 1 && input_read(in, &c, 1) == 0,
	    "a pipe has ended when it is empty and nobody reads the output");
	input_idle = NULL;
	input_close(in);
	close(fd[1]);
	ok(input_open("/nonexistent/x") == NULL && errno == ENOENT,
	    "a file that is not there is told");
	in = input_new(null);
	n = 100;
	ok(input_map(in, &n) == NULL && !input_is_compressed(in),
	    "what is no file is not mapped");
	input_close(in);
	in = input_of_file("\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
	termination_ask();
	ok(input_read(in, text, sizeof text) < 0 && errno == EINTR,
	    "a packed file is not read on once the end is asked for");
	input_close(in);
	in = input_of_file("plain\n", 6);
	n = 100;
	ok(input_map(in, &n) == NULL &&
	    input_read(in, text, sizeof text) < 0 && errno == EINTR &&
	    input_read_raw(in, text, sizeof text) < 0 && errno == EINTR,
	    "a plain file is not read either, in whatever way");
	input_close(in);
}

int
main(void)
{
	shared();
	lines();
	long_lines();
	blocks();
	mapped_blocks();
	cut_blocks("truncated", 0, 1048500, 1048500);
	cut_blocks("cut within a page", 1048600, 1048400, 1048600);
	cut_blocks("cut within the last page", 2096950, 50, 2096950);
	frames();
	frame_at_once();
	packed();
	ends();
	return done_testing();
}
