/*
 * line - an input as lines, one by one or in blocks
 *
 * A line ends at LF; the last may lack it.  Memory holds one line of max_line
 * bytes at most: a longer one is cut into pieces of that size, each a line of
 * its own that lacks its LF (so no byte is lost), and cut counts such lines.
 */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "input.h"

enum { LINE_MAX_DEFAULT = 1 << 20 };

struct lines;

struct lines *lines_new(struct input *in, size_t max_line);	/* NULL: ENOMEM */

/* Of what read(arg, p, n) gives: as input_read. */
struct lines *lines_of(ssize_t (*read)(void *arg, void *p, size_t n), void *arg,
    size_t max_line);

/*
 * The next whole lines, LFs included, as many as can be had without waiting.
 * They last until the next call.  1; 0 at the end; -1, see input_error.  What
 * one read gave up to its last LF is never given with what the next one gives.
 */
int lines_block(struct lines *l, struct span *block);

/*
 * Blocks of a plain file may be the file itself, as it is in memory, which
 * saves copying it.  They may change while they are in use; lines_gone tells
 * when the file was truncated: then what came of the block is void, and its
 * lines come again as far as they are there.
 */
void lines_map(struct lines *l);
bool lines_gone(struct lines *l);

/*
 * From now on each octet-counted frame of syslog (octets.h) is a line, whether
 * there is a LF behind it or not.  Its count is left out, and it is given as soon
 * as it is whole.  For lines_block.
 */
void lines_frames(struct lines *l);
/* The block is one such frame, which has LFs inside. */
bool lines_is_frame(const struct lines *l);

/*
 * The next line without its LF; *has_lf (if not NULL) tells whether there was
 * one.  1; 0 at the end; -1.  Not to be mixed with lines_block.
 */
int line_next(struct lines *l, struct span *line, bool *has_lf);

uint64_t lines_cut(const struct lines *l);
void lines_free(struct lines *l);	/* leaves the input open */

#endif
