#include "emit/tally.h"

/* Returns the row called name, a new row, or the one for all others. */
static struct tally_row *
row_named(struct tally_row *rows, struct span name)
{
	size_t len = name.len < TALLY_NAME - 1 ? name.len : TALLY_NAME - 1;
	struct tally_row *row = rows;

	for (; row < rows + TALLY_ROWS - 1 && row->n > 0; row++)
		if (strlen(row->name) == len &&
		    memcmp(row->name, name.p, len) == 0)
			return row;
	if (row == rows + TALLY_ROWS - 1)
		name = NAME("others");
	len = name.len < TALLY_NAME - 1 ? name.len : TALLY_NAME - 1;
	memcpy(row->name, name.p, len);
	row->name[len] = '\0';
	return row;
}

/* Copy the start of a line so that it does a terminal no harm. */
static void
keep_example(char to[TALLY_NAME], struct span line)
{
	size_t i;

	for (i = 0; i < line.len && i < TALLY_NAME - 1; i++)
		to[i] = (unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f ?
		    '?' : line.p[i];
	to[i] = '\0';
}

void
tally_count(struct tally *t, struct record *rec, int r, struct span line)
{
	struct span why = rec->error;
	struct tally_row *row;
	const char *byte;

	t->lines++;
	if (r == 0) {
		t->silent++;
		return;
	}
	t->records++;
	row = row_named(t->formats, record_format(rec));
	row->n++;
	if (r > 0)
		return;
	t->bad++;
	/*
	 * Reasons such as "field 4: expected [time (combined, byte 17)" are
	 * counted together whatever byte they name.
	 */
	if ((byte = memmem(why.p, why.len, ", byte ", 7)) != NULL)
		why.len = (size_t)(byte - why.p);
	row = row_named(t->reasons, why);
	if (row->n++ == 0)
		keep_example(row->example, line);
}

static void
add_rows(struct tally_row *sum, const struct tally_row *rows)
{
	struct tally_row *row;

	for (int i = 0; i < TALLY_ROWS && rows[i].n > 0; i++) {
		row = row_named(sum, span_str(rows[i].name));
		if (row->n == 0)
			memcpy(row->example, rows[i].example, TALLY_NAME);
		row->n += rows[i].n;
	}
}

void
tally_add(struct tally *sum, const struct tally *t)
{
	sum->lines += t->lines;
	sum->records += t->records;
	sum->bad += t->bad;
	sum->silent += t->silent;
	add_rows(sum->formats, t->formats);
	add_rows(sum->reasons, t->reasons);
}

int
tally_print(const struct tally *t, struct buf *to)
{
	const struct tally_row *row;

	buf_printf(to, "%llu lines, %llu records, %llu not parsed, "
	    "%llu without a record of their own\n", (unsigned long long)
	    t->lines, (unsigned long long)t->records,
	    (unsigned long long)t->bad, (unsigned long long)t->silent);
	for (row = t->formats; row < t->formats + TALLY_ROWS; row++)
		if (row->n > 0)
			buf_printf(to, "%12llu  %s\n", (unsigned long long)
			    row->n, row->name);
	for (row = t->reasons; row < t->reasons + TALLY_ROWS; row++)
		if (row->n > 0)
			buf_printf(to, "%12llu  not parsed: %s%s\n"
			    "              as in: %s\n", (unsigned long long)
			    row->n, row->name, strchr(row->name, '(') != NULL ?
			    ")" : "", row->example);
	return to->failed ? -1 : 0;
}
