#include "net/kafka_reader.h"

#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"

enum {
	STEP_MS = 1000,		/* the longest a request is waited for at once */
	LOOK_MS = 100,		/* how often to ask whether to stop */
	MESSAGES = 256,		/* taken from librdkafka at once */
};

struct part {
	struct rd_kafka_topic_s *topic;	/* the reader's */
	const char *name;
	int32_t id;
	int64_t start, end;	/* offsets */
	bool begun, done;
};

struct kafka_reader {
	struct kafka_reader_options o;
	struct kafka_url url;
	struct rd_kafka_s *rk;
	struct rd_kafka_queue_s *queue;
	struct rd_kafka_topic_s **topics;
	size_t n_topics;
	struct part *parts;
	size_t n_parts, n_open;	/* that are not done */
	size_t last;		/* the part of the last message */
	struct rdk_message *held[MESSAGES];
	size_t n_held, at;
	bool came;		/* a message, since we last waited */
	int64_t waits_ms;	/* since when for one, see units_now_ms */
	char error[KAFKA_ERROR];
	char told[KAFKA_ERROR];	/* what librdkafka reported last */
};

struct kafka_reader *
kafka_reader_new(const struct kafka_reader_options *o)
{
	struct kafka_reader *r;

	if ((r = calloc(1, sizeof *r)) != NULL)
		r->o = *o;
	return r;
}

static int
fail(struct kafka_reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int
fail(struct kafka_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error, sizeof r->error, fmt, ap);
	va_end(ap);
	return -1;
}

static bool
is_stopped(const struct kafka_reader *r)
{
	return r->o.stop != NULL && r->o.stop(r->o.arg);
}

static void
on_error(struct rd_kafka_s *rk, int err, const char *reason, void *arg)
{
	struct kafka_reader *r = arg;

	(void)rk;
	if (kafka_is_telling(err))
		snprintf(r->told, sizeof r->told, "%s", reason);
}

static void
prepare(struct rd_kafka_conf_s *c)
{
	rdk.conf_set_error_cb(c, on_error);
}

/*
 * A request failed: whether to send it again.  It is not sent again after the
 * deadline, when the reason is told, and not when we are to stop.
 */
static bool
may_retry(struct kafka_reader *r, int err, int64_t since_ms)
{
	rdk.poll(r->rk, 0);	/* calls on_error */
	if (is_stopped(r))
		return false;
	if (units_now_ms() - since_ms < r->o.deadline_ms) {
		rdk.poll(r->rk, LOOK_MS);
		return true;
	}
	fail(r, "%s", r->told[0] != '\0' ? r->told : rdk.err2str(err));
	return false;
}

static int
step_ms(const struct kafka_reader *r)
{
	return r->o.deadline_ms < STEP_MS ? (int)r->o.deadline_ms : STEP_MS;
}

/* Returns what topics there are; NULL when that cannot be had. */
static const struct rdk_metadata *
ask_topics(struct kafka_reader *r)
{
	const struct rdk_metadata *all = NULL;
	int64_t begun = units_now_ms();
	int err;

	/* All of them: a request for one might create it. */
	while ((err = rdk.metadata(r->rk, 1, NULL, &all, step_ms(r))) != 0)
		if (!may_retry(r, err, begun))
			return NULL;
	return all;
}

static bool
has_topic(const struct kafka_reader *r, const char *name)
{
	for (size_t i = 0; i < r->n_topics; i++)
		if (strcmp(rdk.topic_name(r->topics[i]), name) == 0)
			return true;
	return false;
}

static int
add_topic(struct kafka_reader *r, const struct rdk_meta_topic *t)
{
	struct rd_kafka_topic_s **topics;
	struct part *parts;

	if (has_topic(r, t->name))
		return 0;
	if (t->err != 0)
		return fail(r, "%s: %s", t->name, rdk.err2str(t->err));
	topics = realloc(r->topics, (r->n_topics + 1) * sizeof *topics);
	if (topics == NULL)
		return fail(r, "%s", strerror(ENOMEM));
	r->topics = topics;
	if (t->n > 0) {
		parts = realloc(r->parts,
		    (r->n_parts + (size_t)t->n) * sizeof *parts);
		if (parts == NULL)
			return fail(r, "%s", strerror(ENOMEM));
		r->parts = parts;
	}
	if ((topics[r->n_topics] = rdk.topic_new(r->rk, t->name, NULL)) == NULL)
		return fail(r, "%s: %s", t->name, rdk.err2str(rdk.last_error()));
	for (int i = 0; i < t->n; i++)
		r->parts[r->n_parts++] = (struct part){
			.topic = topics[r->n_topics],
			.name = rdk.topic_name(topics[r->n_topics]),
			.id = t->partitions[i].id,
		};
	r->n_topics++;
	return 0;
}

