/*
 * mapped - a part of a file in memory, which outlives the file's truncation
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/* Begin with { 0 }.  At most one part is mapped at a time in a thread. */
struct mapped {
	char *base;
	size_t len;
	volatile sig_atomic_t lost;	/* a page could not be read; all are NUL */
};

/*
 * Map n bytes of fd from offset on instead of what was mapped before; NULL if
 * that can't be done.  They may change at any time, as the file does.
 */
const char *mapped_part(struct mapped *m, int fd, off_t offset, size_t n);
void mapped_free(struct mapped *m);

#endif
