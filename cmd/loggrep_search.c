/*
 * The part of loggrep that reads files and prints what was selected.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/message.h"
#include "base/status.h"
#include "base/stdout.h"
#include "base/thread_pool.h"
#include "file/name_list.h"
#include "input/input.h"
#include "input/lines.h"
#include "input/tail.h"

#include "loggrep.h"

enum { AWAY_MAX = 256 };

/* A file of --tail that goes on when others have; or none, without a name. */
struct away {
	struct buf name;
	struct grep_state state;
};

/* One file that is searched. */
struct search {
	const struct job *job;
	struct selector *selector;
	struct grep grep;
	bool announced; /* the separator before its first group was printed */
	bool limit_told;
	bool trouble;
	bool timeless;		/* no line had a time to select by */
	struct operand *operand;	/* NULL with --tail */
	uint64_t turn;		/* with --jobs, when it may write */
	struct buf name;	/* with --tail, the memory of the name */
	struct away *away;	/* with --tail, AWAY_MAX */
	size_t last_away;
};

enum {
	HELD_MAX = 1 << 20,	/* the most bytes that wait for their turn */
	JOBS_MAX = 8,		/* threads unless told: each takes some MB */
	/* What is less is searched sooner than threads are started. */
	FIRST_FILES = 8, FIRST_BYTES = 256 << 10,
};

static bool used;		/* a group of lines was printed */
static bool trouble, unlisted;
static bool timeless;		/* --since and --until saw no time in a file */
static bool enough;		/* all threads may stop reading */
static bool any_selected;
static struct url_operands *operands;
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

/*
 * With --jobs the results of files are written in the order of the files, from
 * 1.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t came;
	uint64_t turn;
} order = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };

static void
stop_all(void)
{
	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
	if (operands != NULL)
		url_operands_stop(operands);
}

static bool
is_enough(void)
{
	return __atomic_load_n(&enough, __ATOMIC_RELAXED);
}

static void
set_turn(uint64_t turn)
{
	pthread_mutex_lock(&order.lock);
	order.turn = turn;
	pthread_cond_broadcast(&order.came);
	pthread_mutex_unlock(&order.lock);
}

/*
 * Whether the search may write now.  It waits for that only if it holds too
 * much.
 */
static bool
may_write(const struct search *s)
{
	bool may;

	pthread_mutex_lock(&order.lock);
	while (s->turn != order.turn && s->grep.out.len >= HELD_MAX)
		pthread_cond_wait(&order.came, &order.lock);
	may = s->turn == order.turn;
	pthread_mutex_unlock(&order.lock);
	return may;
}

/* Called before a wait: show what was written, unless a thread writes now. */
static int
flush_idle(void)
{
	int r = 0;

	if (pthread_mutex_trylock(&output) == 0) {
		r = out_flush();
		pthread_mutex_unlock(&output);
	}
	return r;
}

/* Write what was printed so far. */
static void
flush(struct search *s)
{
	struct buf separator = { 0 };

	if (!may_write(s))
		return;
	pthread_mutex_lock(&output);
	if (s->grep.grouped && !s->announced &&
	    grep_has_context(&s->job->show)) {
		if (used)
			grep_group_separator(&s->job->show, &separator);
		out_span(buf_span(&separator));
		used = s->announced = true;
	}
	if (s->grep.out.failed || separator.failed) {
		warnx("%s: %s", s->grep.name, strerror(ENOMEM));
		s->trouble = true;
	}
	buf_free(&separator);
	out_span(buf_span(&s->grep.out));
	buf_clear(&s->grep.out);
	if (s->job->show.to_terminal)
		out_flush();	/* somebody waits for it */
	if (out_failed())
		stop_all();
	pthread_mutex_unlock(&output);
}

/* Report that PCRE2 could not decide on a line: for the first one of a file. */
static void
report_limit(struct search *s)
{
	const struct grep *g = &s->grep;
	bool by_number = g->limit_number > 0;

	if (g->limits == 0 || s->limit_told)
		return;
	s->limit_told = s->trouble = true;
	if (!s->job->no_messages)
		warnx("%s: %s %llu: %s", g->name, by_number ? "line" : "byte",
		    (unsigned long long)(by_number ? g->limit_number :
		    g->limit_offset), g->limit_error);
}

/*
 * Whether the text may change while it is searched.  Matches that are printed
 * must not be searched for again then.
 */
static bool
bears_change(const struct search *s)
{
	const struct grep_options *o = &s->job->show;

	return selector_bears_change(s->selector) && !grep_has_context(o) &&
	    !o->only_matching && !s->job->color;
}

