/*
 * partial - the pieces of a message that a container's runtime has cut
 */
#ifndef FORMAT_PARTIAL_H
#define FORMAT_PARTIAL_H

#include "format/format.h"

/*
 * Hold back a piece of stdout or stderr until the rest comes.  when is the time
 * of the message, which is that of its first piece.  Returns false when no more
 * can be held, or what is held is of a file with another name in front.
 */
bool partial_hold(struct scan *s, struct partial *part, struct span piece,
    const struct timestamp *when);

/* Whether pieces are held, of a file with the same name in front, if any. */
bool partial_goes_on(struct scan *s, const struct partial *part);

/*
 * Returns the pieces that were held, and message after them, in memory of the
 * record.
 */
struct span partial_join(struct scan *s, struct partial *part,
    struct span message);

/*
 * Make a record of the first message of which the format holds pieces back,
 * without its last piece.  Returns false when there is none.
 */
bool partial_end(struct scan *s);

#endif
