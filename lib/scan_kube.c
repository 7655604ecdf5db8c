/*
 * kube: the envelope that fluentd and others put around a container's line
 *
 *	{"log":"...","stream":"stdout","time":"...","kubernetes":{...},
 *	 "docker":{"container_id":"..."},"topic":"..."}
 */
#include "scanning.h"

static const struct {
	const char *theirs, *ours;
} names[] = {
	{ "container_name", "container" }, { "pod_name", "pod" },
	{ "namespace_name", "namespace" }, { "container_image", "image" },
	{ "host", "hostname" }, { "labels", "labels" },
	{ "container_id", "container_id" }, { "docker_id", "container_id" },
};

/* The members of the object as fields of the record. */
static void
spread(struct scan *s, struct span object)
{
	struct json_value key, value;
	struct field *f;
	struct json j;

	if (json_open(&j, object, true) < 0)
		return;
	while (json_next(&j, &key, &value) > 0) {
		if (value.type == JSON_ABSENT)
			continue;
		record_add_json(s->rec, &key, &value);
		f = &s->rec->fields[s->rec->n - 1];
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (span_is(f->name, names[i].theirs)) {
				f->name = span_str(names[i].ours);
				f->plain_name = true;
				break;
			}
	}
}

void
kube_names(struct scan *s)
{
	struct record *r = s->rec;
	size_t n = r->n;

	for (size_t i = 0; i < n; i++)
		if (r->fields[i].value.len > 0 && *r->fields[i].value.p == '{' &&
		    r->fields[i].kind == FIELD_JSON &&
		    (span_is(r->fields[i].name, "kubernetes") ||
		    span_is(r->fields[i].name, "docker"))) {
			record_own(r, &r->fields[i]);
			r->fields[i].kind = FIELD_GONE;
			spread(s, r->fields[i].value);
		}
}
