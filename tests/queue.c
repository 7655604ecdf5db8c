/* queue: frames pass from who reads to who sends, by memory or by a spool */
#include "stream/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/units.h"
#include "stream/spool.h"
#include "tap.h"

enum { WAIT_MS = 30 };

static const char *kind;

static int
put(struct queue *q, const char *text)
{
	struct frame f = { .stream = 7, .position = 5, .data = span_str(text) };

	return queue_put(q, &f);
}

/* Whether the next frame is there, and it is that one. */
static bool
gets(struct queue *q, const char *text)
{
	struct frame f;

	return queue_get(q, &f, units_now_ms()) == 1 && f.stream == 7 &&
	    f.position == 5 && f.time_ms > 0 && span_is(f.data, text);
}

static int
get(struct queue *q, int64_t until_ms)
{
	struct frame f;

	return queue_get(q, &f, until_ms);
}

static void
test_frames(struct queue *q)
{
	ok(put(q, "one") == 0 && put(q, "") == 0 && queue_flush(q) == 0 &&
	    gets(q, "one") && gets(q, ""), "%s: what is flushed can be got, in "
	    "its order", kind);
	ok(queue_number(q) == 2 && get(q, 0) == 0 && queue_number(q) == 2,
	    "%s: frames are counted", kind);
	ok(put(q, "two") == 0 && queue_sync(q) == 0 && gets(q, "two"),
	    "%s: so it is with what is synced", kind);
	ok(queue_has_turn(q), "%s: nobody else sends", kind);
}

static void
test_waiting(struct queue *q)
{
	int64_t until = units_now_ms() + WAIT_MS;

	ok(get(q, until) == 0 && units_now_ms() >= until,
	    "%s: a frame is waited for as long as is asked", kind);
	queue_wake(q);
	ok(get(q, -1) == 0, "%s: who is woken waits no longer", kind);
	until = units_now_ms() + WAIT_MS;
	ok(get(q, until) == 0 && units_now_ms() >= until,
	    "%s: who was woken once waits again", kind);
}

static void
test_end(struct queue *q)
{
	ok(!queue_closed(q) && put(q, "last") == 0 && queue_flush(q) == 0,
	    "%s: the queue is open", kind);
	queue_close(q);
	ok(queue_closed(q) && gets(q, "last"),
	    "%s: what was put before the end is there", kind);
	ok(get(q, -1) == -1 && queue_error(q) == NULL && !queue_refuses(q),
	    "%s: then comes the end, which is no error", kind);
	ok(queue_ack(q, queue_number(q)) == 0 && queue_settle(q) == 0,
	    "%s: all is settled once it is delivered", kind);
	queue_give_up(q);
	ok(queue_refuses(q) && queue_error(q) == NULL,
	    "%s: who sends can give up", kind);
}

static void
test_memory(void)
{
	struct queue *q = queue_memory();

	kind = "memory";
	test_frames(q);
	test_waiting(q);
	test_end(q);
	ok(!queue_is_kept(q) && !queue_at_end(q), "memory keeps nothing");
	ok(put(q, "more") == 0 && queue_flush(q) < 0 && queue_settle(q) < 0,
	    "memory: nothing more is taken then, or settled");
	queue_free(q);
}

static void
test_spool(void)
{
	struct queue *q = queue_spool("sp", 1 << 20, false), *other;

	kind = "spool";
	ok(queue_spool("/dev/null/sp", 1 << 20, false) == NULL &&
	    errno == ENOTDIR, "a spool that cannot be made is no queue");
	test_frames(q);
	test_waiting(q);
	other = queue_spool("sp", 1 << 20, false);
	ok(get(other, 0) == 0 && !queue_has_turn(other),
	    "spool: only one of two sends");
	queue_free(other);

	ok(queue_ack(q, 1) == 0, "spool: the first frame is delivered");
	queue_rewind(q);
	ok(gets(q, "") && gets(q, "two") && get(q, 0) == 0 &&
	    queue_number(q) == 3, "spool: the others are got again");
	test_end(q);
	ok(queue_is_kept(q) && queue_at_end(q) && queue_next(q) == 4,
	    "spool: the end is known");
	queue_free(q);

	q = queue_spool("sp", 1 << 20, false);
	ok(get(q, 0) == 0 && queue_number(q) == 4,
	    "spool: nothing that was delivered is left");
	queue_free(q);
}

static void
test_times(void)
{
	static const int64_t late = INT64_C(5000000000000);	/* in 2128 */
	struct frame f = { .time_ms = late };
	struct spool_writer *w = spool_writer_new("times", 1 << 20);
	struct buf b = { 0 };
	struct queue *q;

	if (w == NULL || frame_pack(&b, &f) < 0 ||
	    spool_write(w, buf_span(&b), 1) < 0)
		abort();
	spool_writer_free(w);
	buf_free(&b);
	q = queue_spool("times", 1 << 20, false);
	ok(put(q, "a") == 0 && put(q, "b") == 0 && queue_flush(q) == 0 &&
	    get(q, 0) == 1 && queue_get(q, &f, 0) == 1 &&
	    f.time_ms == late && queue_get(q, &f, 0) == 1 &&
	    f.time_ms == late,
	    "no line has a time before that of an earlier run's line");
	queue_free(q);
}

static void
test_plan(void)
{
	struct queue *q = queue_spool("plan", 1 << 20, false);

	put(q, "1");
	put(q, "2");
	put(q, "3");
	ok(queue_flush(q) == 0 && gets(q, "1") && queue_planned(q) == -1,
	    "no batch is planned");
	ok(gets(q, "2") && queue_plan(q, 2) == 0 && queue_planned(q) == 0,
	    "the frame got last is the last of its batch");
	queue_rewind(q);
	ok(gets(q, "1") && queue_planned(q) == 1 && gets(q, "2") &&
	    queue_planned(q) == 0 && gets(q, "3") && queue_planned(q) == -1,
	    "after a rewind the batch is the same");
	queue_free(q);
}

static void
test_drain(void)
{
	struct queue *q = queue_drain("drain", 1 << 16);
	char line[1001] = "";
	struct queue_losses l;

	memset(line, 'x', sizeof line - 1);
	l = queue_losses(q, true);
	ok(!l.dropping && l.dropped == 0, "at first nothing is dropped");
	for (int i = 0; i < 100; i++)
		put(q, line);
	ok(queue_flush(q) == 0 && queue_losses(q, false).dropping &&
	    queue_losses(q, true).dropping && !queue_losses(q, true).dropping,
	    "a drain whose spool is full drops lines, and tells that once");
	ok(get(q, 0) == 1 && queue_number(q) > 1 &&
	    queue_ack(q, queue_number(q)) == 0 &&
	    queue_losses(q, true).dropped == queue_number(q) - 1,
	    "the oldest are dropped, and counted");
	queue_free(q);
}

int
main(void)
{
	char tmp[] = "/tmp/logferry-queue.XXXXXX";

	if (mkdtemp(tmp) == NULL || chdir(tmp) < 0)
		return 1;
	queue_free(NULL);
	test_memory();
	test_spool();
	test_times();
	test_plan();
	test_drain();
	if (system("rm -rf sp times plan drain") != 0 || chdir("/") < 0 ||
	    rmdir(tmp) < 0)
		return 1;
	return done_testing();
}
