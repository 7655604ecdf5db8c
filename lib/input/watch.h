/*
 * watch - what is appended to files, across rotation (inotify(7))
 *
 * A file is followed by its name.  The data that it holds when the watch begins
 * is old; a file that appears later is new from its first byte.  A file that
 * was renamed is followed until the next but one of its name appears, since its
 * writer may not have noticed yet.  A file that was truncated is read from its
 * start.
 *
 * What rotation made of a log is not new: a file that a pattern finds is left
 * out when it is packed, or when a number or a date stands in its name behind
 * that of a log that is followed (copytruncate).
 *
 * Data is given in whole lines.  The start of a line is held back until its end
 * is there, too, as another file's lines may come in between.
 */
#ifndef INPUT_WATCH_H
#define INPUT_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct watch;

/*
 * Data without an LF is held back up to max_line bytes.  Returns NULL with
 * errno.
 */
struct watch *watch_new(size_t max_line);

/*
 * Follow the file path, which need not exist yet; its folder must.  The last
 * part may be a pattern, see glob(7).  When the one before it is a pattern,
 * too, the files of all folders that match are followed, and those of new
 * folders from the first byte.  Returns 0, or -1 with errno.
 */
int watch_add(struct watch *w, const char *path);

int watch_fd(const struct watch *w);	/* poll for POLLIN, then watch_ready */

/*
 * Look at what has happened.  Returns 1 when there is data to be read, 0 when
 * there is none, -1 with errno: files can no longer be followed (ENOENT: the
 * folder has gone).
 */
int watch_ready(struct watch *w);

/*
 * Want only data that was written by now, and no later data.  Returns -1 with
 * errno on failure.
 */
int watch_last(struct watch *w);

/* The data of one file; it lasts until the next call. */
struct watch_data {
	struct span bytes;
	const char *path; /* the name it was found under, or that of its link */
	/*
	 * The data given before is another file's, and still needs an LF if it
	 * has none at its end.
	 */
	bool other;
};

/*
 * Read data of one file.  Returns 1, when bytes may be empty if all is held
 * back; 0 when there is none, after all; -1 with errno.
 */
int watch_read(struct watch *w, struct watch_data *d);

/*
 * Give the data that is held back of one file.  Returns 1, or 0 when there is
 * no more.
 */
int watch_rest(struct watch *w, struct watch_data *d);

void watch_free(struct watch *w);

#endif
