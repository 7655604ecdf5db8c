/*
 * json: any JSON log, also with text in front of the object
 */
#include "format/json_object.h"
#include "format/scan_util.h"

/*
 * Whether prefix is escape=json, which nginx before 1.11.8 wrote in front of
 * each line.
 */
static bool
is_nginx_slip(struct span prefix)
{
	return span_is(prefix, "escape=json");
}

static bool
scan_json(struct scan *s, struct span text)
{
	const char *end = text.p + text.len, *brace;
	struct span prefix;

	if (text.len > 0 && *text.p == '{')
		return scan_object(s, text);
	while (end > text.p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end == text.p || end[-1] != '}' ||
	    (brace = memchr(text.p, '{', text.len)) == NULL)
		return scan_fail(s, 1, text.p, "{");
	prefix = span_of(text.p, (size_t)(brace - text.p));
	while (prefix.len > 0 && prefix.p[prefix.len - 1] == ' ')
		prefix.len--;
	if (prefix.len > 0 && !is_nginx_slip(prefix))
		record_add(s->rec, NAME("prefix"), prefix, FIELD_TEXT);
	return scan_object(s, span_of(brace, (size_t)(end - brace)));
}

const struct format format_json = {
	.name = "json", .description = "any JSON object, also behind text",
	.example = "{\"time\":\"2021-06-29T10:05:03Z\",\"level\":\"info\","
	    "\"msg\":\"text\"}",
	.scan = scan_json, .nests = true, .status = "status",
};
