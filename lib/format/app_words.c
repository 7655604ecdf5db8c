#include "format/app_words.h"

#include <stdint.h>

enum { BRACKET_MAX = 160 };

/*
 * The levels by their length, from three on.  A level with a star may also
 * stand for a plain word in lower case.
 */
static const char *const levels[][9] = {
	{ "ERR", "INF", "DBG", "WRN", "LOG*", "FTL", "VRB", "TRC", NULL },
	{ "INFO", "WARN", "NOTE*", "CRIT", "FINE*", "DEBG", "ERRO", "TRAC",
	    NULL },
	{ "ERROR", "DEBUG", "TRACE", "FATAL", "ALERT", "EMERG", "PANIC",
	    "FINER", NULL },
	{ "NOTICE", "SEVERE", "SYSTEM*", "FINEST", "CONFIG*", NULL },
	{ "WARNING", "VERBOSE", "SUCCESS*", NULL },
	{ "CRITICAL", "SECURITY*", NULL },
	{ "EMERGENCY", NULL },
	{ NULL },
	{ "INFORMATION", NULL },
	{ NULL },
	{ "INFORMATIONAL", NULL },
};

const char *
bracket_at(const char *p, const char *end, struct span *inside)
{
	char open = *p, close = open == '[' ? ']' : open == '(' ? ')' : '>';
	const char *q;
	int depth = 1;

	if (end - p > BRACKET_MAX + 1)
		end = p + BRACKET_MAX + 1;
	q = find_char(p + 1, end, close);
	if (find_char(p + 1, q, open) < q)
		q = p + 1;	/* there are brackets in it */
	for (; q < end; q++) {
		depth += *q == open;
		if (*q == close && --depth == 0) {
			*inside = span_trim(span_to(p + 1, q));
			return q + 1;
		}
	}
	return NULL;
}

enum { SHORTEST = 3, LENGTHS = sizeof levels / sizeof levels[0] };

static bool
is_level(struct span word, bool upper)
{
	char text[SHORTEST + LENGTHS];
	const char *const *list;

	if (word.len < SHORTEST || word.len >= SHORTEST + LENGTHS)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (!is_letter(word.p[i]) || (upper && word.p[i] >= 'a'))
			return false;
		text[i] = (char)(word.p[i] & ~0x20);
	}
	for (list = levels[word.len - SHORTEST]; *list != NULL; list++)
		if (**list == *text && memcmp(*list, text, word.len) == 0)
			return (*list)[word.len] != '*' || *word.p < 'a';
	return false;
}

bool
is_level_name(struct span word)
{
	return is_level(word, false);
}

bool
is_upper_level(struct span word)
{
	return is_level(word, true);
}

bool
is_level_letter(char c)
{
	return memchr("DIWEFVTCN", c, 9) != NULL;
}

bool
is_php_level(struct span words)
{
	static const char *const known[] = { "Fatal error", "Parse error",
	    "Warning", "Notice", "Deprecated", "Recoverable fatal error",
	    "Catchable fatal error", "Strict Standards", "Core error",
	    "Core warning", "Compile error", "Compile warning" };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (span_is(words, known[i]))
			return true;
	return false;
}

#define BIT(c) (UINT64_C(1) << ((c) & 63))

/* The bytes of a logger's name: letters, digits and .$:#/@-*~<>_ */
static const uint64_t name_bytes[4] = {
	BIT('.') | BIT('$') | BIT(':') | BIT('#') | BIT('/') | BIT('-') |
	    BIT('*') | BIT('<') | BIT('>') | UINT64_C(0x3ff) << '0',
	BIT('@') | BIT('_') | BIT('~') | UINT64_C(0x3ffffff) << ('A' & 63) |
	    UINT64_C(0x3ffffff) << ('a' & 63),
};

bool
is_logger_name(struct span word)
{
	uint64_t all = 1;
	unsigned char c;

	if (word.len < 2 || (!is_letter(*word.p) && *word.p != '_'))
		return false;
	for (size_t i = 1; i < word.len; i++) {
		c = (unsigned char)word.p[i];
		all &= name_bytes[c >> 6] >> (c & 63);
	}
	return all != 0 && (memchr(word.p, '/', word.len) == NULL ||
	    memmem(word.p, word.len, "//", 2) == NULL);
}

