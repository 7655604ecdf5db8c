/*
 * zip_end - whether a file is a zip archive and nothing else
 */
#ifndef PACK_ZIP_END_H
#define PACK_ZIP_END_H

/*
 * Whether the archive that ends the file fd begins where the file begins.
 * Readers of zip archives look at their end, and skip bytes in front.  Returns
 * 1, 0, or -1 with errno.  It leaves fd's position alone.
 */
int zip_is_whole(int fd);

#endif
