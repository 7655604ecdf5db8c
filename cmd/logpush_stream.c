/*
 * logpush_stream - lines, delivered to a receiver
 */
#include "logpush.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/message.h"
#include "base/stdout.h"
#include "file/operands.h"
#include "net/kafka.h"
#include "net/url.h"
#include "stream/receiver.h"
#include "stream/spool_status.h"

/* Returns the first line of --auth-file, or the environment's. */
static const char *
read_auth(const char *path)
{
	static struct buf auth;		/* kept for as long as we run */

	if (path == NULL)
		return getenv("LOGPUSH_AUTH");
	if (receiver_read_auth(path, &auth) < 0)
		die("%s", path);
	return auth.p;
}

void
set_receiver_options(struct push *push)
{
	struct receiver_options *o = &push->receiver;

	o->host = push->store.common.host;
	o->endpoint = push->store.s3_options.endpoint;
	o->region = push->store.s3_options.region;
	o->profile = push->store.s3_options.profile;
	o->headers = &push->store.headers;
	o->http = push->store.http;
	o->total_ms = push->store.deadline_ms;
	o->content_type = push->store.content_type;
	o->auth = read_auth(push->auth_file);
}

bool
is_stream(const struct push *push, char *const *operands)
{
	const struct receiver_kind *kind = receiver_kind_of(push->store.url);
	bool files = push->list != NULL || (*operands != NULL &&
	    strcmp(*operands, "-") != 0 && !kafka_is_url(*operands));

	return push->stale_ms < 0 && kind != NULL && !(files && kind->files);
}

void
check_topics(const struct push *push, char *const *operands)
{
	struct kafka_url url = { 0 };
	const char *why = NULL;
	char *const *all = operands;

	for (; *operands != NULL; operands++) {
		if (!kafka_is_url(*operands))
			continue;
		if (kafka_url_parse(&url, *operands, &why) == 0 &&
		    url.group == NULL)
			why = "logpush reads topics as a member of a group: "
			    "?group=name";
		else if (why == NULL && (all[1] != NULL || push->list != NULL ||
		    push->stream.confirm))
			why = "topics are the only input";
		else if (why == NULL && push->drains == NULL &&
		    !is_stream(push, all))
			why = "topics are for receivers of streams";
		kafka_url_free(&url);
		if (why != NULL)
			opt_misuse(&logpush_cmd, "%s: %s", *operands, why);
	}
}

/* Claim the spool for one receiver: its records must not go to another one. */
static void
claim_spool(const struct push *push, const struct stream *st)
{
	struct buf other = { 0 };

	if (push->respool && st->spool == NULL)
		opt_misuse(&logpush_cmd, "--respool needs --spool");
	if (st->spool == NULL ||
	    spool_claim(st->spool, st->url, push->respool, &other) == 0) {
		buf_free(&other);
		return;
	}
	if (errno == EBUSY)
		opt_misuse(&logpush_cmd, "%s holds records for %.*s; --respool "
		    "sends them to %s", st->spool, (int)other.len, other.p,
		    st->url);
	if (errno == EEXIST)
		opt_misuse(&logpush_cmd, "%s is no spool and holds other "
		    "files", st->spool);
	die("%s", st->spool);
}

static void
open_receivers(struct push *push, struct stream *st)
{
	const struct receiver_kind *kind = receiver_kind_of(push->store.url);
	struct receiver_options *o = &push->receiver;
	const char *why;

	/*
	 * Batches are stored one after the other, as each must be found if it
	 * is stored already.
	 */
	if (kind->stores || push->store.jobs == 0)
		push->store.jobs = 1;
	if (kind->stores)
		set_up_store(push);
	st->n_receivers = push->store.jobs;
	set_receiver_options(push);
	o->url = push->store.url;
	if (!kind->stores)
		o->http.max_rate =
		    share_of_rate(o->http.max_rate, st->n_receivers);
	o->store = &push->store;
	if ((st->receivers = calloc(st->n_receivers,
	    sizeof(struct receiver *))) == NULL)
		die("cannot start");
	for (unsigned i = 0; i < st->n_receivers; i++)
		if ((st->receivers[i] = receiver_open(o, &why)) == NULL)
			opt_misuse(&logpush_cmd, "%s", why);
}

void
add_also(struct push *push, const char *url)
{
	size_t n = push->receiver.n_also;
	const char **more = realloc(push->also, (n + 1) * sizeof *more);

	if (more == NULL)
		die("--also");
	more[n] = url;
	push->also = more;
	push->receiver.also = more;
	push->receiver.n_also = n + 1;
}

void
push_stream(struct push *push, char *const *operands)
{
	struct stream *st = &push->stream;
	struct buf url = { 0 };
	struct operands *files;
	bool hung;

	if (push->dry_run || push->rm || push->move_to != NULL)
		opt_misuse(&logpush_cmd,
		    "--dry-run, --rm and --move-to are for files");
	st->host = push->store.common.host;
	url_redact(&url, push->store.url);
	if ((st->url = buf_str(&url)) == NULL)
		die("cannot start");
	st->deadline_ms = push->store.deadline_ms;
	push->store.http.until_done = true;
	open_receivers(push, st);
	claim_spool(push, st);
	st->receipts = push->receipts_fd;
	st->kafka_config = push->receiver.kafka_config;
	st->dead_letter = open_append(push->dead_letter, 0600,
	    dead_letters_begin);
	st->tell = warnx;
	if ((files = operands_new(operands, push->list, push->nul, true)) ==
	    NULL)
		die("cannot start");
	push->status = stream_push(st, files, &hung);
	if (hung)
		_exit(out_finish(push->status));
	operands_free(files);
	for (unsigned i = 0; i < st->n_receivers; i++)
		receiver_free(st->receivers[i]);
	free(st->receivers);
	free(push->also);
	buf_free(&url);
}

void
print_spool_status(const char *dir, bool json)
{
	struct buf b = { 0 };

	if (dir == NULL)
		opt_misuse(&logpush_cmd, "--status needs --spool");
	if (spool_print_status(dir, json, &b) < 0)
		die("%s", dir);
	out_span(buf_span(&b));
	buf_free(&b);
}
