/*
 * gunzip_whole - a small .gz unpacked at once, over libdeflate
 *
 * That is twice as fast as reading it piece by piece over zlib.
 */
#ifndef INPUT_GUNZIP_WHOLE_H
#define INPUT_GUNZIP_WHOLE_H

#include <sys/types.h>

struct gunzip_whole;

/*
 * Unpack the regular file fd, which is not closed by us: gzip members (RFC
 * 1952), as many as fit where the last would, and zero bytes after them.
 * Returns NULL when there is more, when it is larger than 1 MiB, or 4 MiB when
 * unpacked, or when anything is wrong with it: gunzip reads it, or tells what.
 */
struct gunzip_whole *gunzip_whole_new(int fd);
/* Returns 0 at the end. */
ssize_t gunzip_whole_read(struct gunzip_whole *g, void *p, size_t n);
void gunzip_whole_free(struct gunzip_whole *g);

#endif
