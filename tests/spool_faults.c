/* spool_faults: each call for a spool's files fails once, and no line is lost */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "stream/spool.h"
#include "stream/spool_folder.h"
#include "stream/spool_status.h"
#include "tap.h"

enum { MAX = 64 << 10, FRAMES = 400, EACH = 20, REST = 5 };

static long calls, failing;	/* which call fails; 0: none */

static bool
fails(void)
{
	if (++calls != failing)
		return false;
	errno = EIO;
	return true;
}

/* The real function of that name and type. */
#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails() ? -1 : REAL(openat)(dir, path, flags, mode);
}

int
mkdir(const char *path, mode_t mode)
{
	return fails() ? -1 : REAL(mkdir)(path, mode);
}

int
unlinkat(int dir, const char *path, int flags)
{
	return fails() ? -1 : REAL(unlinkat)(dir, path, flags);
}

int
renameat(int from, const char *old, int to, const char *new)
{
	return fails() ? -1 : REAL(renameat)(from, old, to, new);
}

int
fstat(int fd, struct stat *st)
{
	return fails() ? -1 : REAL(fstat)(fd, st);
}

int
fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return fails() ? -1 : REAL(fstatat)(dir, path, st, flags);
}

ssize_t
pread(int fd, void *to, size_t n, off_t at)
{
	return fails() ? -1 : REAL(pread)(fd, to, n, at);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return fails() ? -1 : REAL(pwrite)(fd, p, n, at);
}

ssize_t
read(int fd, void *to, size_t n)
{
	return fails() ? -1 : REAL(read)(fd, to, n);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return fails() ? -1 : REAL(write)(fd, p, n);
}

/* Nothing needs to be on disk here. */
int
fsync(int fd)
{
	(void)fd;
	return fails() ? -1 : 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return fails() ? -1 : 0;
}

int
inotify_init1(int flags)
{
	return fails() ? -1 : REAL(inotify_init1)(flags);
}

int
inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	return fails() ? -1 : REAL(inotify_add_watch)(fd, path, mask);
}

static bool taken[FRAMES + REST];	/* the spool took it */
static uint64_t seen;		/* the end of those that were delivered */

/* Write frames from..to, a few at once. */
static void
put(int from, int to)
{
	struct spool_writer *w = spool_writer_new("spool", MAX);
	struct buf b = { 0 };
	char text[64];

	for (int i = from; w != NULL && i < to; i += EACH) {
		int n = to - i < EACH ? to - i : EACH;

		buf_clear(&b);
		for (int k = i; k < i + n; k++) {
			struct frame f = { .position = (uint64_t)k };

			snprintf(text, sizeof text, "line %050d", k);
			f.data = span_str(text);
			frame_pack(&b, &f);
		}
		if (spool_write(w, buf_span(&b), (size_t)n) == 0)
			for (int k = i; k < i + n; k++)
				taken[k] = true;
	}
	if (w != NULL)
		spool_sync(w);
	spool_writer_free(w);
	buf_free(&b);
}

/*
 * Read and acknowledge at most so many frames.  Some come again where that could
 * not be stored.  Returns false when one that was taken is passed over.
 */
static bool
get(size_t most)
{
	struct spool_reader *r = spool_reader_new("spool");
	uint64_t next = 0;
	bool good = true, began = false;
	struct frame f;

	if (r == NULL)
		return true;
	spool_watch(r, "spool");
	for (; most > 0 && spool_read(r, &f) > 0; most--) {
		uint64_t at = f.position;

		good &= !began || at >= next;
		for (uint64_t i = began ? next : seen; i < at; i++)
			good &= !taken[i];
		began = true;
		next = at + 1;
	}
	spool_plan(r, spool_number(r));
	spool_ack(r, spool_number(r));
	seen = next > seen ? next : seen;
	spool_reader_free(r);
	return good;
}

/* What a run does with its spool. */
static bool
run(void)
{
	struct spool_report report = { .refused = 7, .failing_since = 1,
		.last_error = "words" };
	struct buf text = { 0 }, other = { 0 };
	uint64_t first, bytes;
	bool good;

	spool_claim("spool", "http://a/", true, &other);
	put(0, FRAMES / 2);
	good = get(FRAMES / 4);
	put(FRAMES / 2, FRAMES);
	spool_report_save("spool", &report);
	spool_print_status("spool", false, &text);
	spool_measure("spool", &first, &bytes);
	good &= get(FRAMES / 2);
	buf_free(&text);
	buf_free(&other);
	return good;
}

/* Whether the file has left a part of it beside itself. */
static bool
leaves(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "spool/%s.%ld", name, (long)getpid());
	return access(path, F_OK) == 0;
}

/* Afterwards nothing fails.  Returns what is wrong, or NULL. */
static const char *
look(void)
{
	struct spool_report report;

	put(FRAMES, FRAMES + REST);
	if (!get(SIZE_MAX))
		return "a line is lost or out of order";
	for (int i = FRAMES; i < FRAMES + REST; i++)
		if (!taken[i])
			return "the next lines are not taken";
	if (seen != FRAMES + REST)
		return "the next lines are not delivered";
	if (spool_report_load("spool", &report) < 0 ||
	    (report.refused != 0 && report.refused != 7))
		return "the report is torn";
	if (leaves("receiver") || leaves("report"))
		return "a temporary file is left";
	return spool_folder_remove("spool") < 0 ? "the folder stays" : NULL;
}

int
main(void)
{
	char tmp[] = "/tmp/logferry-spool.XXXXXX";
	const char *why = NULL;
	long n = 0, broken = 0;
	bool good;

	if (mkdtemp(tmp) == NULL || chdir(tmp) < 0)
		return 1;
	do {
		memset(taken, 0, sizeof taken);
		seen = 0;
		calls = 0;
		failing = ++n;
		good = run();
		failing = 0;
		if (calls < n)		/* it has made no more calls */
			break;
		why = good ? look() : "a line was lost at once";
		if (why != NULL) {
			printf("# call %ld fails: %s\n", n, why);
			broken++;
			if (system("rm -rf spool") != 0)
				return 1;
		}
	} while (broken < 10);
	ok(n > 100, "a run makes many calls: %ld", n - 1);
	ok(broken == 0, "none that fails costs a line, or the next run");
	if (system("rm -rf spool") != 0 || chdir("/") < 0 || rmdir(tmp) < 0)
		return 1;
	return done_testing();
}
