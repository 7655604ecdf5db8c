/*
 * compose: docker compose puts the container in front of its lines
 *
 *	web_1  | message
 */
#include "format/scan_util.h"

enum { CONTAINER = 1, BAR };

static bool
scan_compose(struct scan *s, struct span text)
{
	const char *p, *end, *q, *bar;

	text = without_colors(s->rec, text);
	q = p = text.p;
	end = p + text.len;
	while (q < end && (is_letter(*q) || is_digit(*q) || *q == '_' ||
	    *q == '-' || *q == '.'))
		q++;
	bar = skip_spaces(q, end);
	if (q == p || bar == q || bar == end || *bar != '|' ||
	    (bar + 1 < end && bar[1] != ' '))
		return scan_fail(s, CONTAINER, p, "container |");
	/* A table's columns look much the same. */
	if (!s->sure && bar - q < 2 && !is_digit(q[-1]))
		return scan_fail(s, BAR, q, "|");
	add_text(s, NAME("container"), span_to(p, q));
	bar += bar + 1 < end ? 2 : 1;
	record_add_message(s->rec, span_to(bar, end));
	return true;
}

const struct format format_compose = {
	.name = "compose", .description = "docker compose logs",
	.example = "web_1  | text",
	.needs = "|", .first = "0a\033", .after_date = "",
	.scan = scan_compose, .nests = true,
};
