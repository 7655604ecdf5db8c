/*
 * emitting - what the writers of records (emit_*.c) have in common
 */
#ifndef EMITTING_H
#define EMITTING_H

#include "record.h"

/* A template: text, then a field, and so on; a column: a field. */
struct part {
	struct span text, field;
};

struct emit {
	int (*write)(struct emit *e, struct record *r, struct buf *to);
	struct part *parts;
	size_t n;
	char *copy;		/* what the parts point into */
	bool header;		/* a line of column names is still to come */
};

/* All return 0, or -1 with errno ENOMEM. */
int write_json(struct emit *e, struct record *r, struct buf *b);
int write_chosen(struct emit *e, struct record *r, struct buf *b);
int write_template(struct emit *e, struct record *r, struct buf *b);
int write_tsv(struct emit *e, struct record *r, struct buf *b);
int write_csv(struct emit *e, struct record *r, struct buf *b);
int write_logfmt(struct emit *e, struct record *r, struct buf *b);
int write_ltsv(struct emit *e, struct record *r, struct buf *b);
int write_syslog(struct emit *e, struct record *r, struct buf *b);
int write_sls(struct emit *e, struct record *r, struct buf *b);
int write_ecs(struct emit *e, struct record *r, struct buf *b);
int write_otlp(struct emit *e, struct record *r, struct buf *b);
int write_gelf(struct emit *e, struct record *r, struct buf *b);

/* Room for n bytes at the end of what was written: where, or NULL. */
static inline char *
room(struct buf *b, size_t n)
{
	if (b->cap - b->len < n && buf_reserve(b, n) < 0)
		return NULL;
	return b->p + b->len;
}

/* name and value of a JSON object, with a comma unless it is the first. */
int add_member(struct record *r, const struct field *f, struct span name,
    bool plain, struct buf *b);
int add_text_member(struct record *r, struct span name, struct span text,
    struct buf *b);
/* Only the value of f, as JSON. */
int add_json_value(struct record *r, const struct field *f, struct buf *b);
/* Bytes on one line of text: LF, CR and TAB as \n, \r and \t, \ as \\. */
int add_plain(struct buf *b, struct span s);

/*
 * The fields of a record one by one, as for a table: what an inner layer hides
 * is envelope.NAME, and format and error are the last.  Start with *i 0.
 */
bool next_flat(struct record *r, size_t *i, struct field *f);

/* The syslog number of facility (1 if none) and severity, of level if none (6). */
unsigned facility_of(struct record *r);
unsigned severity_of(struct record *r);

/* Splits "a,b", which is kept, into columns. */
int split_fields(struct emit *e, const char *list);
/* The columns of a table without -s: the usual ones, or those of record r. */
int choose_columns(struct emit *e, const struct record *r);
int add_part(struct emit *e, struct span text, struct span field);

#endif
