/*
 * tsv and csv: a column for each field
 */
#include <stdlib.h>

#include "emit/emit_internal.h"

/* The columns of a table of such records when the user named none. */
static const char *
usual_columns(const struct record *r)
{
	const char *format = r->layers > 0 ? r->formats[r->layers - 1] : "raw";

	static const struct {
		const char *format, *columns;
	} usual[] = {
		{ "clf", "timestamp,client,identity,user,method,path,query,"
		    "protocol,status,size" },
		{ "combined", "timestamp,client,identity,user,method,path,"
		    "query,protocol,status,size,referer,agent" },
		{ "syslog", "timestamp,hostname,appname,procid,msgid,facility,"
		    "severity,message" },
	};

	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (strcmp(format, usual[i].format) == 0)
			return usual[i].columns;
	return NULL;
}

/*
 * Set the columns of a table when the user chose none: the usual ones of such
 * logs, or those of record r.
 */
static int
choose_columns(struct emit *e, const struct record *r)
{
	const char *usual = usual_columns(r);
	struct buf names = { 0 };

	if (usual != NULL)
		return split_fields(e, usual);
	for (size_t i = 0; i < r->n; i++)
		if (r->fields[i].kind != FIELD_GONE) {
			buf_addspan(&names, r->fields[i].name);
			buf_addc(&names, ',');
		}
	if (buf_str(&names) == NULL) {
		buf_free(&names);
		return -1;
	}
	e->copy = names.p;
	return split_fields(e, e->copy);
}

/*
 * Add a value by RFC 4180: in quotes where it has a quote, a comma or the end
 * of a line.
 */
static int
add_csv(struct buf *b, struct span s)
{
	const char *p = s.p, *end = p + s.len, *quote;

	while (p < end && *p != '"' && *p != ',' && *p != '\n' && *p != '\r')
		p++;
	if (p == end)
		return buf_addspan(b, s);
	buf_addc(b, '"');
	for (p = s.p; (quote = memchr(p, '"', (size_t)(end - p))) != NULL;
	    p = quote + 1) {
		buf_add(b, p, (size_t)(quote - p));
		buf_adds(b, "\"\"");
	}
	buf_add(b, p, (size_t)(end - p));
	return buf_addc(b, '"');
}

static int
write_header(struct emit *e, struct buf *b, char between,
    int (*add)(struct buf *, struct span))
{
	e->header = false;
	for (size_t i = 0; i < e->n; i++) {
		if (i > 0)
			buf_addc(b, between);
		add(b, e->parts[i].field);
	}
	return buf_addc(b, '\n');
}

/*
 * Write a row.  A line that was not parsed stands after the columns, so that it
 * is not lost.
 */
static int
write_row(struct emit *e, struct record *r, struct buf *b, char between,
    int (*add)(struct buf *, struct span))
{
	bool raw = r->layers == 0;
	struct span value;

	if (e->n == 0 && choose_columns(e, r) < 0)
		return -1;
	if (e->header)
		write_header(e, b, between, add);
	for (size_t i = 0; i < e->n; i++) {
		if (i > 0)
			buf_addc(b, between);
		if (record_find(r, e->parts[i].field, &value)) {
			add(b, value);
			raw &= !span_is(e->parts[i].field, "message");
		}
	}
	if (raw && record_find(r, NAME("message"), &value)) {
		buf_addc(b, between);
		add(b, value);
	}
	return buf_addc(b, '\n');
}

int
write_tsv(struct emit *e, struct record *r, struct buf *b)
{
	return write_row(e, r, b, '\t', add_plain);
}

int
write_csv(struct emit *e, struct record *r, struct buf *b)
{
	return write_row(e, r, b, ',', add_csv);
}
