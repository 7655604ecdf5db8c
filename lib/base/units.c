#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

int
units_duration_ms(const char *s, int64_t *ms)
{
	static const struct { const char *name; double ms; } unit[] = {
		{ "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60e3 },
		{ "h", 3600e3 }, { "d", 86400e3 },
	};
	char *end;
	double v;

	if (!isdigit((unsigned char)*s) && *s != '.')
		return -1;
	/* strtod(3) also takes exponents and hex. */
	if (tolower((unsigned char)s[strspn(s, "0123456789.")]) == 'e')
		return -1;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		return -1;
	v = strtod(s, &end);
	if (end == s)
		return -1;
	for (size_t i = 0; i < sizeof unit / sizeof *unit; i++)
		if (strcmp(end, unit[i].name) == 0) {
			v *= unit[i].ms;
			if (!isfinite(v) || v > 9e15)
				return -1;
			*ms = (int64_t)(v + 0.5);
			return 0;
		}
	return -1;
}

int
units_size(const char *s, uint64_t *bytes)
{
	static const char letters[] = "KMGT";
	unsigned long long v;
	const char *l;
	unsigned shift = 0;
	char *end;

	if (!isdigit((unsigned char)*s))
		return -1;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno != 0)
		return -1;
	if (*end != '\0') {
		l = strchr(letters, toupper((unsigned char)*end));
		if (l == NULL)
			return -1;
		shift = 10 * (unsigned)(l - letters + 1);
		if (end[1] != '\0' && strcasecmp(end + 1, "B") != 0 &&
		    strcasecmp(end + 1, "iB") != 0)
			return -1;
	}
	if (v > UINT64_MAX >> shift)
		return -1;
	*bytes = (uint64_t)v << shift;
	return 0;
}

int64_t
units_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
