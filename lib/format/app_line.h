/*
 * app_line - a line of the format app while it is read
 */
#ifndef FORMAT_APP_LINE_H
#define FORMAT_APP_LINE_H

#include "format/scan_util.h"

/*
 * A line while it is read: the text that is left, and the parts that it had
 * already.
 */
struct app {
	struct scan *s;
	const char *p, *end;
	const char *close;	/* where the time's bracket ends, or NULL */
	bool level, pid, thread, logger, file;
	/* MySQL wrote the line: error codes stand in brackets */
	bool by_number;
	bool done;		/* the message begins at p */
};

enum { APP_NAME_MAX = 160 };	/* how long a thread or a logger may be */

/*
 * Reads the text in front of the time: a level, a name, or words of any kind.
 */
void app_prefix(struct app *a, struct span prefix);

static inline void
app_add(struct app *a, bool *had, struct span name, struct span value)
{
	*had = true;
	add_text(a->s, name, value);
}

static inline void
add_level(struct app *a, struct span level)
{
	app_add(a, &a->level, NAME("level"), level);
}

static inline void
add_pid(struct app *a, struct span pid)
{
	a->pid = true;
	add_number(a->s, NAME("pid"), pid);
}

/* Moves to p and the blanks after it. */
static inline bool
move_to(struct app *a, const char *p)
{
	while (p < a->end && (*p == ' ' || *p == '\t'))
		p++;
	a->p = p;
	return true;
}

/* Adds a part, and moves to p. */
static inline bool
app_take(struct app *a, bool *had, struct span name, struct span value,
    const char *p)
{
	app_add(a, had, name, value);
	return move_to(a, p);
}

#endif
