/*
 * drain_entry - a drain's file as it was looked at, the drain that it made, and
 * what was written of how that is
 */
#ifndef DRAIN_DRAIN_ENTRY_H
#define DRAIN_DRAIN_ENTRY_H

#include "drain/drain_folder.h"
#include "drain/drain_pool.h"
#include "drain/file_watch.h"

struct drain_entry {
	char *id;
	struct drain *drain;	/* NULL: the file was never good */
	struct watched_file *named[DRAIN_NAMED]; /* by it, or NULL */
	struct drain_look seen, loaded; /* when last looked at, and read */
	struct buf status;	/* as it was written last */
	struct drain_progress told;	/* of the drain, when that was made */
	bool is_told;		/* nothing but these can have changed it */
	bool routed;		/* lines go to it */
	bool again;		/* the system had no room: it is to be loaded */
	bool expired;		/* it ends when nothing waits */
};

struct drain_entry *drain_entry_new(const char *id);	/* NULL with errno */
void drain_entry_free(struct drain_entry *e,
    struct file_watch *watch);	/* but not its drain */

/* Watch the files that the text names.  Returns 0, or -1 with errno. */
int drain_entry_name(struct drain_entry *e, struct file_watch *watch,
    struct span text);
/*
 * How these are.  Waits for ms at most; false: they are not known, and st is as
 * it was.
 */
bool drain_entry_look(const struct drain_entry *e, struct file_watch *watch,
    struct stat st[DRAIN_NAMED], int64_t ms);

/*
 * Write the drain's status into the folder if it may have changed.  Returns
 * whether there was anything to be written.
 */
bool drain_entry_write_status(struct drain_entry *e, struct drain_pool *pool,
    int dir);

#endif
