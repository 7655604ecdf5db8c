#include "stream/partition_key.h"

#include <libdeflate.h>
#include <stdlib.h>

#include "format/scanner.h"
#include "record/json.h"

/*
 * The fields that name a program, as logparse and as ECS name them.  Where
 * there is a path, name is an object, and the path leads to a value inside it.
 */
static const struct part {
	const char *name, *path;
} parts[] = {
	{ "hostname", NULL }, { "host", "hostname" },
	{ "appname", NULL }, { "log", "syslog.appname" },
	{ "procid", NULL }, { "log", "syslog.procid" },
	{ "pod", NULL }, { "kubernetes", "pod.name" },
	{ "container", NULL }, { "container", "name" },
};

enum { PARTS = sizeof parts / sizeof *parts };

struct partition_key {
	struct scanner *syslog;
	struct record record;
};

struct partition_key *
partition_key_new(void)
{
	struct partition_key *o;
	struct span bad;

	if ((o = calloc(1, sizeof *o)) == NULL)
		return NULL;
	if ((o->syslog = scanner_new()) != NULL &&
	    scanner_formats(o->syslog, "syslog", &bad) == 0)
		return o;
	partition_key_free(o);
	return NULL;
}

void
partition_key_free(struct partition_key *o)
{
	if (o == NULL)
		return;
	scanner_free(o->syslog);
	record_free(&o->record);
	free(o);
}

/*
 * Hashes one part.  Its two names give the same hash, and the order of the
 * parts makes no difference.
 */
static uint32_t
number(size_t part, struct span value)
{
	return libdeflate_crc32((uint32_t)(part / 2 + 1), value.p, value.len);
}

static uint32_t
of_member(const struct json_value *key, const struct json_value *value)
{
	struct json_value v;
	uint32_t sum = 0;

	for (size_t i = 0; i < PARTS; i++) {
		if (!json_is(key, parts[i].name))
			continue;
		if (parts[i].path == NULL && value->type != JSON_OBJECT)
			sum += number(i, value->text);
		else if (parts[i].path != NULL && value->type == JSON_OBJECT &&
		    json_get(value->text, parts[i].path, &v))
			sum += number(i, v.text);
	}
	return sum;
}

static uint32_t
of_record(struct json *j)
{
	struct json_value key, value;
	uint32_t sum = 0;

	while (json_next(j, &key, &value) > 0)
		sum += of_member(&key, &value);
	return sum;
}

static uint32_t
of_syslog(struct partition_key *o, struct span line)
{
	struct span value;
	uint32_t sum = 0;

	if (scan_line(o->syslog, line, &o->record) <= 0)
		return 0;
	for (size_t i = 0; i < PARTS; i++)
		if (parts[i].path == NULL && record_find(&o->record,
		    span_str(parts[i].name), &value))
			sum += number(i, value);
	return sum;
}

uint32_t
partition_key_of(struct partition_key *o, struct span line, uint64_t stream)
{
	struct json j;
	uint32_t sum;

	sum = json_open(&j, line, false) == 0 && j.close == '}' ?
	    of_record(&j) : of_syslog(o, line);
	return sum != 0 ? sum : (uint32_t)stream;
}
