/*
 * evidence - how many items a receiver has taken lately, in all and by group.
 * When it takes the others but not one, that one may be to blame.
 */
#ifndef STREAM_EVIDENCE_H
#define STREAM_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EVIDENCE_GROUPS = 64 };

struct evidence {		/* begin with { 0 } */
	uint64_t taken;		/* how many items were taken so far */
	struct {
		/* at is the value of taken after the group's last item. */
		uint64_t group, at;
	} groups[EVIDENCE_GROUPS];	/* the groups that took items last */
};

void evidence_add(struct evidence *e, uint64_t group);

/*
 * Whether the group took an item after the receiver had taken `at` items in
 * all.
 */
bool evidence_since(const struct evidence *e, uint64_t group, uint64_t at);

#endif
