/* spool_folder: what a spool's folder tells, and what of it is a spool's */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "stream/spool.h"
#include "stream/spool_folder.h"
#include "stream/spool_status.h"
#include "tap.h"

enum { MIB = 1 << 20 };

static char dir[64];

static void
new_dir(void)
{
	static int n;

	snprintf(dir, sizeof dir, "spool.%d", n++);
}

/* Write one frame that was read so long ago. */
static void
put_old(int64_t ago_s)
{
	struct spool_writer *w = spool_writer_new(dir, MIB);
	struct frame f = { .data = span_str("x"),
	    .time_ms = ((int64_t)time(NULL) - ago_s) * 1000 };
	struct buf b = { 0 };

	if (frame_pack(&b, &f) < 0 || spool_write(w, buf_span(&b), 1) < 0)
		abort();
	buf_free(&b);
	spool_writer_free(w);
}

/* Whether the status has the text. */
static bool
tells(bool json, const char *text)
{
	struct buf b = { 0 };
	bool yes = spool_print_status(dir, json, &b) == 0 &&
	    strstr(buf_str(&b), text) != NULL;

	if (!yes)
		printf("# %.*s\n", (int)b.len, b.p);
	buf_free(&b);
	return yes;
}

static void
test_status(void)
{
	static const struct {
		int64_t ago_s;
		const char *text;
	} ages[] = {
		{ 3 * 86400 + 30, "1 records, in 0.0 MB, the oldest for 3 days\n" },
		{ 2 * 86400, "the oldest for 2 days\n" },
		{ 2 * 86400 - 30, "the oldest for 47 hours\n" },
		{ 2 * 3600, "the oldest for 2 hours\n" },
		{ 2 * 3600 - 30, "the oldest for 119 minutes\n" },
		{ 120, "the oldest for 2 minutes\n" },
		{ 90, " seconds\n" },
		{ -1, "the oldest for 0 seconds\n" },
		{ -900, "the oldest for 0 seconds\n" },
	};
	struct spool_report r = { .failing_since = 1624961103, .refused = 2,
		.last_error = "a\x1b[1m\x7fz" };

	for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
		new_dir();
		put_old(ages[i].ago_s);
		ok(tells(false, ages[i].text),
		    "the status of a record that was read %lld seconds ago",
		    (long long)ages[i].ago_s);
	}
	ok(tells(true, "\"records\":1,") && tells(true, "\"oldest_age\":0,"),
	    "a record that is from the future has waited for no time");
	new_dir();
	put_old(time(NULL));		/* an older version's have no time */
	ok(tells(true, "\"oldest_age\":null,\"failing_since\":null,"
	    "\"last_error\":null,") && tells(false, "in 0.0 MB\nso far"),
	    "how long a record has waited is not always known");
	ok(spool_report_save(dir, &r) == 0 &&
	    tells(false, "failing   since 2021-06-29T10:05:03Z, ") &&
	    tells(false, "\nlast word a\\x1b[1m\\x7fz\n") &&
	    tells(false, "2 refused, 0 dropped, 0 damaged\n"),
	    "the last error is shown without its control characters");
	ok(tells(true, "\"failing_since\":\"2021-06-29T10:05:03Z\","
	    "\"last_error\":\"a\\u001b[1m\x7fz\",\"dropped\":0,\"refused\":2,"),
	    "as JSON it is whole");
	ok(spool_print_status("none", true, &(struct buf){ 0 }) < 0 &&
	    errno == ENOENT, "there is no status of no folder");
}

