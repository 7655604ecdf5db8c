/*
 * beneath - names from somebody else, kept inside a folder
 */
#ifndef BENEATH_H
#define BENEATH_H

#include <sys/types.h>

/*
 * Open the folder of path beneath the folder dir (AT_FDCWD: the current one)
 * and make what is missing on the way; *base is path's last part, inside path.
 * Leading slashes count for nothing; no link is followed.  A descriptor, or -1
 * with errno: EINVAL for "..", or a path without a last part; ENOTDIR for a
 * link.
 */
int open_beneath(int dir, const char *path, const char **base);

#endif
