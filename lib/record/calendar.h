/*
 * calendar - days of the Gregorian calendar, counted from 1970
 */
#ifndef RECORD_CALENDAR_H
#define RECORD_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum { DAY_S = 86400 };

/* The days from 1 January 1970 to a date; month is 1 to 12. */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
void civil_from_days(int64_t days, int64_t *year, unsigned *month,
    unsigned *day);
/* Whether the calendar has such a day. */
bool is_date(int64_t year, unsigned month, unsigned day);

#endif
