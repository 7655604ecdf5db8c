/*
 * kafka-group - a librdkafka whose one topic is a file, to be loaded in place of
 * the real one
 *
 * Each line of the file "messages" is a message, PARTITION:TEXT, where | stands
 * for a LF; or "revoke", on which the member loses its partitions and gets them
 * back; or "error TEXT", which comes in place of a message; or "tombstone", a
 * message of partition 0 without a value.  The number of its line is a message's
 * offset.  What is committed is added to the file "commits": PARTITION OFFSET; a
 * member begins there.  With a file "refuse", which goes, a commit fails instead.
 *
 * With -DREST it is what of librdkafka the other half lacks, and is not called.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/librdkafka.h"

#ifdef REST

#define X(type, call, arguments) \
	__attribute__((weak)) void rd_kafka_##call(void) { abort(); }
LIBRDKAFKA_CALLS(X)

#else

enum { PARTITIONS = 10, LINE = 100 << 10, REVOKE = -174, POLL_MS = 10,
    REFUSED = 27 };

struct rd_kafka_conf_s {
	void *arg;
	rdk_partitions_cb *rebalance, *committed;
};

struct rd_kafka_s {
	struct rd_kafka_conf_s *conf;
	FILE *messages;
	int64_t line, revoked, from[PARTITIONS];
	bool assigned, refused;
};

/* --- settings --- */

struct rd_kafka_conf_s *
rd_kafka_conf_new(void)
{
	return calloc(1, sizeof(struct rd_kafka_conf_s));
}

int
rd_kafka_conf_set(struct rd_kafka_conf_s *c, const char *name,
    const char *value, char *error, size_t size)
{
	(void)c, (void)name, (void)value, (void)error, (void)size;
	return 0;
}

void
rd_kafka_conf_set_opaque(struct rd_kafka_conf_s *c, void *arg)
{
	c->arg = arg;
}

void
rd_kafka_conf_set_rebalance_cb(struct rd_kafka_conf_s *c, rdk_partitions_cb *cb)
{
	c->rebalance = cb;
}

void
rd_kafka_conf_set_log_cb(struct rd_kafka_conf_s *c, rdk_log_cb *cb)
{
	(void)c, (void)cb;
}

void
rd_kafka_conf_set_error_cb(struct rd_kafka_conf_s *c, rdk_error_cb *cb)
{
	(void)c, (void)cb;
}

void
rd_kafka_conf_set_offset_commit_cb(struct rd_kafka_conf_s *c,
    rdk_partitions_cb *cb)
{
	c->committed = cb;
}

/* --- lists of partitions --- */

struct rdk_partitions *
rd_kafka_topic_partition_list_new(int size)
{
	struct rdk_partitions *l = calloc(1, sizeof *l);

	(void)size;
	l->at = calloc(PARTITIONS, sizeof *l->at);
	return l;
}

struct rdk_partition *
rd_kafka_topic_partition_list_add(struct rdk_partitions *l, const char *topic,
    int32_t partition)
{
	(void)topic;
	l->at[l->n].partition = partition;
	return &l->at[l->n++];
}

struct rdk_partition *
rd_kafka_topic_partition_list_find(struct rdk_partitions *l, const char *topic,
    int32_t partition)
{
	(void)topic;
	for (int i = 0; i < l->n; i++)
		if (l->at[i].partition == partition)
			return &l->at[i];
	return NULL;
}

void
rd_kafka_topic_partition_list_destroy(struct rdk_partitions *l)
{
	free(l->at);
	free(l);
}

/* --- the group --- */

struct rd_kafka_s *
rd_kafka_new(int type, struct rd_kafka_conf_s *c, char *error, size_t size)
{
	struct rd_kafka_s *rk = calloc(1, sizeof *rk);

	(void)type, (void)error, (void)size;
	rk->conf = c;
	rk->messages = fopen("messages", "r");
	return rk;
}

int
rd_kafka_poll_set_consumer(struct rd_kafka_s *rk)
{
	(void)rk;
	return 0;
}

int
rd_kafka_subscribe(struct rd_kafka_s *rk, const struct rdk_partitions *list)
{
	(void)rk, (void)list;
	return 0;
}

