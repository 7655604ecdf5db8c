/*
 * bulk - the _bulk request of Elasticsearch and OpenSearch, and its answer
 */
#ifndef BULK_H
#define BULK_H

#include "sender.h"

struct bulk;

/*
 * index: NULL when the URL names it; else a template that payload_expand knows,
 * filled in for each document.  NULL: ENOMEM.
 */
struct bulk *bulk_new(const char *index);
void bulk_free(struct bulk *b);

/* Add one document: the action "create" and the record.  -1 with errno. */
int bulk_add(struct bulk *b, struct buf *body, const struct item *item);

/*
 * Set the items' states by the answer to a request that held them in this
 * order.  0; -1 when it is no whole answer to that: then as far as it goes.
 * reason gets why the first item that is to be tried again is.
 */
int bulk_judge(struct span answer, struct item **items, size_t n,
    struct buf *reason);

#endif
