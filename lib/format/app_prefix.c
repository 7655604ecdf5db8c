#include "format/app_line.h"
#include "format/app_words.h"

/*
 * Reads "1:M " or "[1] " in front of the time, and the sign of the level after
 * it.
 */
static bool
take_redis(struct app *a, struct span prefix)
{
	static const char signs[] = ".-*#";
	static const char *const levels[] = { "debug", "verbose", "notice",
	    "warning" };
	const char *sign, *colon = memchr(prefix.p, ':', prefix.len);
	struct span pid = prefix;

	if (colon != NULL)
		pid.len = (size_t)(colon - prefix.p);
	if (!all_digits(pid) || (colon != NULL && prefix.len - pid.len != 2) ||
	    a->end - a->p < 2 || a->p[1] != ' ' ||
	    (sign = memchr(signs, *a->p, 4)) == NULL)
		return false;
	add_pid(a, pid);
	if (colon != NULL)
		add_text(a->s, NAME("role"), span_of(colon + 1, 1));
	add_level(a, span_str(levels[sign - signs]));
	a->done = true;
	return move_to(a, a->p + 1);
}

/*
 * Reads "[I 210629 10:05:03 web:2064] message", with the time inside of a
 * bracket.
 */
static void
open_bracket(struct app *a, struct span *inside)
{
	const char *close = find_char(a->p, a->end, ']');

	if (close == a->end || close - a->p > APP_NAME_MAX)
		return;
	a->close = close;
	*inside = span_of(inside->p + 1, inside->len - 1);
}

/*
 * Reads "INFO:     [RomM][init]" or "[INFO|server|L82]", whose inside is text: a
 * level and more, or words of any kind.
 */
static void
take_level_and_more(struct app *a, struct span text, struct span prefix)
{
	const char *end = text.p + text.len;
	const char *mark = find_either(text.p, end, ':', '|');

	/* A level after the time is the line's own. */
	if (mark == end || !is_upper_level(span_to(text.p, mark)) ||
	    is_upper_level(word_at(skip_spaces(a->p, a->end), a->end))) {
		add_text(a->s, NAME("prefix"), prefix);
		return;
	}
	add_level(a, span_to(text.p, mark));
	add_text(a->s, NAME("prefix"), span_trim(span_to(mark + 1, end)));
}

void
app_prefix(struct app *a, struct span prefix)
{
	const char *end = prefix.p + prefix.len;
	struct span bare = prefix;

	if (prefix.len == 0)
		return;
	if (*prefix.p == '[' && find_char(prefix.p, end, ']') == end)
		open_bracket(a, &bare);
	else if ((*prefix.p == '[' || *prefix.p == '<' || *prefix.p == '(') &&
	    bracket_at(prefix.p, end, &bare) != end)
		bare = prefix;
	if (take_redis(a, bare))
		return;
	while (bare.len > 1 && memchr(":,-|", bare.p[bare.len - 1], 4) != NULL)
		bare = span_trim(span_of(bare.p, bare.len - 1));
	if (is_level_name(bare) || (bare.len == 1 && is_level_letter(*bare.p)))
		add_level(a, bare);
	else if (bare.p > prefix.p && all_digits(bare))
		add_pid(a, bare);
	else if (bare.p > prefix.p && is_logger_name(bare))
		app_add(a, &a->logger, NAME("logger"), bare);
	else if (!span_is(prefix, "-"))
		take_level_and_more(a, bare, prefix);
}
