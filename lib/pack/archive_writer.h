/*
 * archive_writer - archives of many files: tar, compressed or not, and zip
 *
 * Over libarchive.  tar.gz is compressed by gzip_writer.h, so it takes all
 * threads.  To read them: archive_reader.h.
 */
#ifndef PACK_ARCHIVE_WRITER_H
#define PACK_ARCHIVE_WRITER_H

#include <stddef.h>
#include <sys/stat.h>

#include "pack/archive_type.h"

struct archive_writer;

/*
 * Make a writer whose output goes to sink, which writes all n bytes and returns
 * 0, or -1 with errno.  Returns NULL with errno.
 */
struct archive_writer *archive_writer_create(
    int (*sink)(void *arg, const void *p, size_t n), void *arg,
    enum archive_type type, int level, unsigned threads);

/* The functions below return 0, or -1: see archive_writer_error. */

/*
 * Begin a member: the file fd, of which st->st_size bytes will be added.
 * Access and change times are left out, so that the same files give the same
 * bytes.  When the output is no archive, fd and st are not used.
 */
int archive_writer_begin(struct archive_writer *b, const char *name, int fd,
    const struct stat *st);
int archive_writer_add(struct archive_writer *b, const void *p, size_t n);
int archive_writer_end(struct archive_writer *b);	/* writes the rest */
/* Read the file fd, which has the whole output, and compare. */
int archive_writer_verify(struct archive_writer *b, int fd);
const char *archive_writer_error(const struct archive_writer *b);
void archive_writer_free(struct archive_writer *b);

#endif
