#include "record/name_table.h"

#include "record/record.h"

static size_t
hash(struct span name)
{
	uint64_t h = UINT64_C(14695981039346656037);	/* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.p[i]) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

int
name_table_begin(struct name_table *t, struct record *r, size_t n)
{
	size_t bytes;

	t->mask = 15;
	while (t->mask < 2 * n)
		t->mask = t->mask * 2 + 1;
	bytes = (t->mask + 1) * sizeof *t->slots;
	if ((t->slots = (void *)record_room(r, bytes + 8)) == NULL)
		return -1;
	t->slots = (void *)(((uintptr_t)t->slots + 7) & ~(uintptr_t)7);
	memset(t->slots, 0, bytes);
	return 0;
}

struct name_slot *
name_table_at(const struct name_table *t, struct span name)
{
	size_t i = hash(name) & t->mask;

	while (t->slots[i].name.p != NULL &&
	    !span_eq(t->slots[i].name, name))
		i = (i + 1) & t->mask;
	return &t->slots[i];
}
