/*
 * emit_internal - what the writers of records (emit_*.c) have in common
 */
#ifndef EMIT_EMIT_INTERNAL_H
#define EMIT_EMIT_INTERNAL_H

#include "record/record.h"

/*
 * A piece of a template: text, then a field.  A column of a table is one with a
 * field alone.
 */
struct part {
	struct span text, field;
};

struct emit {
	int (*write)(struct emit *e, struct record *r, struct buf *to);
	struct part *parts;
	size_t n;
	char *copy;		/* the memory that the parts point into */
	bool header;		/* a line of column names is still to come */
};

/* All return 0, or -1 with errno ENOMEM. */
int write_json(struct emit *e, struct record *r, struct buf *b);
int write_tsv(struct emit *e, struct record *r, struct buf *b);
int write_csv(struct emit *e, struct record *r, struct buf *b);
int write_logfmt(struct emit *e, struct record *r, struct buf *b);
int write_ltsv(struct emit *e, struct record *r, struct buf *b);
int write_syslog(struct emit *e, struct record *r, struct buf *b);
int write_sls(struct emit *e, struct record *r, struct buf *b);
int write_ecs(struct emit *e, struct record *r, struct buf *b);
int write_otlp(struct emit *e, struct record *r, struct buf *b);
int write_gelf(struct emit *e, struct record *r, struct buf *b);
int write_hec(struct emit *e, struct record *r, struct buf *b);

/* Makes room for n bytes at the end of b.  Returns where they go, or NULL. */
static inline char *
room(struct buf *b, size_t n)
{
	if ((b->failed || b->cap - b->len < n) && buf_reserve(b, n) < 0)
		return NULL;
	return b->p + b->len;
}

/* Whether a number of JSON is whole, and fits in 64 bits. */
static inline bool
is_integer(struct span v)
{
	size_t i = v.len > 0 && *v.p == '-';

	for (; i < v.len; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	return v.len > 0 && v.len < 19;
}

/* Add a member of a JSON object, with a comma unless it is the first. */
int add_member(struct record *r, const struct field *f, struct span name,
    bool plain, struct buf *b);
int add_text_member(struct record *r, struct span name, struct span text,
    struct buf *b);
/* Add bytes as one line of text: LF, CR, TAB and \ become \n, \r, \t and \\. */
int add_plain(struct buf *b, struct span s);

/*
 * Give the fields of a record one by one, as a table has them: a field that an
 * inner layer hides is envelope.NAME, and format and error are the last.  Start
 * with *i 0.
 */
bool next_flat(struct record *r, size_t *i, struct field *f);

/*
 * The syslog numbers of the fields facility (1 when there is none) and
 * severity, or else level (6 when there is neither).
 */
unsigned facility_of(struct record *r);
unsigned severity_of(struct record *r);

/* Splits "a,b", which is kept, into columns. */
int split_fields(struct emit *e, const char *list);

#endif
