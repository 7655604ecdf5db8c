/*
 * newfile - a new file that appears whole or not at all
 *
 * It is written under a temporary name in the folder where it will stand
 * (".NAME.logferry"), then synced, renamed without replacing anything, and the
 * folder synced.  A temporary file that a killed run left is replaced; one that
 * a live run holds (flock) is EBUSY.  Links are never followed.
 */
#ifndef FILE_NEWFILE_H
#define FILE_NEWFILE_H

#include <stdbool.h>
#include <sys/types.h>

struct newfile {
	int fd;			/* open for reading and writing */
	int dir;		/* the folder */
	char *base; /* the name in the folder that the file will have */
	char *temp;		/* the name it has now */
	bool over;		/* it may replace a file of its name */
	int error;		/* an errno, or 0; set by newfile_commit_all */
};

/* Returns 0, or -1 with errno; EEXIST when path exists already. */
int newfile_open(struct newfile *f, const char *path, mode_t mode);
/* As newfile_open, but commit replaces a file that has the name. */
int newfile_open_over(struct newfile *f, const char *path, mode_t mode);
/*
 * As newfile_open (over: newfile_open_over), for base in the open folder dir,
 * which is not closed by us.
 */
int newfile_openat(
    struct newfile *f, int dir, const char *base, mode_t mode, bool over);

/*
 * Sync and close the file, and give it its name.  Returns 0, or -1 with errno;
 * then it is removed as by newfile_abort.  EEXIST means that somebody took the
 * name meanwhile, ESTALE that somebody put another file in its place, which has
 * the name now.
 */
int newfile_commit(struct newfile *f);
/*
 * newfile_commit for n files, with one sync of the file system if they are
 * many.  Each file's error says how that went.
 */
void newfile_commit_all(struct newfile *f, size_t n);
void newfile_abort(struct newfile *f);	/* safe after commit, too */

/* Remove the temporary file that a killed run left for base, if there is one. */
void newfile_clean(int dir, const char *base);

/* Whether base is a name as our temporary files have. */
bool newfile_is_temp(const char *base);

/*
 * As rename(2), but replaces nothing: EEXIST when to exists.  On file systems
 * that cannot do this, link(2) and unlink(2) do it, for files only, and a run
 * that is killed between them leaves both names.
 */
int rename_noreplace(int fromdir, const char *from, int todir, const char *to);

#endif
