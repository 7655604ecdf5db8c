/*
 * docker-json: the lines of Docker's json-file driver
 */
#include "format/json_object.h"
#include "format/known_keys.h"
#include "format/partial.h"
#include "format/scan_util.h"

/* Docker cuts longer messages in pieces of this size */
enum { PIECE = 16 * 1024 };

/* Joins a message of stdout or stderr with its earlier pieces. */
static void
join_pieces(struct scan *s, struct partial *part)
{
	struct record *r = s->rec;
	struct field *f = &r->fields[r->message];
	struct span text = record_value(r, f);

	if (text.len == PIECE && text.p[PIECE - 1] != '\n' && r->has_when &&
	    partial_hold(s, part, text, &r->when))
		return;
	if (!partial_goes_on(s, part))
		return;
	text = partial_join(s, part, text);
	f->value = text;
	f->kind = FIELD_TEXT;
	for (size_t i = 0; i < r->n; i++)
		if (span_is(r->fields[i].name, "timestamp") &&
		    r->fields[i].layer == r->layers) {
			r->fields[i].value = NAME("");
			record_set_time(r, &r->fields[i], &part->when);
		}
}

static void
name_keys(struct scan *s, struct keys *keys)
{
	struct field stream;

	keys_prefer(keys, s->rec, NAME("log"), KNOWN_MESSAGE);
	keys_end(keys, s, false);
	json_cut_newline(s->rec);
	if (s->rec->message < 0 ||
	    !record_lookup(s->rec, NAME("stream"), &stream))
		return;
	join_pieces(s, &s->memory->partial[span_is(stream.value, "stderr")]);
}

const struct format format_docker_json = {
	.name = "docker-json", .description = "Docker's json-file driver",
	.example = "{\"log\":\"text\\n\",\"stream\":\"stdout\","
	    "\"time\":\"2021-06-29T10:05:03.5Z\"}",
	.first = "", .keys = { "stream", "log" },
	.scan = scan_object, .name_keys = name_keys, .nests = true,
	.carried_by_longer = PIECE, .end = partial_end,
};
