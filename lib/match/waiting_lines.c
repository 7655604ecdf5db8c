#include "match/waiting_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/scanner.h"

struct waiting {
	struct span line;	/* in the block, with its LF */
	/* 1, 2: a piece of a message of stdout, stderr that has not ended. */
	unsigned piece;
	size_t earlier;		/* the piece before it, counted from 1; or 0 */
	unsigned follows;	/* as in struct given */
	int verdict;
	char format[48];
};

void
waiting_free(struct waiting_lines *w)
{
	free(w->lines);
}

void
waiting_block(struct waiting_lines *w, const struct scanner *s)
{
	w->n = w->given = w->left = 0;
	w->at_end = false;
	for (int i = 0; i < 2; i++) {
		w->pieces[i] = 0;
		w->open[i] = scanner_held(s, i) > 0;
	}
}

void
waiting_before(const struct scanner *s, size_t held[2])
{
	held[0] = scanner_held(s, 0);
	held[1] = scanner_held(s, 1);
}

bool
waiting_concerns(const struct scanner *s, const size_t held[2])
{
	return held[0] + held[1] > 0 || scanner_held(s, 0) > 0 ||
	    scanner_held(s, 1) > 0;
}

/*
 * Note what the last line is: a piece, or the end of a message, which decides
 * about its pieces.
 */
static void
note_pieces(struct waiting_lines *l, const struct scanner *s,
    const size_t held[2])
{
	struct waiting *last = &l->lines[l->n - 1], *w = last;
	size_t now;

	for (int i = 0; i < 2; i++) {
		now = scanner_held(s, i);
		if (now > held[i]) {
			last->piece = (unsigned)i + 1;
			last->earlier = l->pieces[i];
			l->pieces[i] = l->n;
		}
		for (; now == 0 && l->pieces[i] > 0;
		     l->pieces[i] = w->earlier) {
			w = &l->lines[l->pieces[i] - 1];
			w->piece = 0;
			w->verdict = last->verdict > 0;
			memcpy(w->format, last->format, sizeof w->format);
		}
		if (now == 0 && l->open[i]) {
			w->follows = (unsigned)i + 1;
			l->open[i] = false;
		}
	}
}

bool
waiting_add(struct waiting_lines *l, const struct scanner *s,
    const size_t held[2], struct span line, int verdict, struct span format)
{
	size_t cap = l->cap == 0 ? 16 : l->cap * 2;
	struct waiting *w;

	if (l->n == l->cap) {
		if ((w = realloc(l->lines, cap * sizeof *w)) == NULL) {
			l->failed = true;
			return false;
		}
		l->lines = w;
		l->cap = cap;
	}
	w = &l->lines[l->n++];
	*w = (struct waiting){ .line = line, .verdict = verdict };
	snprintf(w->format, sizeof w->format, "%.*s", (int)format.len,
	    format.p);
	note_pieces(l, s, held);
	return true;
}

bool
waiting_failed(struct waiting_lines *l)
{
	bool failed = l->failed;

	l->failed = false;
	return failed;
}

void
waiting_end(struct waiting_lines *l)
{
	if (!l->at_end)
		l->left = l->n;
	l->at_end = true;
}

bool
waiting_give(struct waiting_lines *l, struct given *g)
{
	struct waiting *w;

	while (l->given < l->n &&
	    (l->lines[l->given].piece == 0 || l->at_end)) {
		w = &l->lines[l->given++];
		if (w->verdict == 0)
			continue;
		*g = (struct given){ w->line, w->verdict, w->follows,
		    w->format };
		return true;
	}
	if (l->given == l->n)
		l->n = l->given = 0;
	return false;
}

bool
waiting_piece(const struct waiting_lines *l, size_t *i, struct span *line,
    unsigned *stream)
{
	const struct waiting *w;

	while (*i < l->left) {
		w = &l->lines[(*i)++];
		if (w->piece == 0)
			continue;
		*line = w->line;
		*stream = w->piece - 1;
		return true;
	}
	return false;
}
