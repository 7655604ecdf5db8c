/*
 * out - standard output, in large writes
 *
 * What is added stays here until 64 KiB are together, or out_flush is called:
 * set input_idle to out_flush and nothing waits while the input is silent.
 * After a failed write everything is dropped and out_failed() is true; the
 * reason is told once, by out_finish.
 */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

void out_add(const void *p, size_t n);
void out_addc(char c);
static inline void
out_span(struct span s)
{
	out_add(s.p, s.len);
}

/* n bytes to fill in, then out_filled says how many were; NULL: no memory. */
char *out_room(size_t n);
void out_filled(size_t n);

int out_flush(void);		/* 0, or -1 with errno */
bool out_failed(void);		/* look now and then, and stop early */

/*
 * Flush, and return the exit status: status, or STATUS_TROUBLE when a write
 * failed.  A reader that went away (EPIPE) is no message.
 */
int out_finish(int status);

#endif