/* Add the topics that one name or pattern of the URL stands for. */
static int
add_matching(struct kafka_reader *r, const struct rdk_metadata *all,
    const char *wanted)
{
	char why[128];
	regex_t re;
	bool pattern = *wanted == '^', found = false;
	int err = pattern ? regcomp(&re, wanted, REG_EXTENDED | REG_NOSUB) : 0;

	if (err != 0) {
		regerror(err, &re, why, sizeof why);
		return fail(r, "%s: %s", wanted, why);
	}
	for (int i = 0; i < all->n_topics && err == 0; i++) {
		const struct rdk_meta_topic *t = &all->topics[i];

		/* Kafka's own topics are only for who names them. */
		if (pattern ? strncmp(t->name, "__", 2) != 0 &&
		    regexec(&re, t->name, 0, NULL, 0) == 0 :
		    strcmp(t->name, wanted) == 0) {
			found = true;
			err = add_topic(r, t);
		}
	}
	if (pattern)
		regfree(&re);
	return found ? err : fail(r, "there is no topic %s", wanted);
}

static int
find_topics(struct kafka_reader *r)
{
	const struct rdk_metadata *all = ask_topics(r);
	int err = 0;

	if (all == NULL)
		return -1;
	for (char **t = r->url.topics; *t != NULL && err == 0; t++)
		err = add_matching(r, all, *t);
	rdk.metadata_destroy(all);
	return err;
}

/* Ask where a partition begins and ends now. */
static int
ask_ends(struct kafka_reader *r, struct part *p)
{
	int64_t begun = units_now_ms();
	int err;

	while ((err = rdk.query_watermark_offsets(r->rk, p->name, p->id,
	    &p->start, &p->end, step_ms(r))) != 0)
		if (!may_retry(r, err, begun))
			return -1;
	if (r->o.tail && r->o.since_ms < 0)
		p->start = p->end;
	return 0;
}

/* Begin at the time that is wanted; what is not found there is at the end. */
static int
ask_times(struct kafka_reader *r)
{
	struct rdk_partitions *list =
	    rdk.topic_partition_list_new((int)r->n_parts);
	int64_t begun = units_now_ms();
	int err, n = 0;

	for (size_t i = 0; i < r->n_parts; i++)
		rdk.topic_partition_list_add(list, r->parts[i].name,
		    r->parts[i].id);
	do {
		for (int i = 0; i < list->n; i++)
			list->at[i].offset = r->o.since_ms;
		err = rdk.offsets_for_times(r->rk, list, step_ms(r));
		for (n = 0; n < list->n && err == 0; n++)
			err = list->at[n].err;
	} while (err != 0 && may_retry(r, err, begun));
	for (int i = 0; i < list->n && err == 0; i++)
		r->parts[i].start = list->at[i].offset >= 0 ?
		    list->at[i].offset : r->parts[i].end;
	rdk.topic_partition_list_destroy(list);
	return err == 0 ? 0 : -1;
}

static int
begin_part(struct kafka_reader *r, struct part *p)
{
	p->done = !r->o.tail && p->start >= p->end;
	if (p->done)
		return 0;
	r->n_open++;
	if (rdk.consume_start_queue(p->topic, p->id, p->start, r->queue) != 0)
		return fail(r, "%s: %s", p->name,
		    rdk.err2str(rdk.last_error()));
	p->begun = true;
	return 0;
}

static int
begin(struct kafka_reader *r)
{
	static const struct kafka_setting defaults[] = {
		{ "queued.max.messages.kbytes", "8192" }, { NULL, NULL },
	}, fixed[] = {
		{ "enable.partition.eof", "true" },
		{ "auto.offset.reset", "earliest" }, { NULL, NULL },
	};
	struct kafka_options o = { .config = r->o.config, .defaults = defaults,
		.fixed = fixed, .prepare = prepare, .arg = r };
	const char *why;

	if (kafka_url_parse(&r->url, r->o.url, &why) < 0)
		return fail(r, "%s", why);
	if (r->url.group != NULL)
		return fail(r, "only logpush is a member of a group");
	o.brokers = r->url.brokers;
	if ((r->rk = kafka_new(RDK_CONSUMER, &o, r->error)) == NULL ||
	    find_topics(r) < 0)
		return -1;
	if ((r->queue = rdk.queue_new(r->rk)) == NULL)
		return fail(r, "%s", strerror(ENOMEM));
	for (size_t i = 0; i < r->n_parts; i++)
		if (ask_ends(r, &r->parts[i]) < 0)
			return -1;
	if (r->o.since_ms >= 0 && r->n_parts > 0 && ask_times(r) < 0)
		return -1;
	for (size_t i = 0; i < r->n_parts; i++)
		if (begin_part(r, &r->parts[i]) < 0)
			return -1;
	r->came = true;
	return 0;
}

