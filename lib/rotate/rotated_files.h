/*
 * rotated_files - the files that a live log was rotated into
 */
#ifndef ROTATE_ROTATED_FILES_H
#define ROTATE_ROTATED_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "rotate/log_name.h"

/* How names carry the time, and where rotated files stand. */
struct rotation {
	const char *format;	/* the format of a stamp */
	bool local;		/* stamps are in local time, not UTC */
	const char *olddir; /* as in logrotate; NULL for the log's own folder */
};

struct rotated_file {
	char *name;		/* the file's name in the folder */
	char *base;		/* the live log's name */
	struct stat st;		/* of the name itself: links are not followed */
	struct log_name split;
};

/* The rotated files in one folder: each log's together, the oldest first. */
struct rotated_files {
	char *folder;		/* ends with a slash, or is empty */
	int dir;
	struct rotated_file *list;
	size_t n, cap;
};

/*
 * Find the siblings of base, one entry of *all for each folder (*n of them).
 * base is a path, or what logrotate hands to a script: patterns, perhaps in
 * quotes, with blanks between and after them.  When there are several folders,
 * a missing one counts as empty.  Returns 0, or -1 with errno and *path set to
 * the name that could not be read.
 */
int rotated_files_find(struct rotated_files **all, size_t *n, const char *base,
    const struct rotation *how, const char **path);
void rotated_files_free(struct rotated_files *all, size_t n);

/*
 * Sort by log, then by mtime in seconds.  Within a second stamped files come
 * first, by name; then those with a date; then those with a number of
 * logrotate's, of which the highest is the oldest.
 */
void rotated_files_sort(struct rotated_files *s);

/*
 * Fill in f for a file that may have been rotated.  base is as in
 * log_name_split.  Returns 0, or -1 with errno ENOMEM; free it with
 * rotated_file_free.
 */
int rotated_file_set(struct rotated_file *f, const char *name,
    const struct stat *st, const struct rotation *how,
    const struct log_base *base);
void rotated_file_free(struct rotated_file *f);

/* Whether there is a file called name[0..len), compressed or not. */
bool rotated_files_taken(int dir, const char *name, size_t len);

#endif
