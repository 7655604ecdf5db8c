/*
 * send - deliver files to a store: what its kinds have in common
 */
#ifndef SEND_H
#define SEND_H

#include "parcel.h"
#include "place.h"

enum if_exists { IF_EXISTS_SUFFIX, IF_EXISTS_REFUSE, IF_EXISTS_OVERWRITE };

struct send {
	const char *url;	/* the user's, with its scheme */
	struct buf place;	/* the template of a file's name in the store */
	struct place_fields common;	/* those that all files share */
	enum if_exists if_exists;
	int64_t deadline_ms;	/* for one file, 0 for none */
	unsigned jobs;		/* pieces in parallel */
};

/*
 * Fill in the place of p into out, as place_expand does; the file is digested
 * first when the place asks for that.  A STATUS_.
 */
int send_place(const struct send *s, struct parcel *p, bool escape,
    struct buf *out);

/*
 * file:///folder: a copy, written whole or not at all, synced and read back.
 * Safe in several threads.  send_file_prepare returns NULL, or what is wrong
 * with the URL; send_file a STATUS_.
 */
const char *send_file_prepare(struct send *s);
int send_file(struct send *s, struct parcel *p);

#endif
