/*
 * trip - one file's way into a store that speaks HTTP, whatever its kind
 */
#ifndef TRIP_H
#define TRIP_H

#include "retry.h"
#include "send.h"

struct trip;

/* What is under the name?  FAILED: the status given back is the parcel's. */
enum found {
	FOUND_NONE, FOUND_EQUAL, FOUND_OTHER, FOUND_UNKNOWN, FOUND_FAILED,
};

struct trip_kind {
	int which;		/* digests of the parcel, HASH_ flags */
	off_t digest_max;	/* of a larger one: look and put digest it */
	unsigned suffixes;	/* so many names are tried */
	enum found (*look)(struct trip *t, int *status);
	/*
	 * Send the parcel.  STATUS_OK: stored, and proven; STATUS_NO with
	 * *taken: the name is; without: sent, and a look has to decide.
	 */
	int (*put)(struct trip *t, bool if_absent, bool *taken);
};

struct trip {
	const struct trip_kind *kind;
	struct send *s;
	struct parcel *p;
	struct http *h;
	struct retry retry;
	struct span name;	/* in the store; key, or URL */
	char *own;		/* a name that we put wrong bytes under */
	bool accepted;		/* the store said that it has all of it: good
				 * enough when it does not let us look */
};

/*
 * Look whether the file is there, send it if not, try other names when this one
 * is taken, and send it once more when it changed meanwhile.  A STATUS_.
 */
int trip_make(struct send *s, struct parcel *p, const struct trip_kind *kind);

#endif
