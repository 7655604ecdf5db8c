/*
 * spool - frames kept in a folder until they are delivered
 *
 * Frames are numbered from 0 in the order they were written and lie in segment
 * files that only grow, each named by the number of its first frame.  Any
 * number of processes append (each write under a lock), one reads (a lock it
 * holds as long as it lives), and a SIGKILL of any of them costs nothing that
 * spool_write had taken: what is torn at the end is cut off by the next writer.
 * A byte that is damaged costs its frame; the segment is kept in DIR/damaged.
 * Written means in the page cache, safe from a crash of ours; spool_sync makes
 * it safe from one of the machine.
 */
#ifndef STREAM_SPOOL_H
#define STREAM_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/frame.h"

struct spool_writer;
struct spool_reader;

/*
 * Open the folder, which is made (mode 0700) if it is not there.  The segments
 * may take max bytes.  Returns NULL with errno.
 */
struct spool_writer *spool_writer_new(const char *dir, uint64_t max);

/*
 * The same for one of many spools: nothing but spool_sync syncs anything, and
 * that only the newest segment.  The caller has to sync the file system
 * (syncfs(2)) for what is to be safe from a crash of the machine.
 */
struct spool_writer *spool_writer_unsynced(const char *dir, uint64_t max);
struct spool_reader *spool_reader_unsynced(const char *dir);

/*
 * Append n frames, as packed by frame_pack.  Returns 0, or -1 with errno;
 * ENOSPC when the spool, or the disk, is full.  After a failure nothing was
 * written.
 */
int spool_write(struct spool_writer *w, struct span frames, size_t n);
int spool_sync(struct spool_writer *w);
/* The disk, not the spool. */
bool spool_disk_is_full(const struct spool_writer *w);

/* Remove the oldest segment, unless it is the newest: then -1 with ENOENT. */
int spool_drop_oldest(struct spool_writer *w);
uint64_t spool_next(const struct spool_writer *w); /* the next frame's number */
/*
 * Returns the time of the last frame that was there when the writer began, or
 * 0.
 */
int64_t spool_last_ms(const struct spool_writer *w);

/*
 * Look at the last frames of the newest segment, at most n, oldest first.
 * Their data points into text, which the caller frees.  Returns how many, or
 * -1.
 */
int spool_tail(struct spool_writer *w, struct frame *last, size_t n,
    struct buf *text);
void spool_writer_free(struct spool_writer *w);

/* Returns NULL with errno: EWOULDBLOCK when another process is the reader. */
struct spool_reader *spool_reader_new(const char *dir);

/*
 * Read the next frame, whose data lasts until the next call.  Returns 1; 0 when
 * there is none now; -1 with errno.
 */
int spool_read(struct spool_reader *r, struct frame *f);
/* The number of the next frame. */
uint64_t spool_number(const struct spool_reader *r);
/*
 * How many frames are missing since the position is known, as writers that had
 * no room dropped them, or as they are damaged: of those that come before a
 * frame that is acknowledged, or were missing at the start.  *kept says whether
 * a segment was kept in DIR/damaged since all damage before was told.
 */
uint64_t spool_dropped(const struct spool_reader *r);
uint64_t spool_damaged(struct spool_reader *r, bool *kept);
/* The number of the first frame that is not delivered, and was not missing. */
uint64_t spool_delivered(const struct spool_reader *r);
/* No frame will follow: once all are acknowledged, all that is missing counts. */
void spool_end(struct spool_reader *r);

/*
 * Forget the frames before number, which are delivered.  Returns 0, or -1 with
 * errno.
 */
int spool_ack(struct spool_reader *r, uint64_t number);

/*
 * Remember, also over a power cut, that the frames before number are one batch,
 * for a receiver that must get the same batch again.  spool_planned returns
 * that number, or one that is passed already.
 */
int spool_plan(struct spool_reader *r, uint64_t number);
uint64_t spool_planned(const struct spool_reader *r);

/*
 * Watch the folder from now on: spool_fd returns a descriptor that is readable
 * when a frame may have been written since spool_fd_clear.  Returns -1 with
 * errno.
 */
int spool_watch(struct spool_reader *r, const char *dir);
int spool_fd(const struct spool_reader *r);
void spool_fd_clear(struct spool_reader *r);
void spool_reader_free(struct spool_reader *r);

#endif
