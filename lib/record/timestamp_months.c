#include "record/timestamp_parts.h"

/*
 * The short names of months as Java writes them in French, Spanish, Portuguese
 * and Chinese, without those that are English, too.  A longer name stands before
 * one that it begins with.
 */
static const struct {
	const char *name;
	unsigned month;
} names[] = {
	{ "janv", 1 }, { "ene", 1 },
	{ "févr", 2 }, { "fev", 2 },
	{ "mars", 3 },
	{ "avr", 4 }, { "abr", 4 },
	{ "mai", 5 },
	{ "juin", 6 },
	{ "juil", 7 },
	{ "août", 8 }, { "ago", 8 },
	{ "set", 9 },
	{ "out", 10 },
	{ "déc", 12 }, { "dic", 12 }, { "dez", 12 },
	{ "一月", 1 }, { "二月", 2 }, { "三月", 3 }, { "四月", 4 },
	{ "五月", 5 }, { "六月", 6 }, { "七月", 7 }, { "八月", 8 },
	{ "九月", 9 }, { "十月", 10 }, { "十一月", 11 }, { "十二月", 12 },
};

const char *
foreign_month(const char *p, const char *end, unsigned *month)
{
	const char *q;

	if (end - p < 3 || memchr("jefamsod\xe4\xe5", *p, 10) == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (*names[i].name != *p ||
		    (q = skip(p, end, names[i].name)) == NULL)
			continue;
		q += q < end && *q == '.';
		if (q == end || *q != ' ')
			return NULL;
		*month = names[i].month;
		return q;
	}
	return NULL;
}
