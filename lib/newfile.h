/*
 * newfile - a new file that appears whole or not at all
 *
 * It is written under a temporary name in the folder where it will stand
 * (".NAME.logferry"), then synced, renamed without replacing anything, and the
 * folder synced.  A temporary file that a killed run left is replaced; one that
 * a live run holds (flock) is EBUSY.  Links are never followed.
 */
#ifndef NEWFILE_H
#define NEWFILE_H

#include <stdbool.h>
#include <sys/types.h>

struct newfile {
	int fd;			/* read and write */
	int dir;		/* the folder */
	char *base;		/* the name in it that the file will have */
	char *temp;		/* the name it has now */
	bool over;		/* it may replace what is there */
};

/* 0, or -1 with errno; EEXIST when path is there already. */
int newfile_open(struct newfile *f, const char *path, mode_t mode);
/* As newfile_open, but commit replaces what is there. */
int newfile_open_over(struct newfile *f, const char *path, mode_t mode);
/* As newfile_open, for base in the open folder dir, which is not closed by us. */
int newfile_openat(struct newfile *f, int dir, const char *base, mode_t mode);

/*
 * Sync, close and give it its name.  0, or -1 with errno (EEXIST when somebody
 * took the name meanwhile), then it is gone as by newfile_abort.
 */
int newfile_commit(struct newfile *f);
void newfile_abort(struct newfile *f);	/* safe after commit, too */

/*
 * rename(2) that replaces nothing: EEXIST when to is there.  Where the file
 * system has no such call: link and unlink, for files only.
 */
int rename_noreplace(int fromdir, const char *from, int todir, const char *to);

/*
 * Open the folder that path lies in; *base points to its last part, inside
 * path.  A file descriptor, or -1 with errno (EISDIR for a path that ends in /).
 */
int open_parent(const char *path, const char **base);

#endif
