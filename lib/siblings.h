/*
 * siblings - the files that a live log was rotated into
 */
#ifndef SIBLINGS_H
#define SIBLINGS_H

#include <stddef.h>
#include <sys/stat.h>

#include "stamp.h"

struct sibling {
	char *name;		/* in the folder */
	struct stat st;		/* of the name itself, links not followed */
	struct log_name split;
};

/* One folder that holds some, oldest first. */
struct siblings {
	char *folder;		/* with its slash, or empty */
	int dir;
	struct sibling *list;
	size_t n, cap;
};

/*
 * Find the siblings of base, one entry of *all for each folder (*n of them).
 * base is a path, or what logrotate hands to a script: patterns, perhaps in
 * quotes, with blanks between and behind them.  Of several folders those
 * that are not there have none.  0, or -1 with errno and *path set to what could not be read.
 */
int siblings_find(struct siblings **all, size_t *n, const char *base,
    const char *format, bool local, const char **path);
void siblings_free(struct siblings *all, size_t n);

/* How many siblings, stamped or to be stamped, are newer than list[i]. */
size_t siblings_newer(const struct siblings *s, size_t i);

/* Sort oldest first: by mtime, .2 before .1, 20210628 before 20210629. */
void siblings_sort(struct siblings *s);

/* log_name_split with the stamp of the file's own mtime. */
struct log_name siblings_split(const char *name, const struct stat *st,
    const char *format, bool local);

#endif
