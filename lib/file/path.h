/*
 * path - names followed part by part, so that nobody else can redirect them
 *
 * Whoever may write to a folder can at any time put a symbolic link in the
 * place of a file in it.  So a link is followed only when root or the caller
 * owns it; a link of anybody else is ELOOP.
 */
#ifndef FILE_PATH_H
#define FILE_PATH_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Open the folder that path lies in; *base points to its last part, inside
 * path.  Returns a file descriptor, or -1 with errno (EISDIR for a path that
 * ends in /).
 */
int path_parent(const char *path, const char **base);

/*
 * As path_parent, but makes the folders that are missing.  All names on the way
 * are on disk then, also those made by a run that was killed, or by another
 * thread.
 */
int path_make_parent(const char *path, const char **base);

/*
 * As path_make_parent, for a name from somebody else that must not leave the
 * folder dir (AT_FDCWD: the current one): leading slashes count for nothing, no
 * link at all is followed, and ".." or a path without a last part is EINVAL.
 */
int path_make_beneath(int dir, const char *path, const char **base);

bool path_climbs(const char *path);	/* whether any part of path is ".." */

/* Open the folder path itself. */
int path_folder(const char *path);
/*
 * Open a folder that is open already once more, to be listed from its beginning;
 * closedir(3) ends that.  Returns NULL with errno.
 */
DIR *path_list(int dir);

/*
 * Sync the names in an open folder.  path_sync_parent syncs those in the folder
 * that path, which may be a folder itself, lies in.  A file system that cannot
 * sync folders (EINVAL) is taken not to need it.  Returns 0, or -1 with errno.
 */
int path_sync_folder(int dir);
int path_sync_parent(const char *path);

/*
 * open(2) for a file.  With O_NOFOLLOW in flags any link in the place of the
 * file is ELOOP, too.
 */
int path_open(const char *path, int flags, mode_t mode);

/*
 * From now on report, once for each folder that path_parent, path_make_parent
 * or path_folder opens, that others can replace the files in it: anybody may
 * write there (and it is not sticky), or neither root nor the caller owns it.
 * With verbose it is also reported that a group may.
 */
void path_report_folders(bool verbose);

#endif
