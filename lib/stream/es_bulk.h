/*
 * es_bulk - the _bulk request of Elasticsearch and OpenSearch, and its answer
 */
#ifndef STREAM_ES_BULK_H
#define STREAM_ES_BULK_H

#include "stream/receiver.h"

struct es_bulk;

/*
 * action: "create" or "index".  index: NULL when the URL names it; else what
 * each action names, a template that json_document_expand knows.  Returns NULL
 * with errno ENOMEM.
 */
struct es_bulk *es_bulk_new(const char *action, const char *index);
void es_bulk_free(struct es_bulk *b);

/*
 * Add one document, action and record; the item gets its id, and its index as
 * its group.  -1 with errno.
 */
int es_bulk_add(struct es_bulk *b, struct buf *body, struct item *item);

/*
 * Set the items' states by the answer to a request that held them in this
 * order.  Refused is only what is wrong with the document itself, by the type of
 * its error; suspect what may be.  0; -1 when it is no whole answer to that:
 * then as far as it goes.  reason gets why the first item that waits does.
 */
int es_bulk_judge(struct es_bulk *b, struct span answer, struct item **items,
    size_t n, struct buf *reason);

#endif
