/*
 * lines - an input as lines, one by one or in blocks
 *
 * A line ends at LF; the last may lack it.  Memory holds one line of max_line
 * bytes at most: a longer one is cut into pieces of that size, each a line of
 * its own that lacks its LF (so no byte is lost), and cut counts such lines.
 */
#ifndef INPUT_LINES_H
#define INPUT_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "input/input.h"

enum { LINE_MAX_DEFAULT = 1 << 20 };

struct lines;

/* NULL without memory. */
struct lines *lines_new(struct input *in, size_t max_line);

/*
 * Make lines of the bytes that read(arg, p, n) gives, which works as input_read
 * does.
 */
struct lines *lines_of(ssize_t (*read)(void *arg, void *p, size_t n), void *arg,
    size_t max_line);

/*
 * Read the next whole lines, LFs included, as many as can be had without
 * waiting.  They last until the next call.  Returns 1; 0 at the end; -1, see
 * input_error.  Whole lines of two reads are never in the same block.
 */
int lines_block(struct lines *l, struct span *block);

/*
 * Allow that blocks of a plain file are the file itself, mapped in memory,
 * which saves copying it.  They may change while they are in use.  lines_gone
 * tells whether the file was truncated: then the results of the block are void,
 * and those of its lines that are left come again.
 */
void lines_map(struct lines *l);
bool lines_gone(struct lines *l);

/*
 * Take each octet-counted frame of syslog (octet_framing.h) as a line from now
 * on, whether an LF follows it or not.  Its count is left out, and it is given
 * as soon as it is whole.  This is for lines_block.
 */
void lines_frames(struct lines *l);
/* Whether the block is one such frame that has LFs inside. */
bool lines_is_frame(const struct lines *l);

/*
 * Read the next line without its LF; *has_lf (if not NULL) tells whether it had
 * one.  Returns 1; 0 at the end; -1.  Do not mix it with lines_block.
 */
int line_next(struct lines *l, struct span *line, bool *has_lf);

uint64_t lines_cut(const struct lines *l);
void lines_free(struct lines *l);	/* leaves the input open */

#endif
