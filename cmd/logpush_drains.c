/*
 * logpush_drains - lines, each delivered to those drains that it is for
 */
#include "logpush.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/message.h"
#include "base/status.h"
#include "base/stdout.h"
#include "drain/drain_status.h"
#include "drain/drains.h"
#include "net/kafka.h"

enum {
	MMAP_FROM = 128 << 10, ARENAS = 4,
};

static void
check_options(const struct push *push, char *const *operands)
{
	const struct stream *st = &push->stream;

	if (push->dry_run || push->rm || push->move_to != NULL)
		opt_misuse(&logpush_cmd,
		    "--dry-run, --rm and --move-to are for files");
	if (st->spool == NULL)
		opt_misuse(&logpush_cmd, "--drains needs --spool");
	if (st->confirm || push->respool || push->receipts != NULL ||
	    push->also != NULL || push->store.jobs > 0)
		opt_misuse(&logpush_cmd, "--also, --confirm, --jobs, "
		    "--receipts and --respool are for one receiver");
	for (; *operands != NULL; operands++)
		if (receiver_kind_of(*operands) != NULL &&
		    !kafka_is_url(*operands))
			opt_misuse(&logpush_cmd, "%s: --drains takes no URL to "
			    "deliver to, each drain has its own", *operands);
}

/*
 * The memory of batches goes back to the system as soon as it is free: a
 * thousand drains have them in turn.
 */
static void
keep_memory_low(void)
{
#ifdef M_ARENA_MAX		/* glibc's; musl's is frugal by itself */
	mallopt(M_MMAP_THRESHOLD, MMAP_FROM);
	mallopt(M_ARENA_MAX, ARENAS);
#endif
}

void
push_to_drains(struct push *push, char *const *operands)
{
	struct drains_options o = { .formats = push->formats };
	struct operands *files;
	bool hung;

	check_options(push, operands);
	keep_memory_low();
	push->store.http.until_done = true;
	set_receiver_options(push);
	o.set.dir = push->drains;
	o.set.spools = push->stream.spool;
	o.set.receiver = push->receiver;
	o.set.receiver.total_ms = 0;
	o.set.receiver.store = &push->store;
	o.set.receiver.http.guarded = true;
	o.set.receiver.http.allow = getenv("LOGFERRY_ALLOW");
	o.set.stream = push->stream;
	o.set.stream.host = push->store.common.host;
	o.set.stream.deadline_ms = push->store.deadline_ms;
	o.set.stream.receipts = -1;
	o.set.stream.kafka_config = push->receiver.kafka_config;
	o.set.stream.dead_letter = open_append(push->dead_letter, 0600,
	    dead_letters_begin);
	o.set.stream.tell = warnx;
	if ((files = operands_new(operands, push->list, push->nul, true)) ==
	    NULL)
		die("cannot start");
	push->status = drains_push(&o, files, &hung);
	if (hung)		/* by a receiver, or by the resolver */
		_exit(out_finish(push->status));
	operands_free(files);
}

void
print_drains_status(const char *dir)
{
	struct buf b = { 0 };

	if (drain_status_table(dir, &b) < 0)
		die("%s", dir);
	out_span(buf_span(&b));
	buf_free(&b);
}
