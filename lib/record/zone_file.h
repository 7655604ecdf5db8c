/*
 * zone_file - zones that a line names, read from the tz database
 */
#ifndef RECORD_ZONE_FILE_H
#define RECORD_ZONE_FILE_H

#include <stdbool.h>

extern _Thread_local bool zone_file_short;

/*
 * Whether zone_named_to_utc (timestamp.h) found no zone for lack of memory, in
 * this thread, since the last call: then a time may be wrong.
 */
static inline bool
zone_file_failed(void)
{
	bool failed = zone_file_short;

	zone_file_short = false;
	return failed;
}

#endif
