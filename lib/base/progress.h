/*
 * progress - a bar on the terminal for work that takes longer than a second
 *
 * There is no bar unless progress_on() found a terminal that can draw it.
 * Threads may call these.  Messages and standard output clear the bar first.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Show a bar if there is a terminal for it.  whole_lines says that few are
 * written to standard output, and none of them in parts, so that the bar may
 * stand on the same terminal while it is known how much there is to do; otherwise
 * there is no bar when standard output is a terminal.
 */
void progress_on(bool whole_lines);
void progress_expect(uint64_t bytes);	/* adds to the work to do */
void progress_add(uint64_t bytes);	/* adds to the work that was done */
void progress_file(void);		/* counts one more file as done */
void progress_end(void);		/* clears the bar */
void progress_make_room(void); /* clears the bar where output will stand */

#endif
