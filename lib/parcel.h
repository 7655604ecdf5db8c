/*
 * parcel - one file on its way: what is sent, and what the receipt says
 */
#ifndef PARCEL_H
#define PARCEL_H

#include <stdbool.h>
#include <sys/stat.h>

#include "buf.h"
#include "hash.h"

struct parcel {
	const char *path;	/* as the user wrote it; the caller's */
	int fd;
	bool (*stop)(void);	/* may end digests with STATUS_RETRY, or NULL */
	struct stat st;		/* when its contents were last taken */
	struct digests digests;
	char sha256[SHA256_HEX];	/* in hex; "" until parcel_digest */
	struct buf url, etag;	/* where it is now, filled in by the sender */
	bool was_there;		/* an equal copy was, nothing was sent */
	char error[768];	/* after a status that is not STATUS_OK */
};

/*
 * Open a regular file; finish_asked stops its digests.  These return STATUS_OK,
 * or as parcel_fail does.  parcel_begin takes its size and times, parcel_digest
 * its digests.
 */
int parcel_open(struct parcel *p, const char *path);
/* fd was just opened (-1: errno tells) and is closed with p; nothing stops. */
int parcel_take(struct parcel *p, int fd, const char *path);
int parcel_begin(struct parcel *p);
int parcel_digest(struct parcel *p, int which);

/* Is it no longer what parcel_begin saw (size, mtime)? */
bool parcel_changed(const struct parcel *p);

/* Set the error text and return status; _errno adds strerror(errno). */
int parcel_fail(struct parcel *p, int status, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
int parcel_fail_errno(struct parcel *p, int status, const char *what);

/*
 * After delivery: remove the file, or move it into the folder dir, if its name
 * still stands for the file that was sent; *moved is its new path, for free().
 */
int parcel_remove(struct parcel *p);
int parcel_move(struct parcel *p, const char *dir, char **moved);

void parcel_close(struct parcel *p);

#endif
