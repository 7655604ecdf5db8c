/*
 * fetch_index - of a .gz with an index, what can hold wanted lines is fetched
 *
 * The beginning is asked for first.  That is a request more for each object, so
 * it ends where most of them have no index, or one that spares nothing.
 */
#ifndef STORE_FETCH_INDEX_H
#define STORE_FETCH_INDEX_H

#include "store/fetch.h"

/* Whether it is worth a request to look for an index. */
bool fetch_may_have_index(const struct fetch *f);
/*
 * Fetch the header of a .gz, then the pieces that fetcher->wanted may be in; or
 * all of it when it has no index.  False as with fetch_part.
 */
bool fetch_indexed(struct fetch *f);

#endif
