/*
 * upload - one file on its way: what is sent, and what the receipt says
 */
#ifndef FILE_UPLOAD_H
#define FILE_UPLOAD_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/digest.h"

struct upload {
	const char *path;	/* as the user wrote it; the caller's */
	int fd;
	bool (*stop)(void); /* if not NULL, may end digests with STATUS_RETRY */
	struct stat st;		/* the file when its contents were last taken */
	bool is_batch;	/* of a stream: the mtime is that of its first record */
	struct digests digests;
	char sha256[SHA256_HEX];	/* in hex; "" until upload_digest */
	struct buf url, etag; /* where it is in the store, set by the sender */
	bool was_there; /* the store had an equal copy, nothing was sent */
	char error[768];	/* after a status that is not STATUS_OK */
};

/*
 * Open a regular file; termination_asked stops its digests.  These functions
 * return STATUS_OK, or the status of upload_fail.  upload_begin takes the size
 * and times of the file, upload_digest its digests.
 */
int upload_open(struct upload *p, const char *path);
/*
 * The same for a file that was just opened (fd -1: errno says why not); fd is
 * closed with p, and nothing stops the digests.
 */
int upload_take(struct upload *p, int fd, const char *path);
int upload_begin(struct upload *p);
int upload_digest(struct upload *p, int which);

/* Whether the file has changed (size, mtime) since upload_begin. */
bool upload_changed(const struct upload *p);

/* Set the error text and return status; _errno adds strerror(errno). */
int upload_fail(struct upload *p, int status, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
int upload_fail_errno(struct upload *p, int status, const char *what);

/*
 * After delivery, remove the file, or move it into the folder dir, if its name
 * is still that of the file that was sent.  *moved becomes its new path, for
 * free().
 */
int upload_remove(struct upload *p);
int upload_move(struct upload *p, const char *dir, char **moved);

void upload_close(struct upload *p);

#endif