bool
has_dots(struct span word)
{
	const char *dot = memchr(word.p, '.', word.len);
	const char *end = word.p + word.len;

	return dot != NULL && end - dot > 1 && is_letter(dot[1]) &&
	    end[-1] != '.' && *word.p >= 'a' && is_logger_name(word);
}

bool
is_name_and_pid(struct span word)
{
	const char *open = memchr(word.p, '[', word.len), *close;
	const char *end = word.p + word.len;

	return open != NULL && open > word.p &&
	    (close = memchr(open, ']', (size_t)(end - open))) != NULL &&
	    all_digits(span_to(open + 1, close));
}

bool
is_error_code(struct span word)
{
	const char *dash = memchr(word.p, '-', word.len);

	return dash != NULL && dash - word.p == 2 && word.p[0] >= 'A' &&
	    word.p[0] <= 'Z' && all_digits(span_to(dash + 1, word.p + word.len));
}

bool
is_erlang_pid(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!is_digit(word.p[i]) && word.p[i] != '.')
			return false;
	return word.len > 0 && memchr(word.p, '.', word.len) != NULL;
}

bool
is_odoo_database(struct span word, struct span next)
{
	const char *end = next.p + next.len;

	return next.len > 5 && end[-1] == ':' && (*next.p == 'o' ||
	    *next.p == 'w') && memchr(word.p, '.', word.len) == NULL &&
	    (skip(next.p, end, "odoo.") != NULL ||
	    skip(next.p, end, "openerp.") != NULL ||
	    skip(next.p, end, "werkzeug:") != NULL);
}

/* "x/main.go": letters after a point at the end. */
static bool
is_file_name(struct span name)
{
	const char *dot = memrchr(name.p, '.', name.len);
	const char *end = name.p + name.len;

	if (dot == NULL || dot == name.p || end - dot < 2 || end - dot > 6)
		return false;
	for (const char *p = name.p; p < end; p++)
		if (*p == ':' || *p == '[' || *p == '=' || *p == '"')
			return false;
	for (const char *p = dot + 1; p < end; p++)
		if (!is_letter(*p))
			return false;
	return true;
}

bool
split_file_line(struct span word, struct span *file, struct span *line,
    struct span *function)
{
	const char *end = word.p + word.len, *colon, *digits;

	*function = span_of(end, 0);
	if ((colon = memchr(word.p, ':', word.len)) == NULL ||
	    end - colon < 2 || !is_digit(colon[1]) ||
	    !is_file_name(span_to(word.p, colon)))
		return false;
	digits = colon + 1;
	*file = span_to(word.p, colon);
	colon = skip_digits(digits, end);
	*line = span_to(digits, colon);
	if (line->len == 0 || line->len > 7 || (colon < end && *colon != ':'))
		return false;
	if (colon == end || ++colon == end)
		return true;
	if (end[-1] == ':')
		end--;
	if (end - colon > 2 && memcmp(end - 2, "()", 2) == 0)
		end -= 2;
	*function = span_to(colon, end);
	return is_logger_name(*function);
}

const char *
skip_zone_abbreviation(const char *p, const char *end)
{
	static const char known[] = " CET CEST EET EEST WET WEST BST IST MSK "
	    "MSD EST EDT CST CDT MST MDT PST PDT AKST AKDT HST JST KST SGT HKT "
	    "AEST AEDT ACST ACDT AWST NZST NZDT BRT BRST ART CLT PKT WIB ";
	const char *q = p + 1, *found;
	size_t n = 0;

	if (p == end || *p != ' ')
		return p;
	while (q + n < end && n < 5 && q[n] >= 'A' && q[n] <= 'Z')
		n++;
	if (n < 3 || n > 4 || memchr("TKDB", q[n - 1], 4) == NULL)
		return p;
	found = memmem(known, sizeof known - 1, q, n);
	return found != NULL && found[-1] == ' ' && found[n] == ' ' ? q + n : p;
}

bool
is_time_of_other(struct span text, const char *at)
{
	size_t n = (size_t)(at - text.p);

	return memchr(text.p, '=', n) != NULL ||
	    memmem(text.p, n, "{\"", 2) != NULL || (at - text.p > 1 && at[2] == '/' &&
	    at[6] == '/' && at[11] == ':');
}
