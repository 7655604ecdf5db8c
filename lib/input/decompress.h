/*
 * decompress - any compressed input, unpacked by libarchive
 */
#ifndef ARCHIVE_H_
#define ARCHIVE_H_

#include <stddef.h>
#include <sys/types.h>

/*
 * A function that gives compressed bytes: as read(2), 0 at the end, -1 with
 * errno.
 */
typedef ssize_t unpack_source(void *from, void *p, size_t n);

/*
 * unpack - read one compressed file (zstd, xz, bzip2, lz4) as its contents,
 * however many frames it has.  The kind is found by its first bytes.
 */
struct decompress;

/* Returns NULL with errno: ENOMEM, or ELIBACC when there is no libarchive. */
struct decompress *decompress_new(unpack_source *source, void *from);
ssize_t decompress_read(
    struct decompress *u, void *p, size_t n); /* returns 0 at the end, -1 */
/* The reason, after -1. */
const char *decompress_error(const struct decompress *u);
void decompress_free(struct decompress *u);

#endif
