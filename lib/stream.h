/*
 * stream - lines from standard input or files, delivered in batches
 */
#ifndef STREAM_H
#define STREAM_H

#include "files.h"
#include "sender.h"

struct stream {
	struct sender **senders;	/* a connection each */
	unsigned n_senders;
	const char *url;		/* for messages and receipts */
	size_t batch_lines, batch_bytes, max_line;
	int64_t batch_ms;
	int64_t deadline_ms;		/* 0: none */
	const char *spool;		/* a folder, or NULL */
	uint64_t spool_max;		/* bytes */
	bool drop;			/* when the spool is full; else wait */
	bool confirm;			/* answer each line, as omprog has it */
	int dead_letter, receipts;	/* file descriptors, or -1 */
	const char *host;		/* this machine's name */
	void (*tell)(const char *fmt, ...) PRINTF_LIKE(1, 2);
};

/*
 * Deliver all lines of files, in order.  Returns a STATUS_; the reasons were
 * told.
 */
int stream_push(struct stream *st, struct files *files);

#endif
