/*
 * parse - blocks of lines to records as text
 */
#ifndef PARSE_H
#define PARSE_H

#include "emit.h"
#include "multiline.h"
#include "scan.h"
#include "tally.h"

enum unparsed { UNPARSED_KEEP, UNPARSED_DROP, UNPARSED_FAIL };

/* Plain: a thread has its own, but for emit, which they share once it is settled. */
struct parser {
	struct scanner *scanner;
	struct emit *emit;
	struct multiline *multiline;	/* NULL: each line by itself */
	enum unparsed unparsed;
	bool with_tally;		/* rows, too, and not only the sums */
	struct record rec;
	struct buf text;		/* records, until the caller takes them */
	struct tally tally;
	bool failed;			/* no memory */
	bool stopped;			/* at a line that was not parsed */
};

/*
 * The records of some whole lines, LFs included, are added to p->text.  0, or
 * -1 when it failed or stopped.
 */
int parse_lines(struct parser *p, struct span lines);
/* The same for one line without its LF; it may hold others. */
int parse_line(struct parser *p, struct span line);
/* What was held back for lines that may come. */
int parse_end(struct parser *p);
/* One line that is finished; multiline's done. */
void parse_one(void *parser, struct span line, struct span more);
void parser_free(struct parser *p);	/* but neither scanner nor emit */

#endif
