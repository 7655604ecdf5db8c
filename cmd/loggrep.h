/*
 * loggrep - what the parts of the command share
 */
#ifndef LOGGREP_H
#define LOGGREP_H

#include "match/grep.h"
#include "store/url_operands.h"

/* The options, which are the same for all files. */
struct job {
	struct buf patterns;	/* one to a line, and an LF after the last */
	bool have_patterns;
	int pattern_flags;
	struct pattern *pattern;
	struct criteria criteria;
	char **where;	/* for the criteria, ends with NULL */
	size_t n_where;
	const char *since_text, *until_text;
	struct timestamp since, until;
	/* What an index may leave out, if no result needs it. */
	struct gzip_wanted wanted;
	bool may_leave_out;
	struct zone zone;
	struct grep_options show;
	uint64_t context;
	bool no_messages, no_names, color;
	const char *label;
	size_t max_line;
	unsigned long jobs;	/* 0: what suits the files and the machine */
	bool several;		/* there may be more than one file */
	char **tails;		/* files to follow, ends with NULL */
	size_t n_tails;
	struct url_options urls;
	const char *list;
	bool nul_list;
};

/*
 * Make a selector for a thread.  A wrong condition ends the command with
 * misuse.
 */
struct selector *new_selector(const struct job *j);

/* Whether lines are selected by time; by other fields of their records. */
static inline bool
has_time_limits(const struct job *j)
{
	return j->criteria.since != NULL || j->criteria.until != NULL;
}

static inline bool
selects_by_record(const struct job *j)
{
	return j->n_where > 0 || has_time_limits(j);
}

/*
 * Search files, or the data that is appended to files from now on, and print
 * the results.  Returns the exit status, which a failed write may still change.
 */
int search_files(const struct job *j, struct url_operands *files);
int search_tails(const struct job *j);

#endif
