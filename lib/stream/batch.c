#include "stream/batch.h"

#include <stdlib.h>

enum { FIRST_CAP = 1024 }; /* how many items a batch has room for at first */

static int
grow(struct batch *b)
{
	size_t cap = b->cap > 0 ? b->cap * 2 : FIRST_CAP;
	struct item *items = realloc(b->items, cap * sizeof *items);
	struct item **waiting;

	if (items == NULL)
		return -1;
	b->items = items;
	waiting = realloc(b->waiting, cap * sizeof(struct item *));
	if (waiting == NULL)
		return -1;
	b->waiting = waiting;
	b->cap = cap;
	return 0;
}

int
batch_add(struct batch *b, const struct frame *f, uint64_t number)
{
	if (b->n == b->cap && grow(b) < 0)
		return -1;
	b->items[b->n++] = (struct item){
		.line = span_of(NULL, f->data.len),
		.stream = f->stream, .position = f->position,
		.time_ms = f->time_ms, .number = number,
	};
	buf_addspan(&b->text, f->data);
	buf_addc(&b->text, '\n');
	return 0;
}

void
batch_ready(struct batch *b)
{
	const char *p = b->text.p;

	b->failed |= b->text.failed;
	for (size_t i = 0; i < b->n && !b->failed; i++) {
		b->items[i].line.p = p;
		p += b->items[i].line.len + 1;
	}
}

int
batch_join(struct batch *b, const struct batch *more)
{
	for (size_t i = 0; i < more->n; i++) {
		struct frame f = {
			.stream = more->items[i].stream,
			.position = more->items[i].position,
			.data = more->items[i].line,
			.time_ms = more->items[i].time_ms,
		};

		b->failed |= batch_add(b, &f, more->items[i].number) < 0;
	}
	batch_ready(b);
	return b->failed ? -1 : 0;
}

void
batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->items[i].reason);
	buf_clear(&b->text);
	*b = (struct batch){
		.items = b->items, .waiting = b->waiting, .cap = b->cap,
		.text = b->text,
	};
}

void
batch_rest(struct batch *b)
{
	struct batch again = *b;

	batch_free(b);
	*b = (struct batch){
		.retry = again.retry, .passes = again.passes,
		.begun = again.begun, .failing = again.failing,
		.began_at = again.began_at, .due_ms = again.due_ms,
	};
}

void
batch_free(struct batch *b)
{
	batch_clear(b);
	free(b->items);
	free(b->waiting);
	buf_free(&b->text);
}
