/*
 * spool_segment - one file of frames in a spool's folder
 */
#ifndef STREAM_SPOOL_SEGMENT_H
#define STREAM_SPOOL_SEGMENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "stream/frame.h"

struct segment {
	uint64_t first; /* number of the segment's first frame, and its name */
	int fd;			/* -1: not open */
	off_t at;		/* where the next frame begins */
	uint64_t number;	/* the number of the next frame */
	int64_t last_ms;	/* the time of the last frame that was read */
	/* Damaged places that were skipped; each counts as a frame. */
	uint64_t damaged;
	/* The bytes after at: none, a part of a frame, or a damaged frame. */
	enum { TAIL_NONE, TAIL_TORN, TAIL_DAMAGED } tail;
	off_t searched; /* the size of a tail that was searched for a frame */
	/* Bytes read from the file; the first used of them are passed. */
	struct buf buf;
	size_t used, frame;	/* frame is where the last frame lies in buf */
};

/* Returns 0, or -1 with errno.  oflag is as for open(2). */
int segment_open(struct segment *s, int dir, uint64_t first, int oflag);
void segment_close(struct segment *s);

void segment_seek(struct segment *s, off_t at, uint64_t number);

/*
 * Read the next frame, whose data lasts until the next call; damaged bytes
 * before it are skipped.  Returns 1; 0 when there is no whole frame (yet); -1
 * with errno.
 */
int segment_next(struct segment *s, struct frame *f);
int segment_skip_all(struct segment *s);	/* go to the end */

struct segment_file {
	uint64_t first;
	off_t size;
};

/*
 * Lists the segments in the folder, the oldest first.  The caller frees *list.
 * Returns 0, or -1 with errno.
 */
int segment_list(int dir, struct segment_file **list, size_t *n);
int segment_newest(int dir, uint64_t *first); /* 1; 0 when there is none; -1 */
int segment_unlink(int dir, uint64_t first);
/* Keep the segment in the folder "damaged", too.  Returns 0, or -1. */
int segment_keep_damaged(int dir, uint64_t first);

/* See spool_drop_oldest. */
int segment_drop_oldest(int dir);

#endif
