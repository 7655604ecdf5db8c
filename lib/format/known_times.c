#include "format/known_times.h"

#include "base/bytes.h"
#include "record/json.h"

/*
 * The keys of times; the first one that is there and is a time counts.  The
 * time when something happened goes before the time when it was received,
 * stored or written.  Those with a star are objects with the time inside.
 */
static const char *const names[] = {
	"time", "timestamp", "@timestamp", "ts", "datetime", "@t", "Timestamp",
	"eventTime", "event_time", "eventTimestamp", "requestReceivedTimestamp",
	"EdgeStartTimestamp", "StartUTC", "StartLocal", "start_time",
	"time_iso8601", "time_local", "timeMillis", "timeStamp",
	"timestamp_ms", "ts_ms", "dateTime", "DateTime", "Time", "TIMESTAMP",
	"started_at", "startTime", "eventDate", "createdDateTime",
	"CreationTime", "creationTime", "published", "timeUnixNano",
	"time_unix_nano", "TimeGenerated", "asctime", "isodate", "msec",
	"log_time", "logTime", "log_timestamp", "date_time", "epoch", "_time",
	"created_at", "createdAt", "created", "EdgeEndTimestamp",
	"observedTimeUnixNano", "observed_timestamp", "stageTimestamp",
	"receiveTimestamp", "received_at", "t", "date", "Date",
	"instant*", "t*", "time*", "timestamp*", "@timestamp*", "proxy*",
	"record*", "event*", "metadata*", "properties*",
};

enum {
	NAMES = sizeof names / sizeof names[0],
	LEAST_S = 631152000,	/* 1990: a smaller number is no time */
};

static struct field *
find(struct record *r, struct span name)
{
	for (size_t i = r->n; i-- > 0 && r->fields[i].layer == r->layers;)
		if (r->fields[i].kind != FIELD_GONE &&
		    span_eq(r->fields[i].name, name))
			return &r->fields[i];
	return NULL;
}

static bool
becomes_time(struct scan *s, struct field *f, const struct timestamp *t)
{
	record_own(s->rec, f);
	record_set_time(s->rec, f, t);
	f->name = NAME("timestamp");
	f->plain_name = true;
	return true;
}

/*
 * Reads an object with "epochSecond" and "nanoOfSecond", as log4j has, or
 * "seconds" and "nanos", as Google has.
 */
static bool
add_nanoseconds(struct json_value seconds, struct json_value nanos,
    struct timestamp *t)
{
	const char *end = seconds.text.p + seconds.text.len;
	uint64_t ns = 0;

	if (seconds.text.len == 0 || nanos.text.len > 9 ||
	    !all_digits(nanos.text) ||
	    timestamp_epoch(seconds.text.p, end, t) != end)
		return false;
	for (size_t i = 0; i < nanos.text.len; i++)
		ns = ns * 10 + (uint64_t)(nanos.text.p[i] - '0');
	t->nsec = (uint32_t)ns;
	t->digits = 9;
	return ns < 1000000000;
}

/* Whether key is that of a member that holds a time. */
static bool
is_time_key(struct span key)
{
	static const char *const known[] = { "$date", "$numberLong", "time",
	    "timestamp", "@timestamp", "repr", "created", "start" };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (span_is(key, known[i]))
			return true;
	return false;
}

static bool
time_in(struct scan *s, struct span object, struct timestamp *t, int depth)
{
	struct json_value key, value, seconds = { 0 }, nanos = { 0 };
	struct json j;

	if (depth == 0 || json_open(&j, object, true) < 0 || j.close != '}')
		return false;
	while (json_next(&j, &key, &value) > 0) {
		if (span_is(key.text, "epochSecond") ||
		    span_is(key.text, "seconds"))
			seconds = value;
		else if (span_is(key.text, "nanoOfSecond") ||
		    span_is(key.text, "nanos"))
			nanos = value;
		else if (is_time_key(key.text) && (value.type == JSON_OBJECT ?
		    time_in(s, value.text, t, depth - 1) :
		    timestamp_any(value.text, s->zone, t)))
			return true;
	}
	return add_nanoseconds(seconds, nanos, t);
}

/*
 * Reads "date":"2021-06-29","time":"10:05:03" in the zone that the field tz
 * names, if it is there.
 */
static bool
joined_time(struct scan *s)
{
	struct record *r = s->rec;
	struct field *date = find(r, NAME("date")), *time, *tz;
	struct span day, clock, zone = NAME("");
	struct timestamp t;
	char *p;

	if (date == NULL || (time = find(r, NAME("time"))) == NULL)
		return false;
	day = record_value(r, date);
	clock = record_value(r, time);
	if ((tz = find(r, NAME("tz"))) != NULL)
		zone = record_value(r, tz);
	if (day.len > 32 || clock.len > 32 || zone.len > 8 ||
	    (p = record_room(r, day.len + clock.len + zone.len + 1)) == NULL)
		return false;
	memcpy(p, day.p, day.len);
	p[day.len] = ' ';
	memcpy(p + day.len + 1, clock.p, clock.len);
	memcpy(p + day.len + 1 + clock.len, zone.p, zone.len);
	if (!timestamp_any(span_of(p, day.len + 1 + clock.len + zone.len),
	    s->zone, &t) && !timestamp_any(span_of(p, day.len + 1 + clock.len),
	    s->zone, &t))
		return false;
	record_own(r, time);
	time->kind = FIELD_GONE;
	return becomes_time(s, date, &t);
}

/*
 * Reads "audit(1624961103.123:4567):", as auditd writes, or the field ID that
 * Laurel makes of it.
 */
static bool
audit_time(struct scan *s)
{
	struct record *r = s->rec;
	struct field *f = r->message >= 0 ? &r->fields[r->message] :
	    find(r, NAME("ID"));
	struct span text = f != NULL ? record_value(r, f) : NAME("");
	const char *p = text.p, *end;
	struct timestamp t;

	if (r->message >= 0)
		p = skip(text.p, text.p + text.len, "audit(");
	if (p == NULL || f == NULL)
		return false;
	end = find_char(p, text.p + text.len, ':');
	if (end - p < 14 || p[10] != '.' || end == text.p + text.len)
		return false;
	if (timestamp_epoch(p, end, &t) != end)
		return false;
	record_add_time(r, &t);
	return true;
}

bool
known_time(struct scan *s)
{
	struct field *f;
	struct span name, value;
	struct timestamp t;
	bool inside;

	if (joined_time(s))
		return true;
	for (size_t i = 0; i < NAMES; i++) {
		name = span_str(names[i]);
		inside = name.p[name.len - 1] == '*';
		name.len -= inside;
		if ((f = find(s->rec, name)) == NULL)
			continue;
		value = record_value(s->rec, f);
		if (!inside && timestamp_any(value, s->zone, &t) &&
		    t.sec >= LEAST_S)
			return becomes_time(s, f, &t);
		if (inside && f->kind == FIELD_JSON && value.len > 0 &&
		    *value.p == '{' && time_in(s, value, &t, 3)) {
			if (memchr("@it", *name.p, 3) != NULL)
				return becomes_time(s, f, &t);
			record_add_time(s->rec, &t);
			return true;
		}
	}
	return audit_time(s);
}
