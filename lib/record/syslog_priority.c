#include "record/syslog_priority.h"

#include <string.h>
#include <strings.h>

const char *const priority_facilities[PRIORITY_FACILITIES] = {
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news",
	"uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6",
	"local7",
};

const char *const priority_severities[PRIORITY_SEVERITIES] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};

/*
 * How the names of levels begin in any logging library; a level of one letter
 * has to be the whole word.
 */
static const struct {
	const char *begins;
	int severity;
} levels[] = {
	{ "emerg", 0 }, { "panic", 0 }, { "alert", 1 }, { "crit", 2 },
	{ "fatal", 2 }, { "f", 2 }, { "err", 3 }, { "e", 3 }, { "severe", 3 },
	{ "warn", 4 }, { "w", 4 }, { "notice", 5 }, { "info", 6 }, { "i", 6 },
	{ "debug", 7 }, { "debg", 7 }, { "d", 7 }, { "trac", 7 },
};

/* The number of at most two digits, or -1. */
static int
number(struct span word)
{
	int n = 0;

	if (word.len == 0 || word.len > 2)
		return -1;
	for (size_t i = 0; i < word.len; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return -1;
		n = n * 10 + word.p[i] - '0';
	}
	return n;
}

int
syslog_priority_facility(struct span word, bool is_number)
{
	int n = is_number ? number(word) : 0;

	if (is_number)
		return n < PRIORITY_FACILITIES ? n : -1;
	for (; n < PRIORITY_FACILITIES; n++)
		if (span_is(word, priority_facilities[n]))
			return n;
	return -1;
}

/*
 * The severity that a number means: 0 to 7 are syslog's; 10 to 60 are trace,
 * debug, info, warn, error and fatal.
 */
static int
severity_of_number(int n)
{
	static const int tens[] = { 7, 7, 6, 4, 3, 2 };

	if (n < PRIORITY_SEVERITIES)
		return n;
	return n % 10 == 0 && n <= 60 ? tens[n / 10 - 1] : -1;
}

int
syslog_priority_severity(struct span word, bool is_number)
{
	if (is_number)
		return severity_of_number(number(word));
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		size_t n = strlen(levels[i].begins);

		if (word.len >= n && (n > 1 || word.len == 1) &&
		    strncasecmp(word.p, levels[i].begins, n) == 0)
			return levels[i].severity;
	}
	return -1;
}
