#include "base/opt.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/sandbox.h"
#include "base/status.h"
#include "base/units.h"
#include "base/version.h"

enum { MAX_OPTS = 96, WORD_MAX = 40 };
enum { HELP = 1, VERSION, SYSLOG };	/* codes that no letter has */

static const struct opt ours[] = {
	{ HELP, "help", NULL, "print this help" },
	{ VERSION, "version", NULL, "print the version" },
	{ SYSLOG, "syslog", NULL, "messages go to syslog(3)" },
	{ 0 },
};

static const struct opt *current;	/* the option last returned */

static bool
has_letter(const struct cmd *cmd, int letter)
{
	for (const struct opt *o = cmd->opts; o->letter != 0; o++)
		if (o->letter == letter)
			return true;
	return false;
}

/* The letter that people may type for o, or 0. */
static int
letter_of(const struct cmd *cmd, const struct opt *o)
{
	if (o->letter == HELP)
		return has_letter(cmd, 'h') ? 0 : 'h';
	if (o->letter == VERSION)
		return has_letter(cmd, 'V') ? 0 : 'V';
	return o->letter > ' ' && o->letter < 127 ? o->letter : 0;
}

static void
print_usage(FILE *f, const struct cmd *cmd)
{
	fprintf(f, "usage: %s [option ...] %s\n", cmd->name, cmd->operands);
}

static void
print_opt(const struct cmd *cmd, const struct opt *o)
{
	char left[64];
	int letter = letter_of(cmd, o), n = 0;

	if (o->help == NULL)
		return;
	if (o->letter == OPT_GROUP) {
		printf("\n%s\n", o->help);
		return;
	}
	if (letter != 0)
		n = snprintf(left, sizeof left, "-%c%s", letter,
		    o->name != NULL ? ", " : "");
	else
		n = snprintf(left, sizeof left, "    ");
	if (o->name != NULL)
		n += snprintf(left + n, sizeof left - (size_t)n, "--%s",
		    o->name);
	if (o->arg != NULL && o->arg[0] == '[')
		snprintf(left + n, sizeof left - (size_t)n, "[=%s", o->arg + 1);
	else if (o->arg != NULL)
		snprintf(left + n, sizeof left - (size_t)n, "%c%s",
		    o->name != NULL ? '=' : ' ', o->arg);
	printf("  %-28s %s\n", left, o->help);
}

/* End after something was printed; what is long is written in several parts. */
static noreturn void
exit_printed(void)
{
	bool failed = fflush(stdout) != 0 || ferror(stdout);

	exit(failed ? STATUS_TROUBLE : STATUS_OK);
}

static noreturn void
print_help(const struct cmd *cmd)
{
	print_usage(stdout, cmd);
	printf("%s - %s\n", cmd->name, cmd->what);
	for (const struct opt *o = cmd->opts; o->letter != 0; o++)
		print_opt(cmd, o);
	printf("\nEverywhere\n");
	for (const struct opt *o = ours; o->letter != 0; o++)
		print_opt(cmd, o);
	exit_printed();
}

/* Whether o takes an argument, in the terms of getopt_long(3). */
static int
takes(const struct opt *o)
{
	if (o->arg == NULL)
		return no_argument;
	return o->arg[0] == '[' ? optional_argument : required_argument;
}

/* Turn the command's table into what getopt_long(3) wants. */
static void
tables(const struct cmd *cmd, char *letters, struct option *longs)
{
	const struct opt *part[] = { cmd->opts, ours };
	char *l = letters;
	int n = 0, letter;

	if (cmd->stops_at_operand)
		*l++ = '+';
	*l++ = ':';
	for (int i = 0; i < 2; i++)
		for (const struct opt *o = part[i]; o->letter != 0; o++) {
			assert(n < MAX_OPTS - 1);
			if ((letter = letter_of(cmd, o)) != 0) {
				*l++ = (char)letter;
				for (int c = takes(o); c > 0; c--)
					*l++ = ':';
			}
			if (o->name != NULL)
				longs[n++] = (struct option){ o->name,
					takes(o), NULL, o->letter };
		}
	*l = '\0';
	longs[n] = (struct option){ 0 };
}