/* The name of all files that are followed, together. */
static const char *
tails_name(const struct job *j)
{
	return j->n_tails == 1 ? j->tails[0] : "--tail";
}

/* Returns the place of a file that is away; the name "" has any that is free. */
static struct away *
find_away(const struct search *s, const char *name)
{
	for (size_t i = 0; i < AWAY_MAX; i++)
		if (span_is(buf_span(&s->away[i].name), name))
			return &s->away[i];
	return NULL;
}

/* Returns a place for a file, with a selector that nothing is known to. */
static struct away *
new_away(struct search *s)
{
	struct away *a = find_away(s, "");

	if (a == NULL) {
		a = &s->away[s->last_away++ % AWAY_MAX];
		grep_state_free(&a->state);
		a->state = (struct grep_state){ 0 };
	}
	if (a->state.selector == NULL) {
		a->state.selector = new_selector(s->job);
		selector_input(a->state.selector, ZONE_NOW);
	}
	return a;
}

/*
 * Another file has lines.  If those of the last one are not at their end, a
 * message or a table, they go on when its turn comes again.
 */
static void
leave_file(struct search *s, const char *name)
{
	bool goes_on = selector_carries(s->selector);
	struct away *a = find_away(s, name);
	struct grep_state last = s->grep.state;

	if (a == NULL && !goes_on)
		return;
	if (a == NULL)
		a = new_away(s);
	s->grep.state = a->state;
	a->state = last;
	s->selector = s->grep.state.selector;
	buf_clear(&a->name);
	if (goes_on && buf_addspan(&a->name, buf_span(&s->name)) < 0)
		die("--tail");
}

/* The name of the file that a block is of. */
static void
name_block(struct search *s, const char *name)
{
	if (name != NULL && span_is(buf_span(&s->name), name))
		return;
	if (name != NULL && s->name.len > 0)
		leave_file(s, name);
	buf_clear(&s->name);
	if (name == NULL || buf_adds(&s->name, name) < 0 ||
	    (name = buf_str(&s->name)) == NULL)
		die("--tail");
	grep_rename(&s->grep, name);
}

/* Say what could not be done with all lines of a file. */
static void
report_lines(const struct search *s, struct lines *lines)
{
	const struct grep *g = &s->grep;

	if (lines_cut(lines) > 0)
		warnx("%s: lines longer than %zu bytes, which were cut: %llu",
		    g->name, s->job->max_line,
		    (unsigned long long)lines_cut(lines));
	if (g->limits > 0)
		warnx("%s: lines PCRE2 gave up on, taken as not matching: %llu",
		    g->name, (unsigned long long)g->limits);
	if (s->timeless)
		warnx("%s: no line with a time that %s could select by",
		    g->name, s->job->criteria.since != NULL ? "--since" :
		    "--until");
}

/* Search the lines of an input or, when in is NULL, of a tail. */
static void
search_lines(struct search *s, struct input *in, struct tail *tail,
    struct lines *lines)
{
	struct grep *g = &s->grep, before;
	struct span block;
	bool any = false;
	int got = 0;

	if (bears_change(s))
		lines_map(lines);
	while (!g->stopped && !is_enough() &&
	    (got = lines_block(lines, &block)) > 0) {
		any = true;
		if (tail != NULL)
			name_block(s, tail_name(tail));
		before = *g;
		grep_block(g, block);
		if (lines_gone(lines)) {
			grep_undo(g, &before);
			continue;
		}
		report_limit(s);
		flush(s);
	}
	if (tail != NULL && !s->job->show.list_with)
		g->name = tails_name(s->job);
	grep_result(g);
	s->trouble |= got < 0;
	s->timeless = any && tail == NULL && has_time_limits(s->job) &&
	    !selector_has_time(s->selector) && !input_left_out(in);
	if (got < 0 && !s->job->no_messages)
		warnx("%s: %s", g->name, in != NULL ? input_error(in) :
		    strerror(ENOMEM));
	if (!s->job->no_messages)
		report_lines(s, lines);
}

/* Whether output is written for each line, and to the file that is read. */
static bool
is_output(const struct job *j, const struct input *in)
{
	return !j->show.quiet && !j->show.list_with && !j->show.list_without &&
	    !j->show.count && j->show.max > 1 && input_is_output(in);
}

/*
 * The offset at which standard input is left for its next reader: after -m
 * lines just after the last of them, and at its end when one line was enough.
 * -1 leaves it as it is.
 */
