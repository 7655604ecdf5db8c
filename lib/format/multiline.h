/*
 * multiline - stack traces joined to the line that started them, and the lines
 * of a row of CSV
 *
 * Lines of several sources (syslog's host, appname and procid, a container's
 * stream) may come mixed: each source has a line of its own that waits for
 * more.
 */
#ifndef FORMAT_MULTILINE_H
#define FORMAT_MULTILINE_H

#include "format/scanner.h"

struct multiline;

/*
 * done is called with each finished line and the lines that continue it, with
 * LFs between (len 0: none), in the order in which they are finished.  outer
 * finds the sources, and is taken over.  Returns NULL with errno ENOMEM.
 */
struct multiline *multiline_new(struct scanner *outer, void (*done)(void *arg,
    struct span line, struct span more), void *arg);
void multiline_free(struct multiline *m);

/* Returns 0, or -1 with errno ENOMEM. */
int multiline_add(struct multiline *m, struct span line);
void multiline_flush(struct multiline *m);	/* finish all lines that wait */
/*
 * Whether any line waits for what may come; not when what must come is missing,
 * as the end of a quote.
 */
bool multiline_waits(const struct multiline *m);

#endif
