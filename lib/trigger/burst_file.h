/*
 * burst_file - a burst's data, kept in a file until a command has read it
 */
#ifndef TRIGGER_BURST_FILE_H
#define TRIGGER_BURST_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct burst_file {
	int fd;			/* -1 when there is no data yet */
	char *path;		/* NULL when the file has no name */
	bool name_synced;
};

/*
 * Add data, or none to have an empty file.  With base the file is named
 * "BASE.PID.N" (N is number), so that it can be found after we have ended;
 * without, it lies in TMPDIR and has no name.  Returns 0, or -1 with errno.
 */
int burst_file_add(struct burst_file *f, const char *base, unsigned number,
    const void *p, size_t n);

/*
 * Sync the file and its name, if it has one, as the next run will look for it.
 * Returns 0, or -1 with errno.
 */
int burst_file_sync(struct burst_file *f);

/*
 * Add the files that the process pid left, or for 0 those of all processes that
 * have ended, and remove them.  Returns 0, or -1 with errno.
 */
int burst_file_adopt(
    struct burst_file *f, const char *base, unsigned number, long pid);

/*
 * Close the file, and remove it unless it is kept; f is { -1 } again.  Returns
 * 0 or -1.
 */
int burst_file_free(struct burst_file *f, bool keep);

#endif