static const struct opt *
find(const struct cmd *cmd, int code)
{
	const struct opt *part[] = { cmd->opts, ours };

	for (int i = 0; i < 2; i++)
		for (const struct opt *o = part[i]; o->letter != 0; o++)
			if (o->letter == code || letter_of(cmd, o) == code)
				return o;
	return NULL;
}

/*
 * How many letters differ, are missing, too many or swapped between a and b
 * (Damerau and Levenshtein).
 */
static size_t
distance(struct span a, struct span b)
{
	size_t d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a.len; i++)
		for (size_t j = 0; j <= b.len; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = d[i - 1][j - 1] + (a.p[i - 1] != b.p[j - 1]);
			if (d[i][j] > d[i - 1][j] + 1)
				d[i][j] = d[i - 1][j] + 1;
			if (d[i][j] > d[i][j - 1] + 1)
				d[i][j] = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1] &&
			    d[i][j] > d[i - 2][j - 2] + 1)
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	return d[a.len][b.len];
}

void
opt_nearest(struct nearest *near, struct span word, const char *candidate)
{
	struct span c = span_str(candidate);
	size_t d, most = c.len < 3 ? 0 : c.len < 8 ? 1 : c.len / 4;

	if (word.len > WORD_MAX || c.len > WORD_MAX)
		return;
	d = distance(word, c);
	if (d <= most && (near->word == NULL || d < near->distance))
		*near = (struct nearest){ candidate, d };
}

static noreturn void
no_such_option(const struct cmd *cmd, const char *word)
{
	const struct opt *part[] = { cmd->opts, ours };
	struct span name = span_of(word, strcspn(word, "="));
	struct nearest near = { 0 };

	for (int i = 0; i < 2; i++)
		for (const struct opt *o = part[i]; o->letter != 0; o++)
			if (o->name != NULL)
				opt_nearest(&near, span_of(name.p + 2,
				    name.len - 2), o->name);
	if (near.word != NULL)
		opt_misuse(cmd, "no such option: %.*s (did you mean --%s?)",
		    (int)name.len, name.p, near.word);
	opt_misuse(cmd, "no such option: %.*s", (int)name.len, name.p);
}

/* Say what getopt complained of, in our words, and exit. */
static noreturn void
complain(const struct cmd *cmd, int why, char *argv[])
{
	const struct opt *o = find(cmd, optopt);
	const char *word = argv[optind - 1];
	bool is_long = strncmp(word, "--", 2) == 0;

	if (why == ':')
		opt_misuse(cmd, "option needs an argument: %s%s",
		    is_long ? "--" : "-",
		    is_long && o != NULL ? o->name
					 : (char[]){ (char)optopt, 0 });
	if (is_long)
		no_such_option(cmd, word);
	opt_misuse(cmd, "no such option: -%c", optopt);
}

/*
 * A standard descriptor that is closed would be given to the next file that is
 * opened, and messages or results would be written into that file.  The
 * descriptor that fills the gap fails each read or write with EBADF, as the
 * closed one did.
 */
static void
fill_gaps(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null",
		    fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) {
			warn("/dev/null");
			exit(STATUS_TROUBLE);
		}
}

/*
 * Name a library that the command is linked with.  Of a system's libraries the
 * file's own name tells the version, as in libz.so.1.2.13.
 */
