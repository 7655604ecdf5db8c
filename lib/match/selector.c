#include "match/selector.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "base/units.h"
#include "format/line_time.h"
#include "match/condition.h"
#include "match/server_error.h"
#include "match/waiting_lines.h"
#include "record/calendar.h"

struct selector {
	const struct criteria *c;
	struct matcher *matcher;
	struct scanner *scanner;
	struct line_times *times;	/* NULL: no time is wanted */
	struct record rec;
	struct condition **where;
	size_t n_where;
	const char *start;	/* of the block */
	const char *seen; /* in the block; the lines before it were scanned */
	const char *end;	/* the end of the block */
	bool has_time;
	struct timestamp time;	/* the time of the last line before seen */
	const char *error;
	/* NULL when server errors are not wanted. */
	struct server_errors *errors;
	struct waiting_lines waiting;	/* those that the scanner has read */
	struct span found; /* the candidate before which lines waited; or empty */
	unsigned follows;	/* see selector_follows */
	struct buf rule;	/* see selector_rule; empty: that of errors */
	bool failed;		/* see selector_failed */
};

struct selector *
selector_new(const struct criteria *c, struct buf *error)
{
	struct selector *s;
	size_t n = 0;

	if ((s = calloc(1, sizeof *s)) == NULL)
		goto no_memory;
	s->c = c;
	s->rec.keeps_own = true;
	while (c->where != NULL && c->where[n] != NULL)
		n++;
	if (c->pattern != NULL &&
	    (s->matcher = matcher_new(c->pattern)) == NULL)
		goto no_memory;
	if (c->server_errors && (s->errors = server_errors_new()) == NULL)
		goto no_memory;
	if (n == 0 && c->since == NULL && c->until == NULL)
		return s;
	if ((s->scanner = scanner_new()) == NULL)
		goto no_memory;
	if ((c->since != NULL || c->until != NULL) &&
	    (s->times = line_times_new()) == NULL)
		goto no_memory;
	if (c->zone != NULL)
		*scanner_zone(s->scanner) = *c->zone;
	if ((s->where = calloc(n + 1, sizeof *s->where)) == NULL)
		goto no_memory;
	for (; s->n_where < n; s->n_where++)
		if ((s->where[s->n_where] = condition_new(c->where[s->n_where],
		    error)) == NULL)
			goto fail;
	return s;
no_memory:
	buf_adds(error, strerror(ENOMEM));
fail:
	selector_free(s);
	return NULL;
}

bool
selector_bears_change(const struct selector *s)
{
	return s->scanner == NULL;
}

void
selector_free(struct selector *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_where; i++)
		condition_free(s->where[i]);
	free(s->where);
	record_free(&s->rec);
	server_errors_free(s->errors);
	waiting_free(&s->waiting);
	buf_free(&s->rule);
	scanner_free(s->scanner);
	line_times_free(s->times);
	matcher_free(s->matcher);
	free(s);
}

void
selector_input(struct selector *s, int64_t near)
{
	if (s->scanner != NULL)
		scanner_input(s->scanner, near);
	s->has_time = false;
	if (s->errors != NULL)
		server_errors_input(s->errors, near);
}

void
selector_block(struct selector *s, struct span block)
{
	s->start = s->seen = block.p;
	s->end = block.p + block.len;
	s->found.len = 0;
	if (s->scanner != NULL)
		waiting_block(&s->waiting, s->scanner);
	if (s->errors != NULL)
		server_errors_block(s->errors);
}

/* Returns the line without its LF. */
static struct span
text_of(struct span line)
{
	if (line.len > 0 && line.p[line.len - 1] == '\n')
		line.len--;
	return line;
}

static bool
wants_time(const struct selector *s)
{
	return s->c->since != NULL || s->c->until != NULL;
}

/* Whether a record decides, not only the time of a line. */
static bool
wants_record(const struct selector *s)
{
	return s->n_where > 0 || s->errors != NULL;
}

static bool
is_in_time(const struct selector *s)
{
	return s->has_time &&
	    (s->c->since == NULL ||
	    timestamp_cmp(&s->time, s->c->since) >= 0) &&
	    (s->c->until == NULL || timestamp_cmp(&s->time, s->c->until) < 0);
}

