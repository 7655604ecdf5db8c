/*
 * tap - the few lines a C test needs to speak TAP
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_bad;

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5), unused)) static bool
tap_ok(bool good, const char *file, int line, const char *fmt, ...)
{
	__builtin_va_list ap;
	char name[256];

	__builtin_va_start(ap, fmt);
	vsnprintf(name, sizeof name, fmt, ap);
	__builtin_va_end(ap);
	tap_bad += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_count, name);
	if (!good)
		printf("#   at %s line %d\n", file, line);
	fflush(stdout);
	return good;
}

/* return done_testing(); */
static inline int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_bad != 0;
}

#endif