static struct part *
part_of(struct kafka_reader *r, const struct rdk_message *m)
{
	const char *name = m->topic != NULL ? rdk.topic_name(m->topic) : "";

	for (size_t n = 0; n < r->n_parts; n++) {
		struct part *p = &r->parts[(r->last + n) % r->n_parts];

		if (p->id == m->partition && strcmp(p->name, name) == 0) {
			r->last = (r->last + n) % r->n_parts;
			return p;
		}
	}
	return NULL;
}

static void
end_part(struct kafka_reader *r, struct part *p)
{
	if (r->o.tail || p->done)
		return;
	p->done = true;
	r->n_open--;
}

/*
 * Take what came in place of a message: an end or an error.  Returns 0, or -1
 * for an error that is not waited out.
 */
static int
take_event(struct kafka_reader *r, const struct rdk_message *e, struct part *p)
{
	if (e->err == RDK_PARTITION_EOF) {
		if (p != NULL && e->offset >= p->end)
			end_part(r, p);
		return 0;
	}
	if (kafka_is_telling(e->err))
		snprintf(r->told, sizeof r->told, "%.*s", (int)e->len,
		    e->value != NULL ? (const char *)e->value : "");
	if (e->err > 0 && p != NULL)
		return fail(r, "%s: %s", p->name, rdk.err2str(e->err));
	return 0;
}

/*
 * Take the next of the messages that are held.  Returns 1 when it is one that
 * is wanted, 0, or -1.
 */
static int
take(struct kafka_reader *r, struct kafka_message *to)
{
	const struct rdk_message *m = r->held[r->at++];
	struct part *p = part_of(r, m);

	if (m->err != 0)
		return take_event(r, m, p);
	if (p == NULL || p->done)
		return 0;
	r->came = true;
	r->told[0] = '\0';
	if (m->offset >= p->end - 1)
		end_part(r, p);
	if ((!r->o.tail && m->offset >= p->end) || m->value == NULL)
		return 0;	/* a tombstone is no line */
	to->value = span_of(m->value, m->len);
	to->topic = p->name;
	to->partition = p->id;
	to->offset = m->offset;
	to->time_ms = rdk.message_timestamp(m, &(int){ 0 });
	return 1;
}

static void
let_go(struct kafka_reader *r)
{
	for (size_t i = 0; i < r->n_held; i++)
		rdk.message_destroy(r->held[i]);
	r->n_held = r->at = 0;
}

/* Get more messages.  Returns 1, 0 when it is to end, -1. */
static int
get_more(struct kafka_reader *r)
{
	intptr_t n;

	let_go(r);
	if (r->came)
		r->waits_ms = units_now_ms();
	r->came = false;
	n = rdk.consume_batch_queue(r->queue, 0, r->held, MESSAGES);
	if (n <= 0 && r->o.idle != NULL && r->o.idle(r->o.arg) < 0)
		return 0;
	while (n <= 0) {
		rdk.poll(r->rk, 0);
		if (is_stopped(r))
			return 0;
		if (!r->o.tail &&
		    units_now_ms() - r->waits_ms > r->o.deadline_ms)
			return fail(r, "%s", r->told[0] != '\0' ? r->told :
			    "no broker sends what is there");
		n = rdk.consume_batch_queue(r->queue, LOOK_MS, r->held,
		    MESSAGES);
	}
	r->n_held = (size_t)n;
	return 1;
}

int
kafka_reader_next(struct kafka_reader *r, struct kafka_message *m)
{
	int got;

	if (r->rk == NULL && r->error[0] == '\0' && begin(r) < 0)
		return is_stopped(r) && r->error[0] == '\0' ? 0 : -1;
	while (r->error[0] == '\0') {
		if (r->at < r->n_held)
			got = take(r, m);
		else if (r->n_open == 0 || is_stopped(r))
			return 0;
		else
			got = get_more(r) > 0 ? 0 : -1;
		if (got > 0)
			return 1;
		if (got < 0)
			return r->error[0] == '\0' ? 0 : -1;
	}
	return -1;
}

const char *
kafka_reader_error(const struct kafka_reader *r)
{
	return r->error;
}

void
kafka_reader_free(struct kafka_reader *r)
{
	if (r == NULL)
		return;
	if (r->rk != NULL) {
		let_go(r);
		for (size_t i = 0; i < r->n_parts; i++)
			if (r->parts[i].begun)
				rdk.consume_stop(r->parts[i].topic,
				    r->parts[i].id);
		for (size_t i = 0; i < r->n_topics; i++)
			rdk.topic_destroy(r->topics[i]);
		if (r->queue != NULL)
			rdk.queue_destroy(r->queue);
		rdk.destroy(r->rk);
	}
	kafka_url_free(&r->url);
	free(r->topics);
	free(r->parts);
	free(r);
}
