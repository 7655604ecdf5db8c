/*
 * meta - what a file is besides its contents
 */
#ifndef META_H
#define META_H

#include <sys/stat.h>

/*
 * Give the file at to what the file at from has: owner, mode, ACL, SELinux
 * label, other extended attributes, and st's times to the nanosecond.  What we
 * may not set is left: without the owner's group, or the ACL, the group gets no
 * access.  What the folder gives to new files is not added.
 * 0, or -1 with errno when mode or times could not be set.
 */
int meta_copy(int from, const struct stat *st, int to);

#endif
