#include "batch.h"

#include <stdlib.h>

enum { FIRST_CAP = 1024 };

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

void
batch_add(struct batch *b, const struct frame *f)
{
	if (b->n == b->cap && grow(b) < 0) {
		b->failed = true;
		return;
	}
	b->items[b->n++] = (struct item){
		.line = span_of(NULL, f->data.len),
		.stream = f->stream, .position = f->position,
	};
	buf_addspan(&b->text, f->data);
	buf_addc(&b->text, '\n');
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

void
batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->items[i].reason);
	b->n = 0;
	b->failed = false;
	buf_clear(&b->text);
}

void
batch_free(struct batch *b)
{
	batch_clear(b);
	free(b->items);
	free(b->waiting);
	buf_free(&b->text);
}
