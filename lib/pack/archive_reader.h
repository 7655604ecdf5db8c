/*
 * archive_reader - read an archive, and unpack it where it can do no harm
 */
#ifndef PACK_ARCHIVE_READER_H
#define PACK_ARCHIVE_READER_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "input/verify.h"
#include "pack/archive_type.h"

struct archive_reader;

struct newfile;

struct member {
	/* As it stands in the archive; lasts until the next member. */
	const char *name;
	const char *unfit; /* why the member must not be unpacked, or NULL */
	mode_t mode; /* with the type; links of any kind are S_IFLNK */
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
};

/*
 * Read the file fd from its start; it is not closed by us.  Returns NULL with
 * errno.
 */
struct archive_reader *archive_reader_new(
    int fd, enum archive_type type);

/*
 * Go to the next member.  Returns 1; 0 at the end of the file, when the whole
 * file is sound and belongs to the archive; -1, see archive_reader_error.
 */
int archive_reader_next(struct archive_reader *u, struct member *m);

/* Read the contents of the member, and drop them.  Returns 0 or -1. */
int archive_reader_content(struct archive_reader *u, struct content *c);

/* Whether the contents of the member are those of the file fd. */
bool archive_reader_is(struct archive_reader *u, int fd);

/*
 * Unpack the member, a regular file that is not unfit, to the new file f
 * beneath the folder dir, with its mode, time, extended attributes and, when
 * root unpacks, its owner.  The caller commits f.  When f->fd is -1 the file
 * exists already, with the same contents.  Returns 0, or -1; then errno is
 * EEXIST, EBUSY or EINVAL when the name cannot be had, EBADMSG when the archive
 * is broken, EINTR when it is time to finish.
 */
int archive_reader_save(struct archive_reader *u, const struct member *m,
    int dir, struct newfile *f);
const char *archive_reader_error(const struct archive_reader *u);
void archive_reader_free(struct archive_reader *u);

#endif