int
rd_kafka_assign(struct rd_kafka_s *rk, const struct rdk_partitions *list)
{
	FILE *f = fopen("commits", "r");
	long long offset;
	int partition;

	rk->assigned = list != NULL;
	memset(rk->from, 0, sizeof rk->from);
	while (f != NULL && fscanf(f, "%d %lld", &partition, &offset) == 2)
		rk->from[partition] = offset;
	if (f != NULL)
		fclose(f);
	rewind(rk->messages);
	rk->line = 0;
	return 0;
}

static void
rebalance(struct rd_kafka_s *rk, int what)
{
	struct rdk_partitions *all = rd_kafka_topic_partition_list_new(1);

	rk->conf->rebalance(rk, what, all, rk->conf->arg);
	rd_kafka_topic_partition_list_destroy(all);
}

int
rd_kafka_commit(struct rd_kafka_s *rk, const struct rdk_partitions *list,
    int async)
{
	FILE *f;

	(void)async;
	if ((rk->refused = unlink("refuse") == 0))
		return 0;
	f = fopen("commits", "a");
	for (int i = 0; i < list->n; i++)
		fprintf(f, "%d %lld\n", (int)list->at[i].partition,
		    (long long)list->at[i].offset);
	fclose(f);
	return 0;
}

static struct rdk_message *
message(struct rd_kafka_s *rk, const char *line)
{
	struct rdk_message *m = calloc(1, sizeof *m);
	char *value = strdup(line + 2);

	m->partition = line[0] - '0';
	m->offset = rk->line;
	m->len = strlen(value);
	m->value = value;
	for (; *value != '\0'; value++)
		if (*value == '|')
			*value = '\n';
	return m;
}

/* A message without a value, or an error, which has a text. */
static struct rdk_message *
no_line(struct rd_kafka_s *rk, int err, const char *text)
{
	struct rdk_message *m = calloc(1, sizeof *m);

	m->err = err;
	m->offset = rk->line;
	m->value = text != NULL ? strdup(text) : NULL;
	m->len = text != NULL ? strlen(text) : 0;
	return m;
}

/* Returns the next line, or NULL when it is not whole yet. */
static char *
next_line(struct rd_kafka_s *rk)
{
	static char line[LINE];
	long at = ftell(rk->messages);
	char *lf;

	clearerr(rk->messages);
	if (fgets(line, sizeof line, rk->messages) == NULL ||
	    (lf = strchr(line, '\n')) == NULL) {
		fseek(rk->messages, at, SEEK_SET);
		return NULL;
	}
	*lf = '\0';
	rk->line++;
	return line;
}

struct rdk_message *
rd_kafka_consumer_poll(struct rd_kafka_s *rk, int timeout_ms)
{
	char *line;

	(void)timeout_ms;
	if (rk->refused)
		rk->conf->committed(rk, REFUSED, NULL, rk->conf->arg);
	rk->refused = false;
	if (!rk->assigned)
		rebalance(rk, RDK_ASSIGN_PARTITIONS);
	while ((line = next_line(rk)) != NULL) {
		if (isdigit((unsigned char)line[0])) {
			if (rk->line >= rk->from[line[0] - '0'])
				return message(rk, line);
		} else if (strncmp(line, "error ", 6) == 0) {
			return no_line(rk, REFUSED, line + 6);
		} else if (strcmp(line, "tombstone") == 0) {
			return no_line(rk, 0, NULL);
		} else if (rk->line > rk->revoked) {
			rk->revoked = rk->line;
			rebalance(rk, REVOKE);
			return NULL;
		}
	}
	usleep(POLL_MS * 1000);
	return NULL;
}

void
rd_kafka_message_destroy(struct rdk_message *m)
{
	free(m->value);
	free(m);
}

const char *
rd_kafka_topic_name(const struct rd_kafka_topic_s *topic)
{
	(void)topic;
	return "topic";
}

int
rd_kafka_consumer_close(struct rd_kafka_s *rk)
{
	rebalance(rk, REVOKE);
	return 0;
}

void
rd_kafka_destroy(struct rd_kafka_s *rk)
{
	fclose(rk->messages);
	free(rk->conf);
	free(rk);
}

#endif