static off_t
place_to_leave(const struct search *s, struct input *in, off_t start)
{
	const struct grep_options *o = &s->job->show;

	if (input_fd(in) != STDIN_FILENO || start < 0)
		return -1;
	if (o->quiet || o->list_with || o->list_without)
		return s->grep.stopped ? input_stat(in)->st_size : -1;
	return s->grep.left == 0 && !input_is_compressed(in) ?
	    start + (off_t)s->grep.last : -1;
}

/*
 * Let the input leave out lines that are not wanted, if no result needs them.
 */
static void
leave_out(const struct job *j, struct input *in)
{
	if (j->may_leave_out && S_ISREG(input_stat(in)->st_mode) &&
	    input_fd(in) != STDIN_FILENO)
		input_choose(in, &j->wanted);
}

/* Report what went wrong with what is at a URL; why is NULL for nothing. */
static void
report_trouble(struct search *s, const char *why)
{
	if (why == NULL)
		return;
	s->trouble = true;
	if (!s->job->no_messages)
		warnx("%s: %s", s->grep.name, why);
}

/* Search one input, and close it. */
static void
search_input(struct search *s, struct input *in)
{
	const struct job *j = s->job;
	off_t start = lseek(input_fd(in), 0, SEEK_CUR), leave = -1;
	struct lines *lines;

	if (is_output(j, in)) {
		if (!j->no_messages)
			warnx("%s: input file is also the output",
			    s->grep.name);
		s->trouble = true;
	} else {
		if ((lines = lines_new(in, j->max_line)) == NULL)
			die("%s", s->grep.name);
		leave_out(j, in);
		selector_input(s->selector, S_ISREG(input_stat(in)->st_mode) ?
		    input_stat(in)->st_mtime : ZONE_NOW);
		search_lines(s, in, NULL, lines);
		lines_free(lines);
		leave = place_to_leave(s, in, start);
	}
	flush(s);
	input_close(in);
	report_trouble(s, operand_end(s->operand));
	if (leave >= 0)
		lseek(STDIN_FILENO, leave, SEEK_SET);
}

/*
 * Report that a file cannot be opened.  Its name may have been meant as a
 * pattern.
 */
static void
report_no_file(const struct job *j, const char *name)
{
	int e = errno;

	if (e == ENOENT && selects_by_record(j) && !j->have_patterns &&
	    !j->criteria.server_errors)
		warnx("%s: %s (a pattern beside -W, --since or --until goes "
		    "behind -e: -e %s)", name, strerror(e), name);
	else
		warnx("%s: %s%s", name, strerror(e), operand_hint(name, e));
	errno = e;
}

/* The work of a thread: search its file. */
static void
search_file(void *arg)
{
	struct search *s = arg;
	const struct job *j = s->job;
	const char *why;
	struct input *in;

	if (is_enough())
		return;
	if (s->operand->passed_over) {
		grep_result(&s->grep);
		flush(s);
		return;
	}
	in = operand_open(s->operand, &why);
	if (strcmp(s->grep.name, "-") == 0)
		s->grep.name = j->label;
	if (in != NULL) {
		search_input(s, in);
		return;
	}
	if (why != NULL) {
		report_trouble(s, why);
		return;
	}
	if (!j->no_messages)
		report_no_file(j, s->grep.name);
	s->trouble = true;
	if (errno == EISDIR) {	/* grep opens it as an empty file */
		grep_result(&s->grep);
		flush(s);
	}
}

/* Make ready to search another file. */
static void
begin_search(struct search *s, const struct job *j, struct operand *o,
    uint64_t turn)
{
	const char *name = o != NULL ? o->name : tails_name(j);

	s->operand = o;
	s->job = j;
	s->turn = turn;
	s->announced = s->limit_told = s->trouble = s->timeless = false;
	grep_begin(&s->grep, &j->show, s->selector, name);
}

/* Take the result of a search into account. */
static void
end_search(struct search *s)
{
	trouble |= s->trouble;
	if (s->grep.unlisted) {
		warnx("%s: %s", s->grep.name, NAME_LIST_NEWLINE);
		unlisted = true;
	}
	timeless |= s->timeless;
	any_selected |= s->grep.selected > 0;
	if (s->job->show.quiet && s->grep.selected > 0)
		stop_all();
}

static void
free_search(struct search *s)
{
	selector_free(s->selector);
	grep_free(&s->grep);
	buf_free(&s->name);
	for (size_t i = 0; s->away != NULL && i < AWAY_MAX; i++) {
		grep_state_free(&s->away[i].state);
		buf_free(&s->away[i].name);
	}
	free(s->away);
}

