/*
 * piece_facts - what the index of a .gz says of the lines in a piece
 *
 * Pieces are looked at on several threads, each alone; then, in their order,
 * each gets what it has from those before: the time of lines without one.
 */
#ifndef PACK_PIECE_FACTS_H
#define PACK_PIECE_FACTS_H

#include "base/buf.h"
#include "input/gzip_index.h"
#include "record/timestamp.h"

/* The facts of a piece alone. */
struct piece_facts {
	struct gzip_piece range;	/* its flags and times */
	/* Nothing can be said of it and of the piece after it; or of all. */
	bool odd, lost;
	bool cut;		/* its last line goes on in the next piece */
	bool untimed;		/* its first lines have no time of their own */
	bool has_last;
	struct timestamp last;	/* the time of its last line that has one */
};

struct piece_reader;		/* for one thread */

/*
 * near is the time of the file's last change, or ZONE_NOW.  In haste, times are
 * found only where most lines need not be read as records for that.  Returns
 * NULL with errno ENOMEM.
 */
struct piece_reader *piece_reader_new(int64_t near, bool hasty);
void piece_reader_free(struct piece_reader *r);
/*
 * Look at whole lines.  fields are the columns of W3C's lines: the last line
 * "#Fields:" before the piece; or empty.
 */
void piece_read(struct piece_reader *r, struct span block, struct span fields,
    struct piece_facts *facts);

/* What a piece has from those before it.  Begin with { 0 }. */
struct piece_chain {
	bool odd, lost, cut;	/* those of the piece before */
	/* The time of the last line that has one, if that can be told. */
	bool unknown, has_last;
	struct timestamp last;
};

/*
 * Complete the flags and times of the next piece.  Returns false when the piece
 * before it is not what it seemed to be: its last line goes on in this one.
 * Then piece_unknown is to be called for it.
 */
bool piece_chain_add(struct piece_chain *c, struct piece_facts *facts);
/* Leave a piece without any facts. */
void piece_unknown(struct gzip_piece *p);

/*
 * Find the last line "#Fields:" in a block; *fields is left as it is when there
 * is none.
 */
bool piece_fields(struct span block, struct span *fields);

#endif
