/*
 * file_map - a part of a file in memory, which outlives the file's truncation
 */
#ifndef FILE_FILE_MAP_H
#define FILE_FILE_MAP_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/* Begin with { 0 }.  At most one part is mapped at a time in a thread. */
struct file_map {
	char *base;
	off_t offset;		/* the offset of base in the file */
	size_t len;
	volatile sig_atomic_t lost; /* a page could not be read; all are NUL */
};

/*
 * Returns the n bytes, at most 1 MiB, from offset on in fd, a file of this
 * size; NULL if they can't be mapped.  They last until the next call, and may
 * change at any time, as the file does; 16 bytes behind them can be read.
 */
const char *file_map_part(struct file_map *m, int fd, off_t size, off_t offset,
    size_t n);
void file_map_free(struct file_map *m);

#endif
