/*
 * file_watch - how files are now, asked by a thread that nobody waits for
 *
 * On a network file system whose server has gone, open(2) and stat(2) do not
 * return, and no signal ends them.  Only that thread hangs then; what it should
 * have asked next counts as not answered, too.
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
 * How the file is; zeros: it cannot be opened.  With ms 0 an answer of the last
 * seconds counts.  Else it asks anew, as what follows opens the file; it waits for
 * ms at most, and not at all when the thread has hung for as long.  Returns false
 * when there is no answer.
 */
bool file_watch_look(struct file_watch *w, struct watched_file *f,
    struct stat *st, int64_t ms);

#endif
