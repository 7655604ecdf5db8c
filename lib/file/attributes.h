/*
 * attributes - a file's owner, mode, times, ACL and other attributes
 */
#ifndef FILE_ATTRIBUTES_H
#define FILE_ATTRIBUTES_H

#include <sys/stat.h>

/*
 * Give the file at to the owner, mode, ACL, SELinux label and other extended
 * attributes of the file at from, and st's times to the nanosecond.  Attributes
 * that we may not set are left out: without the owner's group, or the ACL, the
 * group gets no access.  Attributes that the folder gives to new files are not
 * added.  Returns 0, or -1 with errno when mode or times could not be set.
 */
int attributes_copy(int from, const struct stat *st, int to);

#endif