static void
test_odd_report(void)
{
	struct spool_report r;
	char path[128];
	FILE *f;

	new_dir();
	put_old(0);
	snprintf(path, sizeof path, "%s/report", dir);
	if ((f = fopen(path, "w")) == NULL)
		abort();
	fputs("{\"dropped\":\"5\",\"refused\":1234567890123456789012345,"
	    "\"damaged\":3,\"seen_dropped\":null,\"failing_since\":0,"
	    "\"last_error\":\"old\"}\n", f);
	fclose(f);
	ok(spool_report_load(dir, &r) == 0 && r.dropped == 0 &&
	    r.refused == 0 && r.damaged == 3 && r.last_error[0] == '\0',
	    "what is no number in a report is 0, and a past error is none");
	ok(truncate(path, 10) == 0 && spool_report_load(dir, &r) == 0 &&
	    r.damaged == 0, "a torn report reports nothing");
	ok(spool_report_load("none", &r) < 0 && spool_report_save("none", &r) < 0,
	    "there is no report of no folder");
}

static void
test_folder(void)
{
	struct buf other = { 0 };
	char command[256];
	struct spool_state st;
	uint64_t first, bytes;

	ok(spool_claim("none/spool", "http://a/", false, &other) < 0 &&
	    errno == ENOENT, "a spool is not made below a folder that is not");
	new_dir();
	snprintf(command, sizeof command, "mkdir %s && : >%s/mail", dir, dir);
	ok(system(command) == 0 && spool_claim(dir, "http://a/", false,
	    &other) < 0 && errno == EEXIST && access(dir, F_OK) == 0,
	    "a folder with the files of others becomes no spool");
	new_dir();
	for (int i = 0; i < 3; i++)
		put_old(0);
	snprintf(command, sizeof command, "cd %s && mkdir "
	    "00000000000000ff.spool lost+found && : >00ff.spool", dir);
	ok(system(command) == 0 && spool_look(dir, &st) == 0 &&
	    st.records == 3 && spool_measure(dir, &first, &bytes) == 0 &&
	    first == 0 && bytes == st.bytes,
	    "what only has a segment's name, or almost, is none");
	snprintf(command, sizeof command,
	    "cd %s && mkdir damaged && : >damaged/1.spool", dir);
	ok(system(command) == 0 && spool_folder_remove(dir) == 0 &&
	    access(dir, F_OK) < 0, "a spool is removed, and what is damaged");
	ok(spool_folder_remove(dir) < 0 && errno == ENOENT,
	    "a spool that has gone cannot be removed");
	snprintf(command, sizeof command, "mkdir -p %s/damaged/a/b", dir);
	ok(system(command) == 0 && spool_folder_remove(dir) < 0 &&
	    errno == ENOTEMPTY, "what no spool has is not removed");
	buf_free(&other);
}

/* Frames of versions before times were kept, too. */
static void
test_count(void)
{
	static const char old[] = "\x01\0\0\0crc.stream__positionx"
	    "\x01\0\0\0crc.stream__positiony";
	struct frame f = { .data = span_of("x", (size_t)FRAME_MAX + 1) };
	struct buf b = { 0 };

	ok(frame_count(span_of(old, sizeof old - 1)) == 2 &&
	    frame_count(span_of(old, 25)) == 1, "frames without times count");
	f.data.len = 1;
	frame_pack(&b, &f);
	buf_add(&b, old, 25);
	frame_pack(&b, &f);
	ok(frame_count(buf_span(&b)) == 3, "frames with times and without count");
	ok(frame_count(span_of(b.p, b.len - 1)) == 1,
	    "what does not end with a frame counts as one");
	ok(!frame_has_wrong_length(span_of(b.p, 31)),
	    "less than a head is no frame");
	f.data.len = (size_t)FRAME_MAX + 1;
	ok(frame_pack(&b, &f) < 0 && errno == EMSGSIZE,
	    "a frame has a limit");
	buf_free(&b);
}

int
main(void)
{
	char tmp[] = "/tmp/logferry-spool.XXXXXX";

	if (mkdtemp(tmp) == NULL || chdir(tmp) < 0)
		return 1;
	test_status();
	test_odd_report();
	test_folder();
	test_count();
	if (system("rm -rf spool.*") != 0 || chdir("/") < 0 || rmdir(tmp) < 0)
		return 1;
	return done_testing();
}
