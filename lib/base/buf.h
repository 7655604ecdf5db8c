/*
 * buf - bytes with a length: a buf owns them, a span borrows them
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/message.h"

struct span {
	const char *p;	/* not NUL-terminated; may be NULL when len is 0 */
	size_t len;
};

static inline struct span
span_of(const char *p, size_t len)
{
	return (struct span){ p, len };
}

static inline struct span
span_str(const char *s)
{
	return (struct span){ s, strlen(s) };
}

static inline bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool
span_is(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

/*
 * Start with { 0 }.  The add functions return 0, or -1 with errno ENOMEM; then
 * failed is set too and stays set until buf_clear, and nothing more is added, so
 * that a caller who adds many pieces can look once at the end.  What was added
 * before stays.
 */
struct buf {
	char *p;
	size_t len, cap;
	bool failed;
};

int buf_reserve(
    struct buf *b, size_t more); /* room for more bytes at p + len */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_addc(struct buf *b, char c);
int buf_adds(struct buf *b, const char *s);
int buf_addspan(struct buf *b, struct span s);
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *buf_str(struct buf *b); /* NUL-terminated, or NULL if it failed */
void buf_clear(struct buf *b);		/* len 0; keeps the memory */
void buf_free(struct buf *b);		/* back to { 0 } */
void buf_wipe(struct buf *b); /* the same for secrets: zeroes them first */

static inline struct span
buf_span(const struct buf *b)
{
	return (struct span){ b->p, b->len };
}

#endif
