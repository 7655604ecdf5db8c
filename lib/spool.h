/*
 * spool - frames kept in a folder until they are delivered
 *
 * Frames are numbered from 0 in the order they were written and lie in segment
 * files that only grow, each named by the number of its first frame.  Any
 * number of processes append (each write under a lock), one reads (a lock it
 * holds as long as it lives), and a SIGKILL of any of them costs nothing that
 * spool_write had taken: what is torn at the end is cut off by the next writer.
 * Written means in the page cache, safe from a crash of ours; spool_sync makes
 * it safe from one of the machine.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

struct spool_writer;
struct spool_reader;

/*
 * The folder is made (mode 0700) if need be.  max: bytes that the segments may
 * take.  NULL with errno.
 */
struct spool_writer *spool_writer_new(const char *dir, uint64_t max);

/*
 * Append n frames, as packed by frame_pack.  0, or -1 with errno; ENOSPC when
 * the spool, or the disk, is full.  After a failure nothing was written.
 */
int spool_write(struct spool_writer *w, struct span frames, size_t n);
int spool_sync(struct spool_writer *w);

/* Remove the oldest segment, unless it is the newest: then -1 with ENOENT. */
int spool_drop_oldest(struct spool_writer *w);
uint64_t spool_next(const struct spool_writer *w);	/* frame's number */
uint64_t spool_torn(const struct spool_writer *w);	/* bytes cut off so far */

/*
 * Look at the last frames of the newest segment, at most n, oldest first.
 * Their data points into text, which the caller frees.  How many, or -1.
 */
int spool_tail(struct spool_writer *w, struct frame *last, size_t n,
    struct buf *text);
void spool_writer_free(struct spool_writer *w);

/* NULL with errno, EWOULDBLOCK when another process is the reader. */
struct spool_reader *spool_reader_new(const char *dir);

/*
 * The next frame, whose data lasts until the next call.  1; 0 there is none
 * now; -1 with errno.
 */
int spool_read(struct spool_reader *r, struct frame *f);
uint64_t spool_number(const struct spool_reader *r);	/* of the next frame */
uint64_t spool_lost(const struct spool_reader *r);	/* or damaged */

/* Frames before number are delivered: forget them.  0, or -1 with errno. */
int spool_ack(struct spool_reader *r, uint64_t number);

/*
 * Remember, over a crash too, that the frames before number are a batch, for a
 * receiver where the same batch must be sent again.  spool_planned: that number,
 * or one that is passed already.
 */
int spool_plan(struct spool_reader *r, uint64_t number);
uint64_t spool_planned(const struct spool_reader *r);

/* Readable when somebody may have written since it was last looked at. */
int spool_fd(const struct spool_reader *r);
void spool_fd_clear(struct spool_reader *r);
void spool_reader_free(struct spool_reader *r);

struct spool_state {
	uint64_t delivered;	/* number of the first frame that is not */
	uint64_t records;	/* not delivered yet */
	uint64_t bytes;		/* that the segments take */
	unsigned segments;
	bool sending;		/* some process is the reader */
};

int spool_look(const char *dir, struct spool_state *st);	/* -1, errno */

#endif
