/*
 * zone_named_to_utc is declared in timestamp.h.
 *
 * localtime(3) knows one zone, that of the process, which --tz sets; so the
 * files of the zone database (RFC 8536) are read here.
 */
#include "record/zone_file.h"

#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/calendar.h"
#include "record/timestamp.h"

enum {
	/* Bytes of a header, and where its six counts begin. */
	HEADER = 44, COUNTS = 20,
	FILE_MAX = 1 << 18, ZONE_NAME_MAX = 40, ZONES_MAX = 64,
	YEARS_AHEAD = 68, /* years to which the rule of the footer is applied */
};

struct change {
	int64_t at;		/* UTC */
	int32_t offset_s;	/* seconds east of UTC from then on */
};

struct named_zone {
	char name[ZONE_NAME_MAX + 1];
	int32_t first_offset_s;
	struct change *changes;
	size_t n;
};

_Thread_local bool zone_file_short;

/* All zones that were asked for so far. */
static struct {
	pthread_mutex_t lock;
	struct named_zone *list[ZONES_MAX];
	size_t n;
} zones = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int64_t
big_endian(const unsigned char *p, int n)
{
	uint64_t v = (p[0] & 0x80) != 0 ? UINT64_MAX : 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return (int64_t)v;
}

/*
 * Whether name is like "Europe/Berlin": words with slashes between, which lead
 * to no other folder.
 */
static bool
is_zone_name(struct span name)
{
	if (name.len == 0 || name.len > ZONE_NAME_MAX || *name.p == '/')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '/' && c != '_' &&
		    c != '-' && c != '+')
			return false;
	}
	return true;
}

/* Reads the whole file of a zone.  Returns 0, or -1 when there is none. */
static int
read_zone(struct buf *b, const char *name)
{
	const char *dir = getenv("TZDIR");
	struct buf path = { 0 };
	struct stat st;
	int fd = -1, r = -1;
	ssize_t n;

	buf_printf(&path, "%s/%s", dir != NULL ? dir : "/usr/share/zoneinfo",
	    name);
	if (buf_str(&path) == NULL || (fd = open(path.p, O_RDONLY | O_CLOEXEC |
	    O_NONBLOCK)) < 0)
		goto out;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > HEADER &&
	    st.st_size < FILE_MAX && buf_reserve(b, (size_t)st.st_size) == 0 &&
	    (n = read(fd, b->p, (size_t)st.st_size)) == st.st_size) {
		b->len = (size_t)n;
		r = 0;
	}
	close(fd);
out:
	buf_free(&path);
	return r;
}

static int
add_change(struct named_zone *z, int64_t at, int32_t offset_s)
{
	struct change *c;

	if ((z->n & (z->n + 1)) == 0) { /* the memory is full, and doubled */
		c = realloc(z->changes, (2 * z->n + 2) * sizeof *c);
		if (c == NULL)
			return -1;
		z->changes = c;
	}
	z->changes[z->n++] = (struct change){ at, offset_s };
	return 0;
}

/* Reads "CET" or "<+03>" of a POSIX zone.  Returns where the text goes on. */
static const char *
skip_abbreviation(const char *p)
{
	if (*p == '<') {
		p += strcspn(p, ">");
		return p + (*p == '>');
	}
	while ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')
		p++;
	return p;
}

/*
 * Reads "-1", "5:30" or "-03:00:00" as seconds.  Returns where the text goes
 * on.
 */
static const char *
posix_time(const char *p, int32_t *s)
{
	int sign = *p == '-' ? -1 : 1;
	int32_t unit = 3600;
	char *end;

	p += *p == '-' || *p == '+';
	for (*s = 0; unit > 0 && *p >= '0' && *p <= '9'; unit /= 60) {
		*s += (int32_t)(strtol(p, &end, 10) % 1000) * unit * sign;
		p = end + (*end == ':' && unit > 1);
	}
	return p;
}

/*
 * When the clocks change in a year: "M3.5.0/2" is the fifth (or last) Sunday of
 * March at two; "J60" and "59" are days of the year.
 */
struct rule {
	/* When month is 0, weekday is the day of the year. */
	int month, week, weekday;
	bool no_leap_day;
	int32_t time_s;
};

static const char *
posix_rule(const char *p, struct rule *r)
{
	int n = 0;

	*r = (struct rule){ .time_s = 7200 };
	if (sscanf(p, ",M%2d.%1d.%1d%n", &r->month, &r->week, &r->weekday,
	    &n) == 3 && n > 0) {
		if (r->month < 1 || r->month > 12 || r->week < 1 ||
		    r->week > 5 || r->weekday > 6)
			return NULL;
	} else {
		r->month = 0;
		r->no_leap_day = p[0] == ',' && p[1] == 'J';
		n = 0;
		if (sscanf(p + r->no_leap_day, "%*1[,J]%3d%n", &r->weekday,
		    &n) != 1 || n == 0)
			return NULL;
		n += r->no_leap_day;
	}
	p += n;
	return *p == '/' ? posix_time(p + 1, &r->time_s) : p;
}

/* When the day of a rule begins, in days since 1970. */
static int64_t
day_of_rule(const struct rule *r, int64_t year)
{
	int64_t first, day;

	if (r->month == 0)
		return days_from_civil(year, 1, 1) + r->weekday -
		    r->no_leap_day + (r->no_leap_day && r->weekday > 59 &&
		    is_date(year, 2, 29));
	first = days_from_civil(year, (unsigned)r->month, 1);
	/* 1 January 1970 was a Thursday. */
	day = first + ((r->weekday - (first + 4)) % 7 + 7) % 7 +
	    (r->week - 1) * 7;
	if (day - first >= 28 && !is_date(year, (unsigned)r->month,
	    (unsigned)(day - first + 1)))
		day -= 7;
	return day;
}

