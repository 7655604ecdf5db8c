/*
 * dead_letters - records that a receiver refused: told, counted and kept
 */
#ifndef STREAM_DEAD_LETTERS_H
#define STREAM_DEAD_LETTERS_H

#include <stdint.h>

#include "base/buf.h"

struct dead_letters {
	int fd;			/* -1 when not open */
	bool made;		/* fd is ours, made below spool */
	const char *spool;	/* a spool's folder, for a file of its own */
	const char *url;	/* the URL of the receiver, for people */
	void (*tell)(const char *fmt, ...) PRINTF_LIKE(1, 2);
	uint64_t untold; /* how many were refused since the last message */
	int64_t quiet_ms;	/* no message is printed before this time */
	unsigned messages;
};

/* The beginnings of a dead letter, for append_log_open. */
extern const char *const dead_letters_begin[];

/*
 * fd is that of --dead-letter, or -1: then a file "refused" in spool is used,
 * if spool is not NULL.
 */
void dead_letters_init(struct dead_letters *l, int fd, const char *spool,
    const char *url, void (*tell)(const char *fmt, ...));

/*
 * Print why line was refused, though not each time when many are, and keep it
 * as one line of JSON with time, url, error and record.  Returns 0, or -1 after
 * a message when it could not be kept.
 */
int dead_letters_add(struct dead_letters *l, struct span line,
    const char *why);
int dead_letters_sync(struct dead_letters *l);	/* -1 after a message */
void dead_letters_free(struct dead_letters *l);

#endif
