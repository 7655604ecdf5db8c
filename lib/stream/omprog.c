#include "stream/omprog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/stdout.h"

/* How many lines of one transaction may come again. */
enum { REPEAT_MAX = 4096 };

struct confirm {
	struct queue *queue;
	uint64_t *count;
	/* The transaction's id, and the place of the next line in it. */
	uint64_t stream, position;
	/* The first line says whether rsyslog uses transactions. */
	bool begun, transactions;
	bool in_transaction;

	/* The last transaction before a crash: its lines may come again. */
	struct frame repeat[REPEAT_MAX];
	size_t n_repeat, next_repeat;
	bool repeating;		/* one of them has come, the next must follow */
	struct buf repeat_text;
	/* The path of a file that is there until we end well. */
	char mark[4096];
};

static int
answer(const char *text)
{
	out_add(text, strlen(text));
	out_addc('\n');
	return out_flush();
}

static void
new_transaction(struct confirm *c)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	c->stream = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec +
	    ((uint64_t)getpid() << 32);
	c->position = 0;
}

/*
 * If the last instance was killed, its last transaction may be in the spool
 * though it was not answered.  Load it into repeat.
 */
static void
find_repeat(struct confirm *c, const char *spool)
{
	int n, fd;

	if (spool == NULL || snprintf(c->mark, sizeof c->mark,
	    "%s/unconfirmed", spool) >= (int)sizeof c->mark)
		return;
	if (access(c->mark, F_OK) == 0 && (n = queue_tail(c->queue, c->repeat,
	    REPEAT_MAX, &c->repeat_text)) > 0) {
		uint64_t last = c->repeat[n - 1].stream;
		int first = n;

		while (first > 0 && c->repeat[first - 1].stream == last)
			first--;
		c->n_repeat = (size_t)n;
		c->next_repeat = (size_t)first;
	}
	fd = open(c->mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
}

/*
 * Whether this line is one of those that may come again.  rsyslog may begin
 * anywhere among them.
 */
static bool
is_repeat(struct confirm *c, struct span line)
{
	size_t i = c->next_repeat;

	while (!c->repeating && i < c->n_repeat &&
	    !span_eq(c->repeat[i].data, line))
		i++;
	c->repeating = true;
	if (i < c->n_repeat && span_eq(c->repeat[i].data, line)) {
		c->next_repeat = i + 1;
		c->stream = c->repeat[i].stream;
		c->position = c->repeat[i].position + 1;
		return true;
	}
	c->next_repeat = c->n_repeat;
	return false;
}

static int
put(struct confirm *c, struct span line)
{
	struct frame f = {
		.stream = c->stream, .position = c->position, .data = line,
	};

	if (line.len == 0 || is_repeat(c, line))
		return 0;
	c->position++;
	++*c->count;
	return queue_put(c->queue, &f);
}

/*
 * Whether the line is one of rsyslog's marks.  A transaction begins only
 * outside of another and ends only inside one: anywhere else the same words are
 * a message.
 */
static bool
is_mark(const struct confirm *c, struct span line, const char *mark,
    bool inside)
{
	return c->transactions && c->in_transaction == inside &&
	    span_is(line, mark);
}

/* Answer one line.  Returns -1 when the queue failed. */
static int
take(struct confirm *c, struct span line)
{
	if (!c->begun)
		c->transactions = span_is(line, "BEGIN TRANSACTION");
	c->begun = true;
	if (is_mark(c, line, "BEGIN TRANSACTION", false)) {
		c->in_transaction = true;
		new_transaction(c);
		return answer("OK");
	}
	if (is_mark(c, line, "COMMIT TRANSACTION", true)) {
		c->in_transaction = false;
	} else {
		if (!c->in_transaction)
			new_transaction(c);
		if (put(c, line) < 0)
			return -1;
		if (c->in_transaction)
			return answer("DEFER_COMMIT");
	}
	return queue_settle(c->queue) < 0 ? -1 : answer("OK");
}

int
omprog_confirm(struct lines *l, struct queue *queue, const char *spool,
    uint64_t *count)
{
	static struct confirm c;
	struct span line;
	int r;

	c = (struct confirm){ .queue = queue, .count = count };
	find_repeat(&c, spool);
	r = answer("OK");
	while (r == 0 && (r = line_next(l, &line, NULL)) > 0)
		if ((r = take(&c, line)) < 0)
			answer("not kept");
	if (r == 0 && c.mark[0] != '\0')
		unlink(c.mark);
	buf_free(&c.repeat_text);
	return r;
}
