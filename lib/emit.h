/*
 * emit - a record as a line of output
 */
#ifndef EMIT_H
#define EMIT_H

#include "record.h"

struct emit;

/*
 * output: json, tsv or template:TEXT with {field} in it; fields: those to
 * write, "a,b", or NULL for all.  NULL with *why ("" when without memory).
 */
struct emit *emit_new(const char *output, const char *fields,
    const char **why);
void emit_free(struct emit *e);

/* Add the record and a LF.  0, or -1 with errno ENOMEM. */
int emit_record(struct emit *e, struct record *r, struct buf *to);

#endif
