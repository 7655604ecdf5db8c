/*
 * drains - lines from standard input or files, each to the drains it is for
 */
#ifndef DRAIN_DRAINS_H
#define DRAIN_DRAINS_H

#include "drain/drain_set.h"
#include "file/operands.h"

struct drains_options {
	/* The deadline of its stream counts from the end of the input on. */
	struct drain_set_options set;
	/*
	 * The formats of the lines, as scanner_formats has them: drains get the
	 * records as JSON.  NULL: lines as they stand.
	 */
	const char *formats;
};

/*
 * Returns a STATUS_, after messages.  *hung is whether threads are still under
 * way: then the process has to end by _exit(2).
 */
int drains_push(const struct drains_options *o, struct operands *files,
    bool *hung);

#endif
