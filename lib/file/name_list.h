/*
 * name_list - file names as a list that another command takes with -T
 */
#ifndef FILE_NAME_LIST_H
#define FILE_NAME_LIST_H

#include <stdbool.h>

#include "base/buf.h"

/* Why a name was not added. */
#define NAME_LIST_NEWLINE "the name holds a newline: printed with -0 only"

/*
 * Add a name and what ends it, a newline or NUL.  A name that holds a newline
 * would be read as two names, so it is added only to a list whose names end
 * with NUL: otherwise nothing is added, and the result is false.  When standard
 * output is a terminal the name is added as it may be shown there.  Without
 * memory b->failed is set.
 */
bool name_list_add(struct buf *b, const char *name, char end);

#endif
