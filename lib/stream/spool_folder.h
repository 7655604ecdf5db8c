/*
 * spool_folder - the files in a spool's folder other than its segments
 */
#ifndef STREAM_SPOOL_FOLDER_H
#define STREAM_SPOOL_FOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SPOOL_WRITE_LOCK "write.lock"	/* locked while a frame is written */
/* Locked by the reader as long as it lives. */
#define SPOOL_READ_LOCK "send.lock"
#define SPOOL_POSITION "delivered"	/* a struct spool_position */
/* The number before which writers dropped frames. */
#define SPOOL_DROPPED "dropped"

/*
 * Open the folder.  With make it is made, mode 0700, if it is not there.
 * Returns -1 with errno.
 */
int spool_folder_open(const char *path, bool make);
/* Remove the folder and all that is in it.  Returns 0, or -1 with errno. */
int spool_folder_remove(const char *path);
int spool_folder_file(int dir, const char *name);	/* opened, or made */

/*
 * Use the lock command cmd of fcntl(2), one of F_OFD_*, on fd.  Returns 0, or
 * -1 with errno, EWOULDBLOCK when another process has the lock; for F_OFD_GETLK
 * 1 says so.
 */
int spool_folder_lock(int fd, int cmd, short type);

struct spool_position {
	/* The number of the first frame that is not delivered. */
	uint64_t number;
	/* The number of the first frame after the batch begun. */
	uint64_t planned;
	/* The segment in which the first frame not delivered lies. */
	uint64_t segment;
	uint64_t at;		/* the byte of the segment at which it begins */
	/* How many frames were missing before it, since there is a spool. */
	uint64_t dropped, damaged;
};

/* Returns false when the position is not known: then all of p is 0. */
bool spool_position_get(int fd, struct spool_position *p);
int spool_position_set(int fd, const struct spool_position *p);

/* The frames that are missing before this number were dropped by a writer. */
uint64_t spool_dropped_get(int dir);
int spool_dropped_set(int dir, uint64_t number);

#endif
