#include "select.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "scan.h"
#include "servererror.h"
#include "units.h"
#include "where.h"

struct selector {
	const struct criteria *c;
	struct matcher *matcher;
	struct scanner *scanner;
	struct record rec;
	struct where **where;
	size_t n_where;
	const char *seen;	/* in the block: lines before it were scanned */
	const char *end;	/* of the block */
	bool has_time;
	struct timestamp time;	/* of the last line before seen */
	const char *rule, *error;
	struct server_errors errors;
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
	if (n == 0 && c->since == NULL && c->until == NULL)
		return s;
	if ((s->scanner = scanner_new()) == NULL ||
	    (s->where = calloc(n + 1, sizeof *s->where)) == NULL)
		goto no_memory;
	for (; s->n_where < n; s->n_where++)
		if ((s->where[s->n_where] = where_new(c->where[s->n_where],
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
		where_free(s->where[i]);
	free(s->where);
	record_free(&s->rec);
	buf_free(&s->errors.line);
	scanner_free(s->scanner);
	matcher_free(s->matcher);
	free(s);
}

void
selector_input(struct selector *s, int64_t near)
{
	if (s->scanner != NULL)
		scanner_input(s->scanner, near);
	s->has_time = false;
	s->errors.columns = 0;
}

void
selector_block(struct selector *s, struct span block)
{
	s->seen = block.p;
	s->end = block.p + block.len;
}

/* The line without its LF. */
static struct span
text_of(struct span line)
{
	if (line.len > 0 && line.p[line.len - 1] == '\n')
		line.len--;
	return line;
}

/* The time of a line, scanned as r says: its record's, or one at its start. */
static bool
own_time(struct selector *s, struct span text, int r, struct timestamp *t)
{
	struct zone *zone = scanner_zone(s->scanner);
	const char *p = text.p, *end = p + text.len;

	if (r > 0 && s->rec.has_when) {
		*t = s->rec.when;
		return true;
	}
	if (p < end && *p == '[')
		p++;
	return timestamp_iso(p, end, zone, t) != NULL ||
	    timestamp_bsd(p, end, zone, t) != NULL ||
	    timestamp_clf(p, end, zone, t) != NULL ||
	    timestamp_ctime(p, end, zone, t) != NULL;
}

static bool
wants_time(const struct selector *s)
{
	return s->c->since != NULL || s->c->until != NULL;
}

/* Scan a line and remember its time, if it has one: then *timed is set. */
static int
scan_text(struct selector *s, struct span text, bool *timed)
{
	int r = scan_line(s->scanner, text, &s->rec);
	struct timestamp t;

	*timed = wants_time(s) && own_time(s, text, r, &t);
	if (*timed) {
		s->time = t;
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

/* Show the scanner those lines before p on which later ones may depend. */
static void
catch_up(struct selector *s, const char *p)
{
	const char *at = s->seen, *lf;
	struct span text;
	bool timed;

	for (; at < p; at = lf + 1) {
		lf = memchr(at, '\n', (size_t)(p - at));
		lf = lf != NULL ? lf : p;
		text = span_of(at, (size_t)(lf - at));
		if (scanner_minds(s->scanner, text))
			scan_text(s, text, &timed);
	}
}

/* Scan a line, and know its time: its own, or that of one before it. */
static int
scan_next(struct selector *s, struct span line)
{
	bool timed;
	int r;

	catch_up(s, line.p);
	r = scan_text(s, text_of(line), &timed);
	if (wants_time(s) && !timed && line.p > s->seen &&
	    !scanner_is_stateful(s->scanner)) {
		find_time(s, line.p);
		r = scan_line(s->scanner, text_of(line), &s->rec);
	}
	s->seen = line.p + line.len;
	return r;
}

void
selector_block_end(struct selector *s)
{
	const char *p;

	if (s->scanner == NULL || s->seen == s->end)
		return;
	if (!wants_time(s)) {
		catch_up(s, s->end);
		return;
	}
	p = memrchr(s->seen, '\n', (size_t)(s->end - 1 - s->seen));
	p = p != NULL ? p + 1 : s->seen;
	scan_next(s, span_of(p, (size_t)(s->end - p)));
}

static bool
is_in_time(const struct selector *s)
{
	return s->has_time &&
	    (s->c->since == NULL ||
	    timestamp_cmp(&s->time, s->c->since) >= 0) &&
	    (s->c->until == NULL || timestamp_cmp(&s->time, s->c->until) < 0);
}

/* Whether the line's fields and time are as wanted; as selector_next. */
static int
check_record(struct selector *s, struct span line)
{
	int scanned = scan_next(s, line), r;

	if (wants_time(s) && !is_in_time(s))
		return 0;
	if (s->n_where > 0 && scanned == 0)
		return 0;
	for (size_t i = 0; i < s->n_where; i++)
		if ((r = where_holds(s->where[i], &s->rec)) <= 0) {
			if (r < 0)
				s->error = where_error(s->where[i]);
			return r;
		}
	return 1;
}

/* Whether the server error matches the pattern, too; as selector_next. */
static int
check_pattern(struct selector *s)
{
	struct span match;
	int r = s->matcher == NULL ? 1 :
	    matcher_find(s->matcher, buf_span(&s->errors.line), 0, &match);

	if (r < 0)
		s->error = matcher_error(s->matcher);
	return r;
}

/* The next line by status or pattern, which whole blocks are searched for. */
static int
next_candidate(struct selector *s, struct span rest, struct span *line)
{
	const char *lf;
	int r;

	if (s->c->server_errors)
		return (s->rule = server_errors_next(&s->errors, rest,
		    line)) != NULL;
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

int
selector_next(struct selector *s, struct span rest, struct span *line)
{
	const char *end = rest.p + rest.len;
	int r;

	for (; rest.len > 0; rest.p = line->p + line->len,
	    rest.len = (size_t)(end - rest.p)) {
		if ((r = next_candidate(s, rest, line)) <= 0)
			return r;
		if (s->c->server_errors && (r = check_pattern(s)) <= 0) {
			if (r < 0)
				return r;
			continue;
		}
		if (s->scanner == NULL || (r = check_record(s, *line)) > 0)
			return 1;
		if (r < 0)
			return r;
	}
	return 0;
}

const char *
selector_rule(const struct selector *s)
{
	return s->rule;
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

/* The start of the local day that lies days before today. */
static void
midnight(struct timestamp *t, int days)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= days;
	tm.tm_isdst = -1;
	t->sec = mktime(&tm);
}

int
select_time(const char *s, struct timestamp *t)
{
	struct timespec now;
	struct zone zone = { 0 };
	const char *end = s + strlen(s);
	int64_t ms = 0, ns;

	*t = (struct timestamp){ 0 };
	clock_gettime(CLOCK_REALTIME, &now);
	if (strcmp(s, "today") == 0 || strcmp(s, "yesterday") == 0) {
		midnight(t, *s == 'y');
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
	zone_set(&zone, "local");
	zone.near = now.tv_sec;
	return timestamp_any(span_str(s), &zone, t) ? 0 : -1;
}