/*
 * Scan a line and remember its time, if it has one: then *timed is set.  The
 * record is left out where the time alone decides.
 */
static int
scan_text(struct selector *s, struct span text, bool *timed)
{
	struct timestamp t;
	int r;

	*timed = wants_time(s) && line_time(s->times, s->scanner, text, &t);
	if (*timed) {
		s->time = t;
		s->has_time = true;
		if (!wants_record(s) || !is_in_time(s))
			return 1;
	}
	r = scan_line(s->scanner, text, &s->rec);
	s->failed |= s->rec.failed;
	if (!wants_time(s) || *timed)
		return r;
	line_time_learn(s->times, s->scanner, text, &s->rec);
	if ((*timed = s->rec.has_when)) {
		s->time = s->rec.when;
		s->has_time = true;
	}
	return r;
}

/* Remember the time of the nearest line before p that was not seen yet. */
static void
find_time(struct selector *s, const char *p)
{
	const char *lf, *start;
	bool timed = false;

	for (; p > s->seen && !timed; p = start) {
		lf = memrchr(s->seen, '\n', (size_t)(p - 1 - s->seen));
		start = lf != NULL ? lf + 1 : s->seen;
		scan_text(s, span_of(start, (size_t)(p - 1 - start)), &timed);
	}
}

/*
 * Check whether the record that was scanned last, with this result, has the
 * fields and the time that are wanted.  Returns as selector_next does.
 */
static int
check_record(struct selector *s, int scanned)
{
	int r;

	if (wants_time(s) && !is_in_time(s))
		return 0;
	if (s->n_where > 0 && scanned == 0)
		return 0;
	for (size_t i = 0; i < s->n_where; i++) {
		r = condition_holds(s->where[i], &s->rec);
		s->failed |= s->rec.failed;
		if (r < 0)
			s->error = condition_error(s->where[i]);
		if (r <= 0)
			return r;
	}
	return 1;
}

/*
 * Scan a line, with its LF; if it concerns a message in pieces, it waits for
 * the message's end.  Returns whether it waits.
 */
static bool
scan_piece(struct selector *s, struct span line, bool *timed, int *scanned)
{
	size_t held[2];
	int verdict = 0;

	waiting_before(s->scanner, held);
	*scanned = scan_text(s, text_of(line), timed);
	if ((!waiting_any(&s->waiting) &&
	    !waiting_concerns(s->scanner, held)) || !wants_record(s))
		return false;
	if (!s->c->server_errors || (*scanned != 0 &&
	    scan_status(&s->rec) / 100 == 5))
		verdict = check_record(s, *scanned);
	s->seen = line.p + line.len;
	return waiting_add(&s->waiting, s->scanner, held, line, verdict,
	    record_format(&s->rec));
}

/*
 * Show the scanner those lines before p on which later ones may depend, up to
 * the first that waits.  Returns whether one does.
 */
static bool
catch_up(struct selector *s, const char *p)
{
	const char *at = s->seen, *lf;
	struct span line;
	bool timed;
	int scanned;

	for (; at < p; at = line.p + line.len) {
		lf = memchr(at, '\n', (size_t)(p - at));
		line = span_to(at, lf != NULL ? lf + 1 : p);
		if (scanner_minds(s->scanner, text_of(line)) &&
		    scan_piece(s, line, &timed, &scanned))
			return true;
	}
	return false;
}

/*
 * Scan a line and find its time: its own, or that of a line before it.  Returns
 * false when this line waits, or one before it that has not been seen.
 */
static bool
scan_next(struct selector *s, struct span line, int *scanned)
{
	bool timed;

	if (catch_up(s, line.p) || scan_piece(s, line, &timed, scanned))
		return false;
	if (wants_time(s) && !timed && line.p > s->seen &&
	    !scanner_is_stateful(s->scanner)) {
		find_time(s, line.p);
		*scanned = scan_line(s->scanner, text_of(line), &s->rec);
		s->failed |= s->rec.failed;
	}
	s->seen = line.p + line.len;
	return true;
}

