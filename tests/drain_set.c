/* drain_set: what comes between lines and their drains */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "drain/drain_set.h"
#include "record/record.h"
#include "tap.h"

static unsigned told;

static void
tell(const char *fmt, ...)
{
	va_list ap;

	told++;
	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static void
write_drain(const char *name, const char *members)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "d/%s", name);
	if ((f = fopen(path, "w")) == NULL)
		abort();
	fprintf(f, "{\"url\":\"http://192.0.2.1:9/\"%s}\n", members);
	fclose(f);
	chmod(path, 0600);
}

/* How many lines wait in all drains, once they are spooled. */
static uint64_t
waiting(struct drain_set *ds)
{
	drain_set_sync(ds);
	return drain_set_look(ds).waiting;
}

static void
test_first_conditions(struct drain_set *ds)
{
	struct frame f = { .stream = 7, .data = span_str("{\"a\":1}") };
	struct record r = { 0 };

	ok(!drain_set_needs_record(ds),
	    "drains without conditions need no record of a line");
	ok(drain_set_put(ds, NULL, false, &f) && waiting(ds) == 1,
	    "a line that was not scanned goes to them");
	write_drain("some", ",\"where\":[\"a=1\"]");
	for (int i = 0; i < 1000 && !drain_set_needs_record(ds); i++) {
		usleep(10 * 1000);
		drain_set_tick(ds);
	}
	ok(drain_set_needs_record(ds), "a drain with conditions needs one");
	ok(!drain_set_put(ds, NULL, false, &f) && waiting(ds) == 1,
	    "a line that was not scanned is not put once there are conditions");
	record_add(&r, NAME("a"), NAME("1"), FIELD_JSON);
	ok(drain_set_put(ds, &r, true, &f) && waiting(ds) == 3,
	    "once it is scanned, it goes to all drains that it is for");
	record_free(&r);
}

/* No file may grow meanwhile. */
static void
test_unwritable(struct drain_set *ds)
{
	struct frame f = { .stream = 7, .data = span_str("line") };
	struct record r = { 0 };
	struct rlimit all, none;
	bool failed;
	unsigned at_first;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &all);
	none = (struct rlimit){ 0, all.rlim_max };
	setrlimit(RLIMIT_FSIZE, &none);
	told = 0;
	drain_set_put(ds, &r, true, &f);
	failed = drain_set_sync(ds) < 0;
	at_first = told;
	drain_set_put(ds, &r, true, &f);
	drain_set_sync(ds);
	setrlimit(RLIMIT_FSIZE, &all);
	ok(failed, "a line that cannot be spooled is not safe");
	ok(at_first == 1, "a spool that cannot be written is told");
	ok(told == 1, "a spool that cannot be written is told once");
}

int
main(void)
{
	char tmp[] = "/tmp/logferry-drains.XXXXXX";
	struct buf headers = { 0 };
	struct drain_set_options o = {
		.dir = "d", .spools = "sp",
		.receiver = { .host = "h", .headers = &headers },
		/* Nothing is delivered meanwhile. */
		.stream = { .batch_lines = 1000, .batch_bytes = 1 << 20,
		    .batch_ms = 3600 * 1000, .max_line = 1 << 20,
		    .spool_max = 1 << 20, .dead_letter = -1, .receipts = -1,
		    .host = "h", .tell = tell },
	};
	struct drain_set *ds;
	bool hung;

	if (mkdtemp(tmp) == NULL || chdir(tmp) < 0 || mkdir("d", 0700) < 0)
		return 1;
	write_drain("all", "");
	if ((ds = drain_set_new(&o)) == NULL)
		return 1;
	test_first_conditions(ds);
	test_unwritable(ds);
	drain_set_free(ds, 1000, &hung);
	if (system("rm -rf d sp") != 0 || chdir("/") < 0 || rmdir(tmp) < 0)
		return 1;
	return done_testing();
}