/*
 * Add the changes that follow those of the file, as its last line describes
 * them.
 */
static int
add_footer(struct named_zone *z, const char *p)
{
	int64_t year = 1970, last = z->n > 0 ? z->changes[z->n - 1].at :
	    INT64_MIN, on, off;
	int32_t winter, summer;
	struct rule start, end;
	unsigned month, day;

	p = posix_time(skip_abbreviation(p), &winter);
	winter = -winter;
	if (z->n == 0)
		z->first_offset_s = winter;
	if (*p == '\0' || *p == '\n')
		return z->n > 0 && z->changes[z->n - 1].offset_s != winter ?
		    add_change(z, last, winter) : 0;
	p = skip_abbreviation(p);
	summer = winter + 3600;
	if (*p != ',') {
		p = posix_time(p, &summer);
		summer = -summer;
	}
	if ((p = posix_rule(p, &start)) == NULL ||
	    posix_rule(p, &end) == NULL)
		return -1;
	if (z->n > 0)
		civil_from_days(last / DAY_S, &year, &month, &day);
	for (int64_t y = year; y < year + YEARS_AHEAD; y++) {
		on = day_of_rule(&start, y) * DAY_S + start.time_s - winter;
		off = day_of_rule(&end, y) * DAY_S + end.time_s - summer;
		for (int i = 0; i < 2; i++) {
			bool is_on = (on < off) == (i == 0);
			int64_t at = is_on ? on : off;

			if (at > last && add_change(z, at, is_on ? summer :
			    winter) < 0)
				return -1;
		}
	}
	return 0;
}

/*
 * Read the counts of a part's header.  Returns how many bytes follow the
 * header, when its times have time_size bytes each.
 */
static size_t
part_size(const unsigned char *h, int time_size, int64_t n[6])
{
	size_t size = 0;

	for (int i = 0; i < 6; i++) {
		n[i] = big_endian(h + COUNTS + 4 * i, 4);
		if (n[i] < 0 || n[i] > FILE_MAX)
			return SIZE_MAX;
	}
	size = (size_t)(n[3] * (time_size + 1) + n[4] * 6 + n[5] +
	    n[2] * (time_size + 4) + n[1] + n[0]);
	return size;
}

/* Read the second part of a file, whose times have 64 bits. */
static int
parse_part(struct named_zone *z, const unsigned char *p, const int64_t n[6])
{
	const unsigned char *type = p + n[3] * 8, *info = type + n[3];

	if (n[4] < 1)
		return -1;
	z->first_offset_s = (int32_t)big_endian(info, 4);
	for (int64_t i = 0; i < n[3]; i++)
		if (type[i] >= n[4] || add_change(z, big_endian(p + i * 8, 8),
		    (int32_t)big_endian(info + type[i] * 6, 4)) < 0)
			return -1;
	return 0;
}

static int
parse_zone(struct named_zone *z, struct buf *b)
{
	const unsigned char *p, *end;
	int64_t n[6];
	size_t size;

	if (buf_str(b) == NULL)		/* puts a NUL after the footer */
		return -1;
	p = (const unsigned char *)b->p;
	end = p + b->len;
	if (memcmp(p, "TZif", 4) != 0 || p[4] < '2' ||
	    (size = part_size(p, 4, n)) > (size_t)(end - p) - HEADER ||
	    (size_t)(end - (p += HEADER + size)) < HEADER ||
	    (size = part_size(p, 8, n)) > (size_t)(end - p) - HEADER ||
	    parse_part(z, p + HEADER, n) < 0)
		return -1;
	p += HEADER + size;
	return p < end && *p == '\n' && p[1] != '\n' ?
	    add_footer(z, (const char *)p + 1) : 0;
}

/* The zone called name, or NULL; the caller holds the lock. */
static struct named_zone *
zone_by_name(struct span name)
{
	struct named_zone *z;
	struct buf b = { 0 };

	for (size_t i = 0; i < zones.n; i++)
		if (span_is(name, zones.list[i]->name))
			return zones.list[i];
	if (zones.n == ZONES_MAX || (z = calloc(1, sizeof *z)) == NULL)
		return NULL;
	memcpy(z->name, name.p, name.len);
	if (read_zone(&b, z->name) == 0 && parse_zone(z, &b) == 0) {
		zones.list[zones.n++] = z;
	} else {
		free(z->changes);
		free(z);
		z = NULL;
	}
	buf_free(&b);
	return z;
}

static int32_t
offset_at(const struct named_zone *z, int64_t utc)
{
	size_t low = 0, high = z->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (z->changes[middle].at <= utc)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? z->changes[low - 1].offset_s : z->first_offset_s;
}

int
zone_named_to_utc(struct span name, int64_t local, int64_t *utc)
{
	const struct named_zone *z;
	int32_t before, after;

	if (!is_zone_name(name))
		return -1;
	errno = 0;
	pthread_mutex_lock(&zones.lock);
	z = zone_by_name(name);
	pthread_mutex_unlock(&zones.lock);
	if (z == NULL) {
		zone_file_short |= errno == ENOMEM;
		return -1;
	}
	/* As in zone_to_utc: the one before a change is tried first. */
	before = offset_at(z, local - DAY_S);
	after = offset_at(z, local + DAY_S);
	*utc = local - before;
	if (before != after && offset_at(z, *utc) != before &&
	    offset_at(z, local - after) == after)
		*utc = local - after;
	return 0;
}
