/*
 * opt - a command's options: one table for parsing, usage, help and completion
 *
 * Every command has -h/--help, -V/--version and --syslog without listing them;
 * a table that uses h or V itself keeps only the long name of ours.
 */
#ifndef OPT_H
#define OPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "diag.h"

struct opt {
	int letter;		/* what opt_next returns; above 255: no letter */
	const char *name;	/* long name, or NULL */
	const char *arg;	/* the argument's name, or NULL for none;
				   "[name]": may be left out, then no optarg */
	const char *help;	/* NULL: not shown */
};

struct cmd {
	const char *name;
	const char *what;	/* one line, as in NAME of the manual */
	const char *operands;
	const struct opt *opts;	/* ends with { 0 } */
	bool stops_at_operand;	/* what follows the first operand is no option */
};

enum { OPT_LONG = 256 };	/* first free code for an option without letter */

/* For every command that takes files; see files.h. */
#define OPT_FILES_FROM \
	{ 'T', "files-from", "list", "take file names from list (- is stdin)" }
#define OPT_NULL_LIST \
	{ '0', "null-list", NULL, "names in lists and on stdout end with NUL" }

/*
 * The next option's letter or code, -1 after the last; then optind is the
 * first operand's index, and optarg is as in getopt(3).  --help and --version
 * print and exit 0, misuse says so and exits STATUS_TROUBLE.  The first call
 * sets the name that messages begin with, and fills what is closed of standard
 * input, output and error with descriptors that fail.
 */
int opt_next(const struct cmd *cmd, int argc, char *argv[]);

/* The argument of the option just returned, or misuse. */
unsigned long opt_number(const struct cmd *cmd, unsigned long min,
    unsigned long max);
int64_t opt_duration_ms(const struct cmd *cmd);
uint64_t opt_size(const struct cmd *cmd, uint64_t min, uint64_t max);
/* Index of the argument in words, a list that ends with NULL. */
int opt_word(const struct cmd *cmd, const char *const *words);

/* "command: reason", the usage line, STATUS_TROUBLE. */
noreturn void opt_misuse(const struct cmd *cmd, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

#endif
