/*
 * The zone part of timestamp.h: local time to UTC.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "record/timestamp_parts.h"

enum {
	SLOT_S = 900, HOUR_S = 3600,
	/* As far from a moment local_offset looks for changes, in hours. */
	AROUND = 24 + 16,
};

/* Reads "+02:00", "-0330", "+2".  Returns 0, or -1. */
static int
fixed_offset(const char *s, int32_t *offset_s)
{
	const char *p = s + 1, *end = s + strlen(s);
	unsigned hours, minutes = 0;

	if (*s != '+' && *s != '-')
		return -1;
	if (digits(p, end, 2, &hours))
		p += 2;
	else if (digits(p, end, 1, &hours))
		p++;
	else
		return -1;
	if (p < end) {
		p += *p == ':';
		if (end - p != 2 || !digits(p, end, 2, &minutes))
			return -1;
	}
	if (hours > 23 || minutes > 59)
		return -1;
	*offset_s = (int32_t)(hours * 60 + minutes) * (*s == '-' ? -60 : 60);
	return 0;
}

static bool
in_database(const char *name)
{
	const char *dir = getenv("TZDIR");
	struct buf path = { 0 };
	bool there;

	if (*name == '/' || strstr(name, "..") != NULL)
		return false;
	buf_printf(&path, "%s/%s", dir != NULL ? dir : "/usr/share/zoneinfo",
	    name);
	there = buf_str(&path) != NULL && access(path.p, R_OK) == 0;
	buf_free(&path);
	return there;
}

int
zone_set(struct zone *z, const char *name)
{
	z->slot = INT64_MIN;
	z->year_found = 0;
	memset(z->clf, 0, sizeof z->clf);
	memset(z->iso_day, 0, sizeof z->iso_day);
	memset(z->bsd_day, 0, sizeof z->bsd_day);
	z->fixed = true;
	z->offset_s = 0;
	if (strcmp(name, "UTC") == 0 || strcmp(name, "GMT") == 0 ||
	    strcmp(name, "Z") == 0 || fixed_offset(name, &z->offset_s) == 0)
		return 0;
	z->fixed = false;
	if (strcmp(name, "local") != 0) {
		if (*name == '\0' || !in_database(name)) {
			errno = EINVAL;
			return -1;
		}
		if (setenv("TZ", name, 1) < 0)
			return -1;
	}
	tzset();
	return 0;
}

/* The seconds that the zone of the process adds to UTC at a moment. */
static int32_t
offset_at(int64_t utc)
{
	time_t t = (time_t)utc;
	struct tm tm;

	return localtime_r(&t, &tm) != NULL ? (int32_t)tm.tm_gmtoff : 0;
}

static int32_t
local_offset(int64_t local)
{
	int32_t before = offset_at(local - DAY_S);
	int32_t after = offset_at(local + DAY_S);

	/*
	 * The offset before a change is tried first: in the hour that comes
	 * twice both fit, in the hour that is left out neither does.
	 */
	if (before == after || offset_at(local - before) == before)
		return before;
	return offset_at(local - after) == after ? after : before;
}

int64_t
zone_to_utc(struct zone *z, int64_t local)
{
	if (z->fixed)
		return local - z->offset_s;
	if (local <= 0)		/* in those days zones changed at odd seconds */
		return local - local_offset(local);
	if (z->slot != local / SLOT_S) {
		z->slot_offset_s = local_offset(local);
		z->slot = local / SLOT_S;
	}
	return local - z->slot_offset_s;
}

void
zone_from_utc(const struct zone *z, int64_t utc, int64_t *least,
    int64_t *greatest)
{
	int32_t offset = z->fixed ? z->offset_s : offset_at(utc);
	int32_t min = offset, max = offset;

	for (int h = -AROUND; !z->fixed && h <= AROUND; h++) {
		offset = offset_at(utc + h * HOUR_S);
		min = offset < min ? offset : min;
		max = offset > max ? offset : max;
	}
	*least = utc + min;
	*greatest = utc + max;
}
