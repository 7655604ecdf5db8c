/*
 * rival - how gzip would pack some bytes, compared with what libdeflate does
 */
#ifndef RIVAL_H
#define RIVAL_H

#include <stddef.h>

/*
 * The size that libdeflate's level ours makes of n bytes, in thousandths of
 * what zlib's level theirs, which is gzip's, makes of them.  -1: ENOMEM.
 */
int rival_compare(const void *p, size_t n, int ours, int theirs);

#endif
