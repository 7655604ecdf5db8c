/*
 * kube: the envelope that fluentd and others put around a container's line
 *
 *	{"log":"...","stream":"stdout","time":"...","kubernetes":{...},
 *	 "docker":{"container_id":"..."},"topic":"..."}
 *
 * Platforms such as Akkeris name a container for the application and the type
 * of its process, "shop--worker", or "shop" for the type web, and its pod for
 * the container and the instance, "shop--worker-5d8f7-x2x8z".
 */
#include "format/json_object.h"
#include "format/known_keys.h"
#include "format/scan_util.h"
#include "format/unique_names.h"

static const struct {
	const char *theirs, *ours;
} names[] = {
	{ "container_name", "container" }, { "pod_name", "pod" },
	{ "namespace_name", "namespace" }, { "container_image", "image" },
	{ "host", "hostname" }, { "labels", "labels" },
	{ "container_id", "container_id" }, { "docker_id", "container_id" },
};

/* Adds the members of the object as fields of the record. */
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

/*
 * Returns a field, from number from on, that is a string without escapes; or an
 * empty span.
 */
static struct span
plain_string(const struct record *r, size_t from, const char *name)
{
	for (size_t i = from; i < r->n; i++)
		if (r->fields[i].kind == FIELD_JSON_STRING &&
		    !r->fields[i].escaped && span_is(r->fields[i].name, name))
			return r->fields[i].value;
	return span_of(NULL, 0);
}

static void
add_part(struct record *r, struct span name, struct span value)
{
	if (value.len > 0)
		record_add(r, name, value, FIELD_TEXT);
}

/* Returns what comes after a prefix and a "-", or an empty span. */
static struct span
after(struct span s, struct span prefix)
{
	if (s.len <= prefix.len + 1 || memcmp(s.p, prefix.p, prefix.len) != 0 ||
	    s.p[prefix.len] != '-')
		return span_of(NULL, 0);
	return span_of(s.p + prefix.len + 1, s.len - prefix.len - 1);
}

static void
add_application(struct record *r, size_t from)
{
	struct span container = plain_string(r, from, "container");
	struct span pod = plain_string(r, from, "pod");
	struct span app = container, type = span_str("web"), instance;
	const char *cut = container.len == 0 ? NULL :
	    memmem(container.p, container.len, "--", 2);

	if (container.len == 0)
		return;
	if (cut != NULL && cut > container.p &&
	    cut + 2 < container.p + container.len) {
		app.len = (size_t)(cut - container.p);
		type = span_of(cut + 2, container.len - app.len - 2);
	}
	instance = after(pod, container);
	if (instance.len == 0)
		instance = after(pod, app);
	add_part(r, NAME("app"), app);
	add_part(r, NAME("proc_type"), type);
	add_part(r, NAME("instance"), instance.len > 0 ? instance : pod);
}

static bool
has_twins(const struct record *r, size_t first, size_t from)
{
	for (size_t i = from; i < r->n; i++)
		for (size_t k = first; k < i; k++)
			if (span_eq(r->fields[i].name, r->fields[k].name))
				return true;
	return false;
}

/*
 * What says where a line comes from keeps its name: a collector may have put
 * members of the line itself, which can say anything, beside the envelope's.
 */
static void
keep_origin(struct record *r, size_t first, size_t from)
{
	static const char *const origin[] = { "container", "pod", "namespace",
		"app", "proc_type", "instance" };
	size_t kept[sizeof origin / sizeof *origin], n = 0;

	for (size_t o = 0; o < sizeof origin / sizeof *origin; o++)
		for (size_t i = from; i < r->n; i++)
			if (span_is(r->fields[i].name, origin[o])) {
				kept[n++] = i;
				break;
			}
	unique_names(r, first, kept, n);
}

static void
name_keys(struct scan *s, struct keys *keys)
{
	struct record *r = s->rec;
	size_t n = r->n;

	keys_end(keys, s, false);
	json_cut_newline(r);
	for (size_t i = 0; i < n; i++)
		if (r->fields[i].value.len > 0 &&
		    *r->fields[i].value.p == '{' &&
		    r->fields[i].kind == FIELD_JSON &&
		    (span_is(r->fields[i].name, "kubernetes") ||
			span_is(r->fields[i].name, "docker"))) {
			record_own(r, &r->fields[i]);
			r->fields[i].kind = FIELD_GONE;
			spread(s, r->fields[i].value);
		}
	add_application(r, n);
	/* To compare each with each takes long where there are many. */
	if (r->n - keys->first > 64 || has_twins(r, keys->first, n))
		keep_origin(r, keys->first, n);
}

const struct format format_kube = {
	.name = "kube",
	.description = "containers' lines as fluentd and others wrap them",
	.example = "{\"log\":\"text\",\"stream\":\"stdout\","
	    "\"kubernetes\":{\"pod_name\":\"p\"}}",
	.first = "", .keys = { "log", "kubernetes" },
	.scan = scan_object, .name_keys = name_keys, .nests = true,
};
