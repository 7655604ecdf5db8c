/*
 * syslog_priority - syslog's facilities and severities, and what means the same
 *
 * The numbers are those of RFC 5424, tables 1 and 2.
 */
#ifndef RECORD_SYSLOG_PRIORITY_H
#define RECORD_SYSLOG_PRIORITY_H

#include <stdbool.h>

#include "base/buf.h"

enum { PRIORITY_FACILITIES = 24, PRIORITY_SEVERITIES = 8 };

extern const char *const priority_facilities[PRIORITY_FACILITIES];
extern const char *const priority_severities[PRIORITY_SEVERITIES];

/*
 * The number of a facility or severity that word names, or which it is as a
 * number in JSON; -1 for anything else.  The names of a severity are also an
 * application's levels, in upper or lower case; the numbers are also those of
 * pino and bunyan (50 is an error).
 */
int syslog_priority_facility(struct span word, bool is_number);
int syslog_priority_severity(struct span word, bool is_number);

#endif
