/*
 * opt - a command's options: one table for parsing, usage, help and completion
 *
 * Every command has -h/--help, -V/--version and --syslog without listing them;
 * a table that uses h or V itself keeps only the long name of ours.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "base/buf.h"
#include "base/message.h"

struct opt {
	int letter; /* what opt_next returns; above 255 there is no letter */
	const char *name;	/* long name, or NULL */
	/*
	 * The argument's name, or NULL for none.  An argument "[name]" may be
	 * left out; then optarg is NULL.
	 */
	const char *arg;
	/*
	 * NULL for an option that is not shown.  Of an argument that is one of
	 * a few words it ends with ": word, word (more)", which is what the
	 * completions offer.
	 */
	const char *help;
};

struct cmd {
	const char *name;
	const char *what;	/* one line, as in NAME of the manual */
	const char *operands;
	const struct opt *opts;	/* ends with { 0 } */
	bool stops_at_operand; /* what follows the first operand is no option */
	bool sandboxed; /* the command calls sandbox_enter where it can */
};

enum {
	/*
	 * No option, but a heading (in help) of those that follow; each table
	 * begins with one.
	 */
	OPT_GROUP = -1,
	OPT_LONG = 256	/* the first free code for an option without letter */
};

/* The options of every command that takes files; see operands.h. */
#define OPT_FILES_FROM \
	{ 'T', "files-from", "list", "take file names from list (- is stdin)" }
#define OPT_NULL_LIST \
	{ '0', "null-list", NULL, "names in lists and on stdout end with NUL" }

/*
 * Returns the next option's letter or code, or -1 after the last; then optind
 * is the first operand's index, and optarg is as in getopt(3).  --help and
 * --version print and exit 0, misuse says so and exits STATUS_TROUBLE.  The
 * first call sets the name that messages begin with, and opens those of
 * standard input, output and error that are closed, as descriptors on which
 * every read and write fails.
 */
int opt_next(const struct cmd *cmd, int argc, char *argv[]);

/*
 * The argument of the option that opt_next has just returned.  When it is not
 * valid they call opt_misuse.
 */
unsigned long opt_number(const struct cmd *cmd, unsigned long min,
    unsigned long max);
int64_t opt_duration_ms(const struct cmd *cmd);
uint64_t opt_size(const struct cmd *cmd, uint64_t min, uint64_t max);
/* The index of the argument in words, a list that ends with NULL. */
int opt_word(const struct cmd *cmd, const char *const *words);

/* The word that a mistyped one may have been meant for; start with { 0 }. */
struct nearest {
	const char *word;	/* the candidate, or NULL where none is near */
	size_t distance;
};
void opt_nearest(struct nearest *near, struct span word,
    const char *candidate);

/* Print "command: reason" and the usage line, and exit with STATUS_TROUBLE. */
noreturn void opt_misuse(const struct cmd *cmd, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

#endif
