/*
 * multiline - stack traces joined to the line that started them
 *
 * Lines of several sources (syslog's host, appname and procid, a container's
 * stream) may come mixed: each source has a line of its own that waits for more.
 */
#ifndef MULTILINE_H
#define MULTILINE_H

#include "scan.h"

struct multiline;

/*
 * done gets each finished line and what continues it, with LFs between (len 0:
 * nothing), in the order in which they are finished.  outer finds the sources,
 * and is taken over.  NULL: ENOMEM.
 */
struct multiline *multiline_new(struct scanner *outer, void (*done)(void *arg,
    struct span line, struct span more), void *arg);
void multiline_free(struct multiline *m);

/* 0, or -1 with errno ENOMEM. */
int multiline_add(struct multiline *m, struct span line);
void multiline_flush(struct multiline *m);	/* finish all that wait */
bool multiline_waits(const struct multiline *m);	/* does any? */

/* The parts of a trace, for a test: does text continue a line in this state? */
enum trace {
	TRACE_NONE, TRACE_PYTHON, TRACE_PYTHON_END, TRACE_GO,
	TRACE_NODE, TRACE_NODE_CODE, TRACE_NODE_CARET,
};
enum trace trace_start(struct span text);
bool trace_continues(struct span text, enum trace *state);

#endif
