/*
 * operands - the files a command works on: its operands, then those of -T
 */
#ifndef FILE_OPERANDS_H
#define FILE_OPERANDS_H

#include <stdbool.h>

struct operands;

/*
 * operands is as in argv, ends with NULL, and is kept.  list is a file of
 * names, one to a line or (nul) each ending with NUL; "-" is standard input,
 * NULL is no list.  Without operands and list, and with or_stdin, the only name
 * is "-".  Returns NULL with errno ENOMEM.
 */
struct operands *operands_new(char *const *operands, const char *list, bool nul,
    bool or_stdin);

/*
 * Returns the next name, which lasts until the next call, or NULL at the end.
 * Lists are read as they are written, so that a slow writer's first name is
 * worked on at once.  Empty names are skipped.
 */
const char *operands_next(struct operands *f);

/* Whether the last name came from the list. */
bool operands_is_listed(const struct operands *f);
int operands_error(
    const struct operands *f); /* the errno that ended the list early, or 0 */
void operands_free(struct operands *f);

#endif
