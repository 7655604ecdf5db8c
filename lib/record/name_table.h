/*
 * name_table - the names of a record's fields, found by hashing
 */
#ifndef RECORD_NAME_TABLE_H
#define RECORD_NAME_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct record;

struct name_slot {
	struct span name;	/* p is NULL in an empty slot */
	/* For the user of the table; 0 at first. */
	unsigned times, inner;
	uint8_t layer;
};

struct name_table {
	struct name_slot *slots;
	size_t mask; /* the number of slots, a power of two, less one */
};

/*
 * Begin a table for at most n names, in memory of the record.  Returns 0, or -1
 * without memory.
 */
int name_table_begin(struct name_table *t, struct record *r, size_t n);

/* Returns the slot of the name, or the empty one where it belongs. */
struct name_slot *name_table_at(const struct name_table *t, struct span name);

#endif
