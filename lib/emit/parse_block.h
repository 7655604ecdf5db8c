/*
 * parse_block - blocks of lines to records as text
 */
#ifndef EMIT_PARSE_BLOCK_H
#define EMIT_PARSE_BLOCK_H

#include "emit/emit.h"
#include "emit/tally.h"
#include "format/multiline.h"
#include "format/scanner.h"

enum unparsed { UNPARSED_KEEP, UNPARSED_DROP, UNPARSED_FAIL };

/*
 * Each thread has a parser of its own, but they share emit once it is settled.
 */
struct parser {
	struct scanner *scanner;
	struct emit *emit;
	struct multiline *multiline; /* NULL when each line stands by itself */
	enum unparsed unparsed;
	/*
	 * If not NULL, each record gets it as its source, and a field of that
	 * name another one.
	 */
	const char *source;
	bool with_tally; /* whether the tally has rows, not only sums */
	struct record rec;
	struct buf text; /* the records, until the caller takes them */
	struct tally tally;
	bool failed;			/* memory was short */
	bool stopped; /* it stopped at a line that was not parsed */
};

/*
 * Add the records of some whole lines, LFs included, to p->text.  Returns 0, or
 * -1 when it failed or stopped.
 */
int parse_lines(struct parser *p, struct span lines);
/* The same for one line without its LF; it may hold LFs inside. */
int parse_line(struct parser *p, struct span line);
/* Add the record that was held back for lines that could have followed. */
int parse_end(struct parser *p);
/*
 * Add the record of a line that is complete; this is the callback of multiline.
 */
void parse_one(void *parser, struct span line, struct span more);
void parser_free(struct parser *p);	/* frees neither scanner nor emit */

#endif
