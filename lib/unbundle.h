/*
 * unbundle - read an archive, and unpack it where it can do no harm
 */
#ifndef UNBUNDLE_H
#define UNBUNDLE_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "bundle.h"
#include "content.h"

struct unbundle;

struct member {
	const char *name;	/* until the next; as it stands in the archive */
	mode_t mode;		/* with the type; links of any kind are S_IFLNK */
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
};

/* fd: from its start; not closed by us.  NULL with errno. */
struct unbundle *unbundle_new(int fd, enum bundle_type type);

/* 1; 0 at the end, when the rest is sound, too; -1, see unbundle_error. */
int unbundle_next(struct unbundle *u, struct member *m);

/* Read the contents of the member, and forget them.  0 or -1. */
int unbundle_content(struct unbundle *u, struct content *c);

/* Are they those of the file fd? */
bool unbundle_is(struct unbundle *u, int fd);

/*
 * The member, a regular file, becomes a new file beneath the folder dir, with
 * its mode, time, extended attributes and, when root unpacks, its owner; it may
 * be there already, with the same contents.  0, or -1; then errno is EEXIST,
 * EBUSY or EINVAL when the name cannot be had, EBADMSG when the archive is
 * broken.
 */
int unbundle_save(struct unbundle *u, const struct member *m, int dir);
const char *unbundle_error(const struct unbundle *u);
void unbundle_free(struct unbundle *u);

#endif
