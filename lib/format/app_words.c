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
	if (q < end && memchr(p + 1, open, (size_t)(q - p - 1)) == NULL) {
		*inside = span_trim(span_to(p + 1, q));
		return q + 1;
	}
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

/* Whether one of the levels begins with the letter c, in any case. */
static inline bool
begins_level(char c)
{
	static const uint32_t begins = 1U << ('A' & 31) | 1U << ('C' & 31) |
	    1U << ('D' & 31) | 1U << ('E' & 31) | 1U << ('F' & 31) |
	    1U << ('I' & 31) | 1U << ('L' & 31) | 1U << ('N' & 31) |
	    1U << ('P' & 31) | 1U << ('S' & 31) | 1U << ('T' & 31) |
	    1U << ('V' & 31) | 1U << ('W' & 31);

	return is_letter(c) && (begins >> (c & 31) & 1) != 0;
}

/* Whether word has the letters of level, which is as long, in any case. */
static inline bool
is_spelled(struct span word, const char *level, char mask)
{
	for (size_t i = 0; i < word.len; i++)
		if ((word.p[i] & mask) != level[i])
			return false;
	return true;
}

/* mask is ~0 for capitals only, and ~0x20 for any case. */
static inline bool
is_level(struct span word, char mask)
{
	const char *const *list;
	char first;

	if (word.len < SHORTEST || word.len >= SHORTEST + LENGTHS ||
	    !begins_level(*word.p))
		return false;
	first = *word.p & mask;
	for (list = levels[word.len - SHORTEST]; *list != NULL; list++)
		if (**list == first && is_spelled(word, *list, mask))
			return (*list)[word.len] != '*' || *word.p < 'a';
	return false;
}

bool
is_level_name(struct span word)
{
	return is_level(word, ~0x20);
}

bool
is_upper_level(struct span word)
{
	return is_level(word, ~0);
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

static inline bool
is_name_byte(char c)
{
	unsigned char u = (unsigned char)c;

	return (name_bytes[u >> 6] >> (u & 63) & 1) != 0;
}

#ifdef __SSE2__
/* Whether c is in the range from low to low + n, in each of 16 bytes. */
static inline __m128i
in_range(__m128i c, char low, char n)
{
	c = _mm_sub_epi8(c, _mm_set1_epi8(low));
	return _mm_cmpeq_epi8(_mm_min_epu8(c, _mm_set1_epi8(n)), c);
}

/* Whether all of the 16 bytes at p may be in a logger's name. */
static inline bool
are_name_bytes(const char *p)
{
	__m128i c = load16(p), fits;

	fits = _mm_or_si128(in_range(c, '-', ':' - '-'),
	    in_range(_mm_or_si128(c, _mm_set1_epi8(0x20)), 'a', 'z' - 'a'));
	if (_mm_movemask_epi8(fits) == 0xffff)
		return true;
	for (int i = 0; i < 16; i++)
		if (!is_name_byte(p[i]))
			return false;
	return true;
}
#endif

bool
is_logger_name(struct span word)
{
	const char *p = word.p, *end = p + word.len;

	if (word.len < 2 || (!is_letter(*p) && *p != '_'))
		return false;
#ifdef __SSE2__
	for (; end - p >= 16; p += 16)
		if (!are_name_bytes(p))
			return false;
	if (word.len >= 16) {
		if (!are_name_bytes(end - 16))
			return false;
		p = end;
	}
#endif
	for (; p < end; p++)
		if (!is_name_byte(*p))
			return false;
	return memchr(word.p, '/', word.len) == NULL ||
	    memmem(word.p, word.len, "//", 2) == NULL;
}

bool
has_dots(struct span word)
{
	const char *end = word.p + word.len, *dot;

	if (word.len < 3 || *word.p < 'a' || end[-1] == '.')
		return false;
	dot = memchr(word.p, '.', word.len);
	return dot != NULL && end - dot > 1 && is_letter(dot[1]) &&
	    is_logger_name(word);
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

	return next.len > 5 && end[-1] == ':' && memchr(word.p, '.', word.len) == NULL &&
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
		if (*p == '[' || *p == '=' || *p == '"')
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
	if (line->len > 7 || (colon < end && *colon != ':'))
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
	if (n < 3 || n > 4 || (q[n - 1] != 'T' && q[n - 1] != 'K' &&
	    q[n - 1] != 'D' && q[n - 1] != 'B'))
		return p;
	found = memmem(known, sizeof known - 1, q, n);
	return found != NULL && found[-1] == ' ' && found[n] == ' ' ? q + n : p;
}

bool
is_time_of_other(struct span text, const char *at)
{
	size_t n = (size_t)(at - text.p);

	if (n == 0)
		return false;
	return memchr(text.p, '=', n) != NULL ||
	    memmem(text.p, n, "{\"", 2) != NULL || (at - text.p > 1 && at[2] == '/' &&
	    at[6] == '/' && at[11] == ':');
}
