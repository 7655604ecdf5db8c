/*
 * drain_folder - the folder in which each drain has a file, named by its id
 */
#ifndef DRAIN_DRAIN_FOLDER_H
#define DRAIN_DRAIN_FOLDER_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"

enum {
	DRAIN_FILE_MAX = 64 << 10,	/* bytes */
	DRAIN_NAMED = 2,	/* files that it may name: see drain_folder_name */
};

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
 * reason in error, and errno when a call failed.
 */
int drain_folder_read(int dir, const char *id, struct stat *st,
    struct buf *text, struct buf *error);

/* How a drain's file was, and those that it names; zeros are a missing one. */
struct drain_look {
	struct stat own, named[DRAIN_NAMED];
};

/* Find in a drain's text the auth_file and the cacert: strings, or empty. */
void drain_folder_name(struct span text, struct buf named[DRAIN_NAMED]);
/* Whether they are the same files, and as they were. */
bool drain_folder_is_same(const struct drain_look *a,
    const struct drain_look *b);

#endif