/*
 * Search one file after the other, in this thread.  If threads are wanted it
 * returns the first file that they are worth their start for.
 */
static struct operand *
search_in_turn(const struct job *j, struct url_operands *files, bool threads)
{
	struct search s = { .selector = new_selector(j) };
	uint64_t n = 0, bytes = 0;
	struct operand *o = NULL;

	while (!is_enough() && (o = url_operands_next(files)) != NULL) {
		bytes += operand_size(o);
		if (threads && (++n > FIRST_FILES || bytes > FIRST_BYTES))
			break;
		begin_search(&s, j, o, 0);
		search_file(&s);
		end_search(&s);
		operand_free(o);
		o = NULL;
	}
	free_search(&s);
	return o;
}

/* Called in the order of the files, with each search that is done. */
static void
finish_search(void *arg)
{
	struct search *s = arg;

	set_turn(s->turn);
	flush(s);
	end_search(s);
	operand_free(s->operand);
	set_turn(s->turn + 1);
}

/* Search several files at once, from o on. */
static void
search_at_once(const struct job *j, struct url_operands *files,
    struct operand *o, unsigned jobs)
{
	size_t n = 2 * jobs;
	struct search *ring = calloc(n, sizeof *ring), *s;
	struct thread_pool *pool = thread_pool_new(jobs, search_file);
	uint64_t put = 0;

	if (ring == NULL || pool == NULL)
		die("--jobs");
	input_idle = flush_idle;
	thread_pool_report(pool, finish_search);
	set_turn(1);
	for (; o != NULL && !is_enough(); o = url_operands_next(files)) {
		thread_pool_wait(pool, n - 1);
		s = &ring[put % n];
		if (s->selector == NULL)
			s->selector = new_selector(j);
		begin_search(s, j, o, ++put);
		if (thread_pool_put(pool, s) < 0)
			die("%s", o->name);
	}
	operand_free(o);
	thread_pool_wait(pool, 0);
	thread_pool_free(pool);
	for (size_t i = 0; i < n; i++)
		free_search(&ring[i]);
	free(ring);
}

/* How many files are searched at once. */
static unsigned
job_count(const struct job *j)
{
	unsigned cpus = thread_pool_cpus();

	if (j->jobs > 0)
		return (unsigned)j->jobs;
	if (!j->several)
		return 1;
	return cpus < JOBS_MAX ? cpus : JOBS_MAX;
}

static int
exit_status(const struct job *j)
{
	bool selected = any_selected;

	if (trouble && !(j->show.quiet && selected))
		return STATUS_TROUBLE;
	if (!selected && timeless)
		return STATUS_TROUBLE;
	return selected && !unlisted ? STATUS_OK : STATUS_NO;
}

int
search_files(const struct job *j, struct url_operands *files)
{
	unsigned jobs = job_count(j);
	struct operand *o;

	operands = files;
	if ((o = search_in_turn(j, files, jobs > 1)) != NULL)
		search_at_once(j, files, o, jobs);
	operands = NULL;
	if (url_operands_error(files) != 0) {
		errno = url_operands_error(files);
		warn("%s", j->list != NULL ? j->list : "operands");
		trouble = true;
	}
	return exit_status(j);
}

/* Whether path has a pattern in front of its last two parts. */
static bool
has_early_pattern(const char *path)
{
	const char *slash = strrchr(path, '/');

	slash = slash != NULL ? memrchr(path, '/', (size_t)(slash - path)) :
	    NULL;
	return slash != NULL && strcspn(path, "*?[") < (size_t)(slash - path);
}

/* Search the data that is appended to files from now on. */
int
search_tails(const struct job *j)
{
	struct search s = { .selector = new_selector(j) };
	struct lines *lines;
	const char *bad;
	struct tail *t;

	if ((t = tail_new(j->tails, j->max_line, &bad)) == NULL ||
	    (lines = lines_of(tail_read, t, j->max_line)) == NULL) {
		if (errno == ENOENT && has_early_pattern(bad))
			diex("%s: %s (only its last two parts may be patterns)",
			    bad, strerror(errno));
		die("%s", bad);
	}
	if ((s.away = calloc(AWAY_MAX, sizeof *s.away)) == NULL)
		die("--tail");
	begin_search(&s, j, NULL, 0);
	selector_input(s.selector, ZONE_NOW);
	search_lines(&s, NULL, t, lines);
	flush(&s);
	end_search(&s);
	lines_free(lines);
	free_search(&s);
	if ((errno = tail_free(t)) != 0) {
		warn("%s", tails_name(j));
		trouble = true;
	}
	return exit_status(j);
}
