#include "base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/status.h"
#include "base/visible.h"

static const char *command = "logferry";
static bool to_syslog;
void (*diag_before)(void);

void
message_init(const char *name)
{
	command = name;
}

void
message_to_syslog(void)
{
	openlog(command, LOG_PID | LOG_NDELAY, LOG_USER);
	to_syslog = true;
}

/* Write one message; error is an errno whose text is added, or 0. */
PRINTF_LIKE(3, 0) static void
say(int priority, int error, const char *fmt, va_list ap)
{
	char text[2048], shown[VISIBLE_MAX * sizeof text + 1];
	char line[sizeof shown + 64];
	int n, saved = errno;

	n = vsnprintf(text, sizeof text, fmt, ap);
	if (error != 0 && n >= 0 && (size_t)n < sizeof text)
		snprintf(text + n, sizeof text - (size_t)n, ": %s",
		    strerror(error));
	shown[visible_put(shown, span_str(text))] = '\0';
	if (to_syslog) {
		syslog(priority, "%s", shown);
	} else {
		if (diag_before != NULL)
			diag_before();
		n = snprintf(line, sizeof line, "%s: %s\n", command, shown);
		if (n > 0)
			(void)!write(STDERR_FILENO, line, (size_t)n);
	}
	errno = saved;
}

void
warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_ERR, errno, fmt, ap);
	va_end(ap);
}

void
warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_ERR, 0, fmt, ap);
	va_end(ap);
}

void
note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_INFO, 0, fmt, ap);
	va_end(ap);
}

void
message_exit(void)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISFIFO(st.st_mode))
		sleep(1);
	exit(STATUS_TROUBLE);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_ERR, errno, fmt, ap);
	va_end(ap);
	message_exit();
}

void
diex(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_ERR, 0, fmt, ap);
	va_end(ap);
	message_exit();
}
