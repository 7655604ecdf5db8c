#include "confirm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "out.h"

enum { REPEAT_MAX = 4096 };	/* lines of a transaction that may come again */

struct confirm {
	struct relay *relay;
	uint64_t *count;
	uint64_t stream, position;	/* which transaction, and where in it */
	bool in_transaction;

	/* Of the last transaction before a crash: what may come again. */
	struct frame repeat[REPEAT_MAX];
	size_t n_repeat, next_repeat;
	bool repeating;		/* a line has come, the next must follow */
	struct buf repeat_text;
	char mark[4096];	/* this file says that we did not end well */
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
 * If the last instance was killed, its last transaction may have been written
 * but not answered.
 */
static void
find_repeat(struct confirm *c, const char *spool)
{
	int n, fd;

	if (spool == NULL || snprintf(c->mark, sizeof c->mark,
	    "%s/unconfirmed", spool) >= (int)sizeof c->mark)
		return;
	if (access(c->mark, F_OK) == 0 && (n = relay_tail(c->relay, c->repeat,
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

/* Is this line of what may come again?  That may begin anywhere in it. */
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
	struct frame f = { c->stream, c->position, line };

	if (line.len == 0 || is_repeat(c, line))
		return 0;
	c->position++;
	++*c->count;
	return relay_put(c->relay, &f);
}

/* Answer one line.  -1: the relay failed. */
static int
take(struct confirm *c, struct span line)
{
	if (span_is(line, "BEGIN TRANSACTION")) {
		c->in_transaction = true;
		new_transaction(c);
		return answer("OK");
	}
	if (span_is(line, "COMMIT TRANSACTION")) {
		c->in_transaction = false;
	} else {
		if (!c->in_transaction)
			new_transaction(c);
		if (put(c, line) < 0)
			return -1;
		if (c->in_transaction)
			return answer("DEFER_COMMIT");
	}
	return relay_settle(c->relay) < 0 ? -1 : answer("OK");
}

int
confirm_lines(struct lines *l, struct relay *relay, const char *spool,
    uint64_t *count)
{
	static struct confirm c;
	struct span line;
	int r;

	c = (struct confirm){ .relay = relay, .count = count };
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
