/*
 * diag - messages: "command: thing: reason" on standard error, or in syslog
 *
 * The names are those of err(3), which knows nothing of syslog; so err.h is
 * not included beside this one.  Threads may call them: one message is one
 * write.  A message is cut at 2 KiB.  No message ever holds a secret.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdnoreturn.h>

#define PRINTF_LIKE(m, n) __attribute__((format(printf, m, n)))

void diag_init(const char *command);	/* command: kept, not copied */
void diag_to_syslog(void);		/* user.err (notes: user.info), with pid */
extern void (*diag_before)(void);	/* called before text goes to stderr */

void warn(const char *fmt, ...) PRINTF_LIKE(1, 2);	/* adds strerror(errno) */
void warnx(const char *fmt, ...) PRINTF_LIKE(1, 2);
void note(const char *fmt, ...) PRINTF_LIKE(1, 2);	/* for --verbose */

/*
 * Say it and exit with STATUS_TROUBLE.  For cmd/ only.  When standard input is
 * a pipe a second passes first: syslog-ng starts a program() that ended again
 * at once, some 200 times a second.
 */
noreturn void die(const char *fmt, ...) PRINTF_LIKE(1, 2);
noreturn void diex(const char *fmt, ...) PRINTF_LIKE(1, 2);
noreturn void diag_exit(void);	/* only the pause and the exit */

#endif
