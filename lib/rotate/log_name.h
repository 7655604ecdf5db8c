/*
 * log_name - the name of a rotated log, split
 *
 * logrotate names what it rotates BASE.1 or BASE-20210629, with dateext as
 * dateformat says; with addextension BASE.1.EXT; with extension the number or
 * date stands before the end of BASE: app.1.log for app.log.  We name it
 * BASE-STAMP, and BASE-STAMP_01 where that is taken (once BASE-STAMP.1).  The
 * suffix of a compressor may follow each of them.
 */
#ifndef ROTATE_LOG_NAME_H
#define ROTATE_LOG_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum log_name_kind {
	LOG_NAME_OTHER,		/* not rotated, or another log's */
	LOG_NAME_UNSURE,	/* perhaps rotated, but nothing tells when */
	LOG_NAME_ROTATED,
	LOG_NAME_STAMPED,
};

/*
 * The parts of a name; the lengths are bytes from its start.  The base is what
 * stands before stem and from tail to whole.
 */
struct log_name {
	enum log_name_kind kind;
	size_t stem;	/* where the text begins that the rotation added */
	size_t cut;	/* where that text ends */
	size_t tail;	/* cut when the base goes on there, else whole */
	size_t whole;	/* the name without the suffix of a compressor */
	bool packed;	/* there is the suffix of a compressor */
	long number;	/* the number that logrotate gave, or -1 */
};

/* The live logs whose rotated siblings are wanted. */
struct log_base {
	const char *pattern;	/* a name without its folder, or a pattern */
	bool literal;		/* it is a name, not a pattern for fnmatch(3) */
	bool olddir;		/* rotated files are in another folder */
};

/*
 * Split a file's name without its folder.  own is the stamp of the file's own
 * mtime, which always counts as a stamp; NULL when it is not known.  base is
 * the log that it must belong to.  When base is NULL it may be of any log; then
 * only a stamp, number or date at the end of the name that cannot be mistaken
 * counts as added by a rotation.
 *
 * A name that a pattern matches as it is, is a log of its own, although it
 * could be that of another one with an extension.
 */
struct log_name log_name_split(const char *name, const char *format,
    const char *own, const struct log_base *base);

#endif