/*
 * Scan what is needed of the rest of the block, where nothing more is selected.
 * Returns false when a line waits.
 */
static bool
scan_rest(struct selector *s)
{
	const char *p = s->end;
	int scanned;

	if (s->seen == s->end)
		return true;
	if (wants_time(s)) {
		p = memrchr(s->seen, '\n', (size_t)(s->end - 1 - s->seen));
		p = p != NULL ? p + 1 : s->seen;
		return scan_next(s, span_to(p, s->end), &scanned);
	}
	if (catch_up(s, s->end))
		return false;
	s->seen = s->end;
	return true;
}

void
selector_block_end(struct selector *s)
{
	struct span line;

	if (s->scanner == NULL)
		return;
	while (!scan_rest(s))
		;
	while (s->errors != NULL && server_errors_next(s->errors,
	    span_to(s->start, s->end), &line))
		;	/* its scanner must see all lines, too */
}

/*
 * Check whether a line, without its LF, matches the pattern, if there is one.
 * Returns as selector_next does.
 */
static int
check_pattern(struct selector *s, struct span text)
{
	struct span match;
	int r = s->matcher == NULL ? 1 :
	    matcher_find(s->matcher, text, 0, &match);

	if (r < 0)
		s->error = matcher_error(s->matcher);
	return r;
}

/*
 * Find the next line by status or pattern, for which whole blocks are searched.
 */
static int
next_candidate(struct selector *s, struct span rest, struct span *line)
{
	const char *lf;
	int r;

	if (s->c->server_errors)
		return server_errors_next(s->errors, rest, line);
	if (s->matcher != NULL) {
		if ((r = matcher_next(s->matcher, rest, line)) < 0)
			s->error = matcher_error(s->matcher);
		return r;
	}
	lf = memchr(rest.p, '\n', rest.len);
	*line = span_of(rest.p, lf != NULL ? (size_t)(lf + 1 - rest.p) :
	    rest.len);
	return 1;
}

/* selector_next where status and pattern are all that is wanted. */
static int
next_by_text(struct selector *s, struct span rest, struct span *line)
{
	const char *end = rest.p + rest.len;
	int r;

	for (; rest.len > 0; rest = span_to(line->p + line->len, end)) {
		if ((r = next_candidate(s, rest, line)) <= 0)
			return r;
		if (s->errors == NULL)
			return 1;
		s->follows |= server_errors_follows(s->errors);
		if ((r = check_pattern(s,
		    server_errors_line(s->errors))) != 0)
			return r;
	}
	return 0;
}

/* Give out the next line that no longer waits, as selector_next does. */
static int
next_waiting(struct selector *s, struct span *line)
{
	struct given g;
	int r;

	while (waiting_give(&s->waiting, &g)) {
		*line = g.line;
		s->follows |= g.follows;
		buf_clear(&s->rule);
		if (buf_adds(&s->rule, g.format) < 0)
			s->failed = true;
		r = g.verdict > 0 ? check_pattern(s, text_of(*line)) :
		    g.verdict;
		if (r != 0)
			return r;
	}
	return 0;
}

/*
 * Take the next line from p on that may be wanted.  Returns as selector_next
 * does; 0 also when it is not wanted, or lines wait.
 */
static int
take_candidate(struct selector *s, const char *p, struct span *line)
{
	const char *lf;
	bool timed;
	int r, scanned;

	if (wants_record(s) && (waiting_any(&s->waiting) ||
	    scanner_held(s->scanner, 0) + scanner_held(s->scanner, 1) > 0)) {
		lf = memchr(s->seen, '\n', (size_t)(s->end - s->seen));
		*line = span_to(s->seen, lf != NULL ? lf + 1 : s->end);
		scan_piece(s, *line, &timed, &scanned);
		return 0;
	}
	p = s->errors != NULL ? s->start : p > s->seen ? p : s->seen;
	*line = s->found;
	s->found.len = 0;
	if (line->len == 0 &&
	    (r = next_candidate(s, span_to(p, s->end), line)) <= 0)
		return r < 0 || scan_rest(s) ? r : 0;
	if (line->p < s->seen)	/* it has been scanned with those that waited */
		return 0;
	if (s->errors != NULL && (r = check_pattern(s, text_of(*line))) <= 0)
		return r;
	buf_clear(&s->rule);
	if (scan_next(s, *line, &scanned))
		return check_record(s, scanned);
	s->found = *line;
	return 0;
}

