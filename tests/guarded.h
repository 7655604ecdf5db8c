/*
 * guarded - a copy of a text with no memory before or behind it: what reads
 * past its end, or what stands before its start, is killed by SIGSEGV
 */
#ifndef GUARDED_H
#define GUARDED_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"

enum { GUARDED_MAX = 64 * 1024 };	/* a multiple of any page's size */

/* The memory between two pieces of GUARDED_MAX that cannot be read. */
static char *
guarded_memory(void)
{
	static char *start;

	if (start != NULL)
		return start;
	start = mmap(NULL, 3 * GUARDED_MAX, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED || mprotect(start + GUARDED_MAX, GUARDED_MAX,
	    PROT_READ | PROT_WRITE) < 0)
		abort();
	return start += GUARDED_MAX;
}

/*
 * A copy behind which memory ends.  It lasts until the next call; n is
 * GUARDED_MAX at most.
 */
static inline struct span
guarded(const char *p, size_t n)
{
	return span_of(memcpy(guarded_memory() + GUARDED_MAX - n, p, n), n);
}

/* The same, but memory begins with it. */
static inline struct span
guarded_start(const char *p, size_t n)
{
	return span_of(memcpy(guarded_memory(), p, n), n);
}

#endif
