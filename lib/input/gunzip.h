/*
 * gunzip - the gzip format (RFC 1952), over zlib
 */
#ifndef INPUT_GUNZIP_H
#define INPUT_GUNZIP_H

#include <stddef.h>
#include <sys/types.h>

/*
 * A function that gives compressed bytes: as read(2), 0 at the end, -1 with
 * errno.
 */
typedef ssize_t gzip_source(void *from, void *p, size_t n);

/*
 * gunzip - read any number of gzip members as one stream.  Zero bytes after the
 * last member are padding.  Other bytes there, a member cut short or a bad
 * checksum is an error, reported after all good bytes were given out.
 */
struct gunzip;

struct gunzip *gunzip_new(gzip_source *source, void *from); /* or NULL */
/* Returns 0 at the end, -1. */
ssize_t gunzip_read(struct gunzip *g, void *p, size_t n);
const char *gunzip_error(const struct gunzip *g); /* the reason, after -1 */
void gunzip_free(struct gunzip *g);

#endif
