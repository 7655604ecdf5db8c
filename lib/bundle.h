/*
 * bundle - archives of many files: tar, compressed or not, and zip
 *
 * Over libarchive.  tar.gz is compressed by pack.h, so it takes all threads.
 * To read them: unbundle.h.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <stddef.h>
#include <sys/stat.h>

enum bundle_type {
	BUNDLE_NONE,
	BUNDLE_TAR, BUNDLE_TAR_GZ, BUNDLE_TAR_ZST, BUNDLE_TAR_XZ, BUNDLE_ZIP,
	BUNDLE_OLD,		/* tar.bz2, tar.lz4: to be read only */
	BUNDLE_ZST, BUNDLE_XZ,	/* no archive: one file's data, compressed */
};

enum bundle_type bundle_type(const char *path);	/* by its suffix */

struct bundle;

/*
 * What is written goes to sink, all n bytes: 0, or -1 with errno.  NULL with
 * errno.
 */
struct bundle *bundle_create(int (*sink)(void *arg, const void *p, size_t n),
    void *arg, enum bundle_type type, int level, unsigned threads);

/* The functions below return 0, or -1, see bundle_error. */

/*
 * Begin a member: the file fd, of which st->st_size bytes will be added.
 * Access and change times are left out: the same files, the same bytes.
 * Where it is not an archive, fd and st do not matter.
 */
int bundle_begin(struct bundle *b, const char *name, int fd,
    const struct stat *st);
int bundle_add(struct bundle *b, const void *p, size_t n);
int bundle_end(struct bundle *b);	/* write what is left */
/* Read the file fd, where all of it went, and compare. */
int bundle_verify(struct bundle *b, int fd);
const char *bundle_error(const struct bundle *b);
void bundle_free(struct bundle *b);

#endif