static int
print_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	static const char *const linked[] = {
		"libpcre2-8.", "libz.", "libdeflate.", "libarchive.",
		"liblz4.", "libcrypto.", "libcurl.", "librdkafka.", "libc.",
	};
	char *path = realpath(info->dlpi_name, NULL), *name;
	const char **before = arg;

	(void)size;
	name = path != NULL ? strrchr(path, '/') : NULL;
	for (size_t i = 0; name != NULL && i < sizeof linked / sizeof *linked; i++)
		if (strncmp(name + 1, linked[i], strlen(linked[i])) == 0) {
			printf("%s%s", *before, name + 1);
			*before = " ";
		}
	free(path);
	return 0;
}

static void
print_version(const struct cmd *cmd)
{
	int version = sandbox_version();
	const char *before = "with ";

	printf("%s (logferry) %s\n", cmd->name, LOGFERRY_VERSION);
	if (cmd->sandboxed && version > 0)
		printf("where it only reads files, it can write to none: "
		    "Landlock version %d\n", version);
	else if (cmd->sandboxed)
		printf("this kernel has no Landlock\n");
	dl_iterate_phdr(print_library, &before);
	putchar('\n');
}

int
opt_next(const struct cmd *cmd, int argc, char *argv[])
{
	static char letters[3 * MAX_OPTS + 3];
	static struct option longs[MAX_OPTS];
	static unsigned lists;
	int ch;

	if (letters[0] == '\0') {
		message_init(cmd->name);
		fill_gaps();
		limits_raise();
		tables(cmd, letters, longs);
		opterr = 0;
	}
	for (;;) {
		ch = getopt_long(argc, argv, letters, longs, NULL);
		if (ch == -1)
			return -1;
		if (ch == '?' || ch == ':')
			complain(cmd, ch, argv);
		current = find(cmd, ch);
		switch (current->letter) {
		case HELP:
			print_help(cmd);
		case VERSION:
			print_version(cmd);
			exit_printed();
		case SYSLOG:
			message_to_syslog();
			break;
		case 'T':	/* of several lists only the last would count */
			if (lists++ > 0)
				opt_misuse(cmd, "-T: given twice");
			return ch;
		default:
			return ch;
		}
	}
}

static noreturn void
bad_argument(const struct cmd *cmd, const char *want)
{
	if (current->name != NULL)
		opt_misuse(
		    cmd, "--%s: %s: not %s", current->name, optarg, want);
	opt_misuse(cmd, "-%c: %s: not %s", current->letter, optarg, want);
}

unsigned long
opt_number(const struct cmd *cmd, unsigned long min, unsigned long max)
{
	unsigned long v;
	char *end, want[80];

	errno = 0;
	v = strtoul(optarg, &end, 10);
	if (!isdigit((unsigned char)*optarg) || *end != '\0' || errno != 0 ||
	    v < min || v > max) {
		if (max == (unsigned long)-1)
			snprintf(want, sizeof want, "a number from %lu", min);
		else
			snprintf(want, sizeof want, "a number from %lu to %lu",
			    min, max);
		bad_argument(cmd, want);
	}
	return v;
}

int64_t
opt_duration_ms(const struct cmd *cmd)
{
	int64_t ms;

	if (units_duration_ms(optarg, &ms) < 0)
		bad_argument(cmd, "a duration such as 30, 1.5s, 500ms, 5m, 2h");
	return ms;
}

uint64_t
opt_size(const struct cmd *cmd, uint64_t min, uint64_t max)
{
	uint64_t v;

	if (units_size(optarg, &v) < 0 || v < min || v > max)
		bad_argument(cmd, "a size in range, such as 64K, 8M, 1G");
	return v;
}

int
opt_word(const struct cmd *cmd, const char *const *words)
{
	char want[256] = "one of";
	size_t n = strlen(want);

	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(optarg, words[i]) == 0)
			return i;
		n += (size_t)snprintf(want + n, sizeof want - n, " %s",
		    words[i]);
		if (n >= sizeof want)
			break;
	}
	bad_argument(cmd, want);
}

void
opt_misuse(const struct cmd *cmd, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	warnx("%s", text);
	print_usage(stderr, cmd);
	message_exit();
}
