#include "format/file_name.h"

#include "base/bytes.h"
#include "format/scan_util.h"

static bool
is_address(struct span s)
{
	bool punctuated = false;

	for (size_t i = 0; i < s.len; i++) {
		if (hex_digit(s.p[i]) >= 0)
			continue;
		if (s.p[i] != '.' && s.p[i] != ':')
			return false;
		punctuated = true;
	}
	return punctuated;
}

/*
 * Whether "192.0.2.7 - " stands at p, or a host's name for the address, or a
 * virtual host and its port in front of it.
 */
static bool
is_client_at(const char *p, const char *end)
{
	struct span word = token_at(p, end);
	const char *colon = find_char(p, p + word.len, ':');

	if (!is_address(word) && (p == end || !is_letter(*p)))
		return false;
	p += word.len;
	if (!is_address(word) && colon < p) {
		if (!all_digits(span_to(colon + 1, p)) || p == end)
			return false;
		word = token_at(p + 1, end);
		if (!is_address(word))
			return false;
		p += 1 + word.len;
	}
	return skip(p, end, " - ") != NULL;
}

/* Whether "key=" stands at p. */
static bool
is_pair_at(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && (is_letter(*q) || *q == '_' || *q == '.'))
		q++;
	return q > p && q < end && *q == '=';
}

/* Whether what stands at p can only be the start of a line. */
static bool
is_line_at(struct scan *s, const char *p, const char *end)
{
	struct timestamp t;

	if (any_time(s, p + (p < end && *p == '['), end, &t) != NULL ||
	    is_client_at(p, end) || is_pair_at(p, end) ||
	    skip(p, end, "[pod/") != NULL)
		return true;
	if (end - p < 6)
		return false;
	if (*p == '<') {
		p = skip_digits(p + 1, end);
		return p < end && *p == '>' && is_digit(p[-1]);
	}
	return memchr("IWEF", *p, 4) != NULL && p[5] == ' ' &&
	    skip_digits(p + 1, end) == p + 5;
}

size_t
file_name_until(struct scan *s, struct span text, const char *colon)
{
	const char *p = text.p, *end = p + text.len;
	size_t len = (size_t)(colon - p);

	if (len == 13 && p[10] == 'T')	/* 2021-06-29T10:05:03 */
		return 0;
	if (end - colon > 2 && colon[1] == '/') {	/* s3://bucket/key */
		colon = find_either(colon + 1, end, ' ', ':');
		if (colon == end || *colon == ' ')
			return 0;
		len = (size_t)(colon - p);
	}
	if (memchr("{[<\"", *p, 4) != NULL || (memchr(p, '.', len) == NULL &&
	    memchr(p, '/', len) == NULL))
		return 0;
	return is_line_at(s, colon + 1, end) ? len + 1 : 0;
}
