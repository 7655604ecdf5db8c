/*
 * emit - a record as a line of output
 */
#ifndef EMIT_EMIT_H
#define EMIT_EMIT_H

#include "record/record.h"

struct emit;

/*
 * output: json, tsv, csv, logfmt, ltsv, syslog, sls, ecs, otlp, gelf,
 * hec, or template:TEXT with {field} in it; fields: those to write, "a,b", or
 * NULL for all; header: a line of names before the first row of tsv and csv.
 * Returns NULL, with the reason in *why, which is "" without memory.
 */
struct emit *emit_new(const char *output, const char *fields, bool header,
    const char **why);
void emit_free(struct emit *e);

/* The name of output number i, or NULL after the last; template is none. */
const char *emit_output_name(size_t i);

/*
 * Whether the first record has set the columns: from then on threads may share
 * e.
 */
bool emit_is_settled(const struct emit *e);

/* Add the record and a LF. Returns 0, or -1 with errno ENOMEM. */
int emit_record(struct emit *e, struct record *r, struct buf *to);

#endif
