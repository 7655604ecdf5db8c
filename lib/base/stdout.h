/*
 * stdout - standard output, in large writes
 *
 * Bytes that are added are kept until there are 64 KiB of them, or until
 * out_flush is called.  With input_idle set to out_flush no output is held back
 * while the input is silent.  After a failed write everything is dropped and
 * out_failed() is true; out_finish prints the reason, once.
 */
#ifndef BASE_STDOUT_H
#define BASE_STDOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

void out_add(const void *p, size_t n);
void out_addc(char c);
static inline void
out_span(struct span s)
{
	out_add(s.p, s.len);
}

int out_flush(void);		/* returns 0, or -1 with errno */
bool out_failed(void);		/* look now and then, to stop early */

/*
 * Flush, and return the exit status: status, or STATUS_TROUBLE when a write
 * failed.  When the reader went away (EPIPE) there is no message.
 */
int out_finish(int status);

#endif
