/*
 * message - messages: "command: thing: reason" on standard error, or in syslog
 *
 * The names are those of err(3), which knows nothing of syslog; so err.h is
 * not included beside this one.  Threads may call them: one message is one
 * write.  A message is cut at 2 KiB.  No message ever holds a secret.  Control
 * characters, which may be in a name or in a server's words, are shown as \xHH.
 */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include <stdnoreturn.h>

#define PRINTF_LIKE(m, n) __attribute__((format(printf, m, n)))

void message_init(const char *command);	/* command is kept, not copied */
void message_to_syslog(void); /* user.err (notes: user.info), with pid */
extern void (*diag_before)(void);	/* called before text goes to stderr */

void warn(const char *fmt, ...) PRINTF_LIKE(1, 2); /* adds strerror(errno) */
void warnx(const char *fmt, ...) PRINTF_LIKE(1, 2);
void note(const char *fmt, ...) PRINTF_LIKE(1, 2);	/* for --verbose */

/*
 * Print the message and exit with STATUS_TROUBLE.  Only cmd/ may call these.
 * When standard input is a pipe they wait for a second first: syslog-ng starts
 * a program() that has ended again at once, some 200 times a second.
 */
noreturn void die(const char *fmt, ...) PRINTF_LIKE(1, 2);
noreturn void diex(const char *fmt, ...) PRINTF_LIKE(1, 2);
noreturn void message_exit(void); /* the pause and the exit without a message */

#endif
