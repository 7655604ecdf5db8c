/*
 * archive_type - the kinds of archives that are read and written
 */
#ifndef PACK_ARCHIVE_TYPE_H
#define PACK_ARCHIVE_TYPE_H

enum archive_type {
	ARCHIVE_TYPE_NONE,
	ARCHIVE_TYPE_TAR, ARCHIVE_TYPE_TAR_GZ, ARCHIVE_TYPE_TAR_ZST,
	ARCHIVE_TYPE_TAR_XZ, ARCHIVE_TYPE_ZIP,
	ARCHIVE_TYPE_OLD,	/* tar.bz2, tar.lz4: to be read only */
	/* These are no archives, but the data of one file, compressed. */
	ARCHIVE_TYPE_ZST, ARCHIVE_TYPE_XZ,
};

/* The type that the suffix of the path tells. */
enum archive_type archive_type_of(const char *path);

#endif
