#include "format/unique_names.h"

#include <stdio.h>

#include "record/name_table.h"

/* Take the name.  Returns false when it was taken before. */
static bool
take(const struct name_table *names, struct span name)
{
	struct name_slot *slot = name_table_at(names, name);

	if (slot->name.p != NULL)
		return false;
	slot->name = name;
	slot->times = 1;
	return true;
}

/* Find the first name of the form name_2 that is free, and take it. */
static void
rename_field(struct record *r, const struct name_table *names, struct field *f)
{
	struct name_slot *slot = name_table_at(names, f->name);
	char *p = record_room(r, f->name.len + 12);
	struct span free_name;
	int n;

	if (p == NULL)
		return;
	record_own(r, f);
	memcpy(p, f->name.p, f->name.len);
	do {
		n = snprintf(p + f->name.len, 12, "_%u", ++slot->times);
		free_name = span_of(p, f->name.len + (size_t)n);
	} while (!take(names, free_name));
	f->name = free_name;
}

void
unique_names(struct record *r, size_t first, const size_t *kept, size_t n)
{
	static const struct span ours[] = { { "format", 6 },
	    { "envelope", 8 }, { "error", 5 } };
	struct name_table names;
	struct field *f;

	/*
	 * There is at most one name for each field, and one more with a number.
	 */
	if (name_table_begin(&names, r, 2 * (r->n - first) + 4) < 0)
		return;
	for (size_t i = 0; i < 3; i++)
		take(&names, ours[i]);
	for (size_t i = 0; i < n; i++)
		take(&names, r->fields[kept[i]].name);
	for (size_t i = first; i < r->n; i++) {
		f = &r->fields[i];
		for (size_t k = 0; k < n; k++)
			if (kept[k] == i)
				f = NULL;
		if (f != NULL && f->kind != FIELD_GONE &&
		    !take(&names, f->name))
			rename_field(r, &names, f);
	}
}

void
unique_names_of_layer(struct record *r)
{
	size_t first = r->n;

	while (first > 0 && r->fields[first - 1].layer == r->layers)
		first--;
	unique_names(r, first, NULL, 0);
}
