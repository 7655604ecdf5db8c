/*
 * guarded - a copy of a text behind which memory ends: what reads past its end
 * is killed by SIGSEGV
 */
#ifndef GUARDED_H
#define GUARDED_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"

enum { GUARDED_MAX = 64 * 1024 };	/* a multiple of any page's size */

/* Returns a copy that lasts until the next call; n is GUARDED_MAX at most. */
static struct span
guarded(const char *p, size_t n)
{
	static char *end;
	char *start;

	if (end == NULL) {
		start = mmap(NULL, 2 * GUARDED_MAX, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (start == MAP_FAILED || mprotect(start + GUARDED_MAX,
		    GUARDED_MAX, PROT_NONE) < 0)
			abort();
		end = start + GUARDED_MAX;
	}
	return span_of(memcpy(end - n, p, n), n);
}

#endif
