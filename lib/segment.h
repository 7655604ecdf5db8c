/*
 * segment - one file of frames in a spool's folder
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "frame.h"

struct segment {
	uint64_t first;		/* number of its first frame, which names it */
	int fd;			/* -1: not open */
	off_t at;		/* where the next frame begins */
	uint64_t number;	/* of the next frame */
	struct buf buf;		/* read from the file; used of it is passed */
	size_t used;
};

/* -1 with errno; oflag as for open(2). */
int segment_open(struct segment *s, int dir, uint64_t first, int oflag);
void segment_close(struct segment *s);

/*
 * The next frame, whose data lasts until the next call.  1; 0 when there is no
 * whole frame (yet) at s->at; -1 with errno.
 */
int segment_next(struct segment *s, struct frame *f);
int segment_skip_all(struct segment *s);	/* to the end */

struct segment_file {
	uint64_t first;
	off_t size;
};

/* Those in the folder, oldest first.  The caller frees *list.  -1 with errno. */
int segment_list(int dir, struct segment_file **list, size_t *n);
int segment_unlink(int dir, uint64_t first);

#endif
