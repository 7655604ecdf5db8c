/* drain_pool: which drains get a turn */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/units.h"
#include "drain/drain_pool.h"
#include "tap.h"

#define AT_ONCE "{\"url\":\"syslog+tcp://127.0.0.1:1\"}"
#define WITH_OTHERS "{\"url\":\"http://127.0.0.1:1/\"}"

static void
tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static struct drain *
new_drain(const char *id, const char *text)
{
	static const struct buf headers;
	static struct store stores;
	static const struct receiver_options defaults = {
		.host = "h", .headers = &headers, .http.allow = "file:///",
		.store = &stores,
	};
	static const struct stream st = {
		.batch_lines = 1000, .batch_bytes = 1 << 20,
		.batch_ms = 3600 * 1000, .max_line = 1 << 20,
		.dead_letter = -1, .receipts = -1, .host = "h", .tell = tell,
	};
	struct buf error = { 0 };
	struct drain_settings *s = drain_settings_new(span_str(text),
	    &defaults, 1 << 20, &error);
	struct drain *d = s == NULL ? NULL :
	    drain_new(id, s, &st, "sp", &error);

	if (d == NULL) {
		printf("Bail out! %s\n", buf_str(&error));
		exit(1);
	}
	buf_free(&error);
	return d;
}

/* Whether the drain has a turn, or had one. */
static bool
has_turn(struct drain_pool *p, struct drain *d)
{
	struct drain_progress at;

	drain_pool_check(p, d, units_now_ms());
	at = drain_pool_look(p, d);
	return at.busy || at.turns > 0;
}

static bool
gets_turn(struct drain_pool *p, struct drain *d)
{
	for (int i = 0; i < 1000; i++) {
		drain_pool_check(p, d, units_now_ms());
		if (drain_pool_look(p, d).turns > 0)
			return true;
		drain_pool_wait(p, 10);
	}
	return false;
}

static bool
gets_delivered(struct drain_pool *p, struct drain *d)
{
	struct delivery *y = &d->delivery;
	uint64_t lines = 0;

	for (int i = 0; i < 1000 && lines == 0; i++) {
		drain_pool_check(p, d, units_now_ms());
		drain_pool_wait(p, 10);
		pthread_mutex_lock(&y->lock);
		lines = y->delivered;
		pthread_mutex_unlock(&y->lock);
	}
	return lines > 0;
}

static void
put_line(struct drain_pool *p, struct drain *d)
{
	struct frame f = { .stream = 7, .data = span_str("{}") };

	if (queue_put(d->queue, &f) < 0 || queue_flush(d->queue) < 0)
		abort();
	drain_pool_flushed(p, d, f.data.len + 1);
}

int
main(void)
{
	char tmp[] = "/tmp/logferry-pool.XXXXXX", url[64];
	struct drain_pool *p = drain_pool_new();
	struct drain *idle, *miscounted, *late;
	int status = 0;

	if (p == NULL || mkdtemp(tmp) == NULL || chdir(tmp) < 0 ||
	    mkdir("sp", 0700) < 0 || mknod("to", S_IFREG | 0600, 0) < 0)
		return 1;
	snprintf(url, sizeof url, "{\"url\":\"file://%s/to/\"}", tmp);
	idle = new_drain("idle", AT_ONCE);
	ok(!has_turn(p, idle), "a drain that has no line gets no turn");
	put_line(p, idle);
	ok(gets_turn(p, idle), "a line that waits for no others gets one");

	/* As after damage that was in fact fewer lines. */
	miscounted = new_drain("miscounted", url);
	miscounted->acked = miscounted->next + 5;
	miscounted->stream.batch_ms = 0;
	ok(!has_turn(p, miscounted), "lines that were counted twice get none");
	put_line(p, miscounted);
	ok(gets_turn(p, miscounted), "the next line gets one all the same");
	unlink("to");
	ok(gets_delivered(p, miscounted), "it is tried until it is delivered");

	drain_pool_hurry(p);
	late = new_drain("late", WITH_OTHERS);
	ok(!has_turn(p, late), "at the end, too, no line is no turn");
	put_line(p, late);
	ok(gets_turn(p, late), "at the end no line waits for others");

	drain_pool_retire(p, idle);
	drain_pool_retire(p, miscounted);
	drain_pool_retire(p, late);
	ok(drain_pool_free(p, 60000, &status), "the turns end with the pool");
	if (system("rm -rf sp to") != 0 || chdir("/") < 0 || rmdir(tmp) < 0)
		return 1;
	return done_testing();
}
