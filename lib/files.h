/*
 * files - the files a command works on: its operands, then those of -T
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>

struct files;

/*
 * operands: as in argv, ending with NULL, kept.  list: a file of names, one to
 * a line or (nul) ending with NUL; "-" is standard input; NULL is none.
 * With neither, and or_stdin, the only name is "-".  NULL: ENOMEM.
 */
struct files *files_new(char *const *operands, const char *list, bool nul,
    bool or_stdin);

/*
 * The next name, which lasts until the next call, or NULL at the end.  Lists
 * are read as they come, so a slow writer's first name is worked on at once.
 * Empty names are passed over.
 */
const char *files_next(struct files *f);

int files_error(const struct files *f);	/* why the list ended early, or 0 */
void files_free(struct files *f);

#endif
