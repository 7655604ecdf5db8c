/*
 * name_time - the last moment that the lines of a log can be of, by its name
 *
 * Known are, in the last part of a path: an epoch or a date (perhaps with hour,
 * minute and second) after a dash, as rotations add them; 20261129T065410Z and
 * what is finer; the names of CloudFront, of load balancers and of S3's access
 * logs at Amazon.  In the folders: 2026/11/28, 2026-11-28, dt=2026-11-28 and
 * year=2026/month=11/day=28, each perhaps with an hour after it.
 */
#ifndef ROTATE_NAME_TIME_H
#define ROTATE_NAME_TIME_H

#include <stdint.h>

/*
 * Returns seconds since 1970, or INT64_MAX for a name that tells no time.  A
 * stamp allows lines to the end of what it names, the hour or the day, in any
 * zone; a date a day more; all get an hour's grace.  Of several stamps the last
 * moment counts.
 */
int64_t name_time_last(const char *path);

#endif