/* selector_next where a scanner is needed. */
static int
next_by_record(struct selector *s, const char *p, struct span *line)
{
	int r;

	for (;;) {
		if ((r = next_waiting(s, line)) != 0)
			return r;
		if (s->seen >= s->end)
			break;
		if ((r = take_candidate(s, p, line)) != 0)
			return r;
	}
	waiting_end(&s->waiting);
	return next_waiting(s, line);
}

int
selector_next(struct selector *s, struct span rest, struct span *line)
{
	s->follows = 0;
	return s->scanner != NULL ? next_by_record(s, rest.p, line) :
	    next_by_text(s, rest, line);
}

/* The lines that wait, or NULL where none ever does. */
static const struct waiting_lines *
waiting(const struct selector *s)
{
	if (s->scanner != NULL)
		return &s->waiting;
	return s->errors != NULL ? server_errors_waiting(s->errors) : NULL;
}

bool
selector_carries(const struct selector *s)
{
	return (s->scanner != NULL && scanner_carries(s->scanner)) ||
	    (s->errors != NULL && server_errors_carry(s->errors));
}

bool
selector_open(const struct selector *s, unsigned stream)
{
	const struct waiting_lines *w = waiting(s);

	return w != NULL && w->open[stream];
}

bool
selector_piece(struct selector *s, size_t *i, struct span *line,
    unsigned *stream)
{
	const struct waiting_lines *w = waiting(s);
	struct span match;

	while (w != NULL && waiting_piece(w, i, line, stream))
		if (s->matcher == NULL || matcher_find(s->matcher,
		    text_of(*line), 0, &match) > 0)
			return true;
	return false;
}

unsigned
selector_follows(const struct selector *s)
{
	return s->follows;
}

const char *
selector_rule(struct selector *s)
{
	if (s->rule.len == 0)
		return server_errors_format(s->errors);
	if (buf_str(&s->rule) != NULL)
		return s->rule.p;
	s->failed = true;
	return "";
}

bool
selector_failed(struct selector *s)
{
	bool failed = s->failed || waiting_failed(&s->waiting);

	s->failed = false;
	return (s->errors != NULL && server_errors_failed(s->errors)) || failed;
}

const char *
selector_error(const struct selector *s)
{
	return s->error;
}

struct matcher *
selector_matcher(struct selector *s)
{
	return s->matcher;
}

bool
selector_has_time(const struct selector *s)
{
	return s->has_time;
}

/* Set t to the start of the day, in z, that lies days before now. */
static void
midnight(struct timestamp *t, struct zone *z, int64_t now, int days)
{
	int64_t local = 2 * now - zone_to_utc(z, now);

	t->sec = zone_to_utc(z, local - local % DAY_S - days * DAY_S);
}

int
select_time(const char *s, struct zone *z, struct timestamp *t)
{
	struct timespec now;
	const char *end = s + strlen(s);
	int64_t ms = 0, ns;

	*t = (struct timestamp){ 0 };
	clock_gettime(CLOCK_REALTIME, &now);
	if (strcmp(s, "today") == 0 || strcmp(s, "yesterday") == 0) {
		midnight(t, z, now.tv_sec, *s == 'y');
		return 0;
	}
	if (*s != '\0' && s[strspn(s, "0123456789.")] == '\0')
		return timestamp_epoch(s, end, t) == end ? 0 : -1;
	if (strcmp(s, "now") == 0 || units_duration_ms(s, &ms) == 0) {
		ns = now.tv_nsec - ms % 1000 * 1000000;
		t->sec = now.tv_sec - ms / 1000 - (ns < 0);
		t->nsec = (uint32_t)(ns < 0 ? ns + 1000000000 : ns);
		return 0;
	}
	return timestamp_any(span_str(s), z, t) ? 0 : -1;
}
