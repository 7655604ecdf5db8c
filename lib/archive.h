/*
 * archive - what libarchive does for us
 */
#ifndef ARCHIVE_H_
#define ARCHIVE_H_

#include <stddef.h>
#include <sys/types.h>

/* Where compressed bytes come from: as read(2), 0 at the end, -1 with errno. */
typedef ssize_t unpack_source(void *from, void *p, size_t n);

/*
 * unpack - read one compressed file (zstd, xz, bzip2, lz4) as its contents,
 * however many frames it has.  The kind is found by its first bytes.
 */
struct unpack;

/* NULL with errno: ENOMEM; ELIBACC when there is no libarchive. */
struct unpack *unpack_new(unpack_source *source, void *from);
ssize_t unpack_read(struct unpack *u, void *p, size_t n);	/* 0: end; -1 */
const char *unpack_error(const struct unpack *u);	/* after -1 */
void unpack_free(struct unpack *u);

#endif
