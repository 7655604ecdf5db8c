/*
 * drain_folder - the folder in which each drain has a file, named by its id
 */
#ifndef DRAIN_DRAIN_FOLDER_H
#define DRAIN_DRAIN_FOLDER_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"

enum { DRAIN_FILE_MAX = 64 << 10 };	/* bytes */

struct drain_names {			/* begin with { 0 } */
	char **name;			/* sorted */
	size_t n;
};

/*
 * List the ids for which there are files.  Returns 0, or -1 with errno: then
 * nothing is known.
 */
int drain_folder_list(int dir, struct drain_names *names);
void drain_names_free(struct drain_names *names);

/*
 * Read a drain's file.  Returns 0, and *st is how the file was; -1, with the
 * reason in error.
 */
int drain_folder_read(int dir, const char *id, struct stat *st,
    struct buf *text, struct buf *error);
/* Whether it is the same file, and as it was. */
bool drain_folder_is_same(const struct stat *a, const struct stat *b);

#endif
