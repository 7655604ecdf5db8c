/*
 * format - what a log format is, and the table of all formats
 *
 * A format is a constant in its own scan_*.c, and a row of the table.  Its scan
 * takes text, adds what it finds to the record and returns true; or it says
 * with scan_fail where the text stops being of its format, and what it had
 * added is taken out again.
 */
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include "record/record.h"

/* The memory of a scanner from line to line. */
struct memory {
	/* For w3c: the names of the columns, each with a NUL after it. */
	struct buf columns;
	int64_t near; /* and the time that the file told last, or 0 */
	struct partial { /* the pieces of cut messages of stdout and stderr */
		struct buf text;
		struct buf name; /* of the file, where it stands in front */
		struct timestamp when;
		const struct format *format;
		size_t pieces; /* how many, some of which may be empty */
		bool held;
	} partial[2];
	/* For journal: the part of an export entry that was read so far. */
	struct buf entry;
	size_t entry_done;	/* how many of its bytes are whole fields */
	/* Memory for the match of a pattern. */
	struct named_groups_found *found;
	bool used;		/* a line depended on the ones before it */
	/* The times at two places of this line, for iso_time and any_time. */
	struct known_stamp {
		const char *at, *behind; /* behind is NULL when there is none */
		struct timestamp time;
	} iso, any;
};

struct scan {
	struct record *rec;
	struct memory *memory;
	/* The layout of the format, if it has one. */
	const struct line_format *layout;
	struct zone *zone;
	const struct format *format;	/* a scan may set a more special one */
	bool sure;		/* the format was asked for, not guessed */
	bool skip; /* the line is of this format, but is no record */
	const char *start;	/* where the text starts */
	unsigned field; /* on failure: the number of the field, from 1, */
	const char *expected;	/* the text that was expected there, */
	size_t at;		/* and the byte where it was expected */
};

struct keys;

struct format {
	const char *name;
	const char *description; /* one line, for --list-formats */
	const char *example;	/* a line of this format */

	/* How a line of the format is recognised. */
	/*
	 * The bytes that a line can begin with: 0 stands for a digit, a for a
	 * letter.  NULL: any byte.
	 */
	const char *first;
	/*
	 * Bytes that each line of the format holds.  For a layout they are
	 * found out; see scanner.c.
	 */
	const char *needs;
	const char *word;	/* text that each line of the format holds */
	bool undated;	/* no line begins with a date such as 2021-06-29 */
	bool joined;	/* it has a T before its clock, if one does */
	/*
	 * The bytes that can follow a date with its clock and a blank in front
	 * of a line, as in first.  NULL: any byte.
	 */
	const char *after_date;
	bool leveled;	/* INFO or the like may follow the time at the front */
	/* No line of another format can be taken for one of this. */
	bool distinct;
	/* A JSON object that has all of these keys is of this format. */
	const char *keys[4];

	/* How a line of the format is read. */
	bool (*scan)(struct scan *s, struct span text);
	/* The text for line_format_of; then scan is scan_layout. */
	const char *layout;
	/*
	 * Gives an object's fields their names and types, in place of keys_end.
	 */
	void (*name_keys)(struct scan *s, struct keys *keys);
	bool nests;		/* the message may hold another format */
	/*
	 * The message may hold a distinct format that has a status, but no
	 * other.
	 */
	bool nests_answers;

	/* The field that holds the status of an HTTP answer; NULL: none. */
	const char *status;

	/*
	 * For a format whose lines depend on the lines before them: words that
	 * such earlier lines hold, and few others; or that they are longer than
	 * so many bytes.
	 */
	const char *carried_by[2];
	size_t carried_by_longer;
	/* Whether the next line continues the last one. */
	bool (*is_open)(const struct memory *m);
	/*
	 * Whether this line of the format ends inside of a quote, so that the
	 * next one is a part of it.
	 */
	bool (*goes_on)(struct span line);
	/*
	 * At the end of an input: gives the record of a line that is held back.
	 */
	bool (*end)(struct scan *s);
};

/* By priority, the last one is NULL. */
extern const struct format *const formats[];
const struct format *format_named(struct span name); /* NULL: there is none */

#endif
