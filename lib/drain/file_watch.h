/*
 * file_watch - how files are now, asked by a thread that nobody waits for
 *
 * On a network file system whose server has gone, stat(2) does not return, and
 * no signal ends it.  Only that thread hangs then; what it should have asked next
 * counts as not answered, too.
 */
#ifndef DRAIN_FILE_WATCH_H
#define DRAIN_FILE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct file_watch;
struct watched_file;

struct file_watch *file_watch_new(void);	/* NULL with errno */
/* Waits for the thread, ms at most; false: it hangs, and w must be kept. */
bool file_watch_free(struct file_watch *w, int64_t ms);

/* Ask for the file several times a second from now on; NULL with errno. */
struct watched_file *file_watch_add(struct file_watch *w, const char *path);
void file_watch_remove(struct file_watch *w, struct watched_file *f);
const char *file_watch_path(const struct watched_file *f);

/*
 * How the file is, or was not long ago; zeros: there is none.  Waits for an
 * answer, ms at most and not at all when the thread has hung for as long, and
 * returns false when none has come.
 */
bool file_watch_look(struct file_watch *w, const struct watched_file *f,
    struct stat *st, int64_t ms);

#endif
