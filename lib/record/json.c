#include "record/json.h"

#include <stdint.h>

#include "base/bytes.h"
#include "base/utf8.h"

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p <= ' ' && (*p == ' ' ||
	    *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* The value of four hex digits at p, or -1. */
static int32_t
hex4(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		if (hex_digit(p[i]) < 0)
			return -1;
		v = v * 16 + hex_digit(p[i]);
	}
	return v;
}

/*
 * Reads the escape whose \u ends at p, and its other half where it is a
 * surrogate.  *c becomes the character, or the surrogate when it has no other
 * half.  Returns where the text goes on, or NULL when this is no escape.
 */
static const char *
unicode_escape(const char *p, const char *end, uint32_t *c)
{
	int32_t first = hex4(p, end), second;

	if (first < 0)
		return NULL;
	*c = (uint32_t)first;
	p += 4;
	if (first < 0xd800 || first >= 0xdc00 || end - p < 6 || p[0] != '\\' ||
	    p[1] != 'u')
		return p;
	second = hex4(p + 2, end);
	if (second < 0xdc00 || second >= 0xe000)
		return p;
	*c = 0x10000 + (((uint32_t)first & 0x3ff) << 10 |
	    ((uint32_t)second & 0x3ff));
	return p + 6;
}

/*
 * Reads the escape whose backslash is at p.  Returns where the text goes on, or
 * NULL.
 */
static const char *
scan_escape(const char *p, const char *end, bool tolerant, bool *clean)
{
	const char *next;
	uint32_t c;

	if (end - p < 2)
		return NULL;
	if (memchr("\"\\/bfnrt", p[1], 8) != NULL)
		return p + 2;
	if (p[1] == 'u' && (next = unicode_escape(p + 2, end, &c)) != NULL) {
		if (c >= 0xd800 && c < 0xe000)
			*clean = false;
		return next;
	}
	*clean = false;
	return tolerant ? p + 1 : NULL;
}

/*
 * Goes on with a string that begins at start: its first special byte is at p.
 */
static const char *
scan_odd_string(const char *start, const char *p, const char *end,
    bool tolerant, struct json_value *v)
{
	bool good;

	for (; p < end && *p != '"'; p = find_special(p, end)) {
		if (*p == '\\') {
			v->escaped = true;
			p = scan_escape(p, end, tolerant, &v->clean);
			if (p == NULL)
				return NULL;
		} else if ((signed char)*p < 0) {
			p += utf8_next(p, end, &good);
			v->clean &= good;
		} else if (tolerant) {
			v->clean = false;
			p++;
		} else {
			return NULL;
		}
	}
	if (p >= end)
		return NULL;
	v->text = span_of(start, (size_t)(p - start));
	return p + 1;
}

/*
 * Reads a string whose opening quote ends at p.  Returns where the text goes on
 * after the closing one, or NULL.
 */
static inline const char *
scan_string(const char *p, const char *end, bool tolerant,
    struct json_value *v)
{
	const char *quote = find_special(p, end);

	*v = (struct json_value){ .type = JSON_STRING, .clean = true,
	    .text = span_of(p, (size_t)(quote - p)) };
	if (quote < end && *quote == '"')
		return quote + 1;
	return scan_odd_string(p, quote, end, tolerant, v);
}

/* Reads the number at p.  Returns where the text goes on, or NULL. */
static const char *
scan_number(const char *p, const char *end)
{
	const char *digits;

	if (p < end && *p == '-')
		p++;
	digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p > digits + 1))
		return NULL;
	if (p < end && *p == '.') {
		digits = ++p;
		if ((p = skip_digits(p, end)) == digits)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		digits = p;
		if ((p = skip_digits(p, end)) == digits)
			return NULL;
	}
	return p;
}

static inline bool
is_of_word(char c)
{
	return (c >= '0' && c <= ':') || c == '.' || c == '+' || c == '-' ||
	    c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Reads a number, a literal, or a word that only a tolerant reader takes. */
static const char *
scan_word(const char *p, const char *end, bool tolerant, struct json_value *v)
{
	static const struct {
		const char *word;
		enum json_type type;
	} words[] = {
		{ "null", JSON_NULL },
		{ "false", JSON_FALSE },
		{ "true", JSON_TRUE },
		{ "-", JSON_ABSENT },
		{ "", JSON_ABSENT },
	};
	const char *start = p, *number_end = scan_number(p, end);
	size_t i;

	*v = (struct json_value){ .type = JSON_NUMBER, .clean = true };
	if (number_end != NULL)
		p = number_end;
	while (p < end && is_of_word(*p))
		p++;
	v->text = span_of(start, (size_t)(p - start));
	if (number_end == p)
		return p;
	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_is(v->text, words[i].word)) {
			v->type = words[i].type;
			v->clean = v->type != JSON_ABSENT;
			return v->clean || tolerant ? p : NULL;
		}
	v->type = JSON_STRING;
	v->clean = false; /* as a part of other JSON it needs its quotes */
	return tolerant ? p : NULL;
}

static const char *scan_value(const char *p, const char *end, bool tolerant,
    int depth, struct json_value *v);

/*
 * Reads the key whose opening quote ends at p, and the colon.  Returns where
 * its value begins, or NULL.
 */
static inline const char *
scan_key(struct json *j, const char *p, struct json_value *key)
{
	const char *end = j->end;

	if ((p = scan_string(p, end, j->tolerant, key)) == NULL)
		return NULL;
	j->p = p = skip_blanks(p, end);
	if (p == end || *p != ':')
		return NULL;
	return j->p = skip_blanks(p + 1, end);
}

int
json_next(struct json *j, struct json_value *key, struct json_value *value)
{
	const char *p = skip_blanks(j->p, j->end), *end = j->end;

	j->p = p;
	if (p < end && *p == j->close) {
		j->p = p + 1;
		return 0;
	}
	if (j->begun) {
		if (p == end || *p != ',')
			return -1;
		p = skip_blanks(p + 1, end);
		if (p < end && *p == j->close)
			return -1;
	}
	j->p = p;
	if (j->close == '}' && (p == end || *p != '"' ||
	    (p = scan_key(j, p + 1, key)) == NULL))
		return -1;
	if ((p = scan_value(p, end, j->tolerant, j->depth, value)) == NULL)
		return -1;
	j->p = p;
	j->begun = true;
	return 1;
}

/* Reads the object or array whose opening bracket is at p. */
static const char *
scan_nested(const char *p, const char *end, bool tolerant, int depth,
    struct json_value *v)
{
	struct json j = { .p = p + 1, .end = end, .tolerant = tolerant,
	    .depth = depth, .close = *p == '{' ? '}' : ']' };
	struct json_value key = { .clean = true }, value;
	bool clean = true;
	int r;

	if (depth >= JSON_DEPTH)
		return NULL;
	while ((r = json_next(&j, &key, &value)) > 0)
		clean &= key.clean && value.clean;
	if (r < 0)
		return NULL;
	*v = (struct json_value){ .clean = clean,
	    .type = *p == '{' ? JSON_OBJECT : JSON_ARRAY,
	    .text = span_of(p, (size_t)(j.p - p)) };
	return j.p;
}

static const char *
scan_value(const char *p, const char *end, bool tolerant, int depth,
    struct json_value *v)
{
	if (p == end)
		return NULL;
	if (*p == '"')
		return scan_string(p + 1, end, tolerant, v);
	if (*p == '{' || *p == '[')
		return scan_nested(p, end, tolerant, depth + 1, v);
	return scan_word(p, end, tolerant, v);
}

int
json_open(struct json *j, struct span text, bool tolerant)
{
	*j = (struct json){ .end = text.p + text.len, .tolerant = tolerant };
	j->p = skip_blanks(text.p, j->end);
	if (j->p == j->end || (*j->p != '{' && *j->p != '['))
		return -1;
	j->close = *j->p++ == '{' ? '}' : ']';
	return 0;
}

/*
 * Returns the rest of path after key, which is "" at its end, or NULL when path
 * does not begin with key.
 */
static const char *
path_after(const struct json_value *key, const char *path)
{
	size_t n = key->text.len;

	if (n > strlen(path) || memcmp(path, key->text.p, n) != 0)
		return NULL;
	return path[n] == '\0' ? path + n
	    : path[n] == '.'   ? path + n + 1
			       : NULL;
}

bool
json_get(struct span object, const char *path, struct json_value *value)
{
	struct json j;
	struct json_value key, v;
	const char *rest;

	if (json_open(&j, object, true) < 0 || j.close != '}')
		return false;
	while (json_next(&j, &key, &v) > 0) {
		if (json_is(&key, path)) {
			*value = v;
			return v.type != JSON_ABSENT;
		}
		rest = path_after(&key, path);
		if (rest != NULL && *rest != '\0' && v.type == JSON_OBJECT &&
		    json_get(v.text, rest, value))
			return true;
	}
	return false;
}

bool
json_is(const struct json_value *v, const char *s)
{
	struct buf b = { 0 };
	bool same;

	if (!v->escaped)
		return span_is(v->text, s);
	same = json_decode(&b, v) == 0 && span_is(buf_span(&b), s);
	buf_free(&b);
	return same;
}

/*
 * Writes the character that the escape at p, whose backslash was passed, means.
 * Returns where the text goes on.
 */
static const char *
decode_escape(const char *p, const char *end, char **to)
{
	static const char from[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *next;
	uint32_t c;

	if (p == end) {
		*(*to)++ = '\\';
		return p;
	}
	if ((next = memchr(from, *p, sizeof from - 1)) != NULL) {
		*(*to)++ = meant[next - from];
		return p + 1;
	}
	if (*p == 'u' && (next = unicode_escape(p + 1, end, &c)) != NULL) {
		*to += utf8_put(*to, c);
		return next;
	}
	if (*p == 'x' && end - p >= 3 && hex_digit(p[1]) >= 0 &&
	    hex_digit(p[2]) >= 0) {
		*(*to)++ = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
		return p + 3;
	}
	if (memchr("\"\\/", *p, 3) == NULL)
		*(*to)++ = '\\';
	*(*to)++ = *p;
	return p + 1;
}

char *
json_decode_to(char *to, const struct json_value *v)
{
	const char *p = v->text.p, *end = p + v->text.len, *slash;

	if (v->type != JSON_STRING || !v->escaped)
		return mempcpy(to, p, v->text.len);
	while ((slash = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		to = mempcpy(to, p, (size_t)(slash - p));
		p = decode_escape(slash + 1, end, &to);
	}
	return mempcpy(to, p, (size_t)(end - p));
}

int
json_decode(struct buf *b, const struct json_value *v)
{
	if (buf_reserve(b, v->text.len) < 0)
		return -1;
	if (v->text.len > 0)
		b->len = (size_t)(json_decode_to(b->p + b->len, v) - b->p);
	return 0;
}

const char *
json_string(const char *p, const char *end, struct json_value *v)
{
	return scan_string(p, end, true, v);
}

/*
 * Writes the one character at p, which is special.  Returns where the text goes
 * on.
 */
static const char *
put_special(const char *p, const char *end, char **to, bool *lossy)
{
	/* The escapes of 0x08 to 0x0d. */
	static const char letter[] = "btn\0fr";
	unsigned char c = (unsigned char)*p;
	bool good;
	size_t n;

	if (c >= 0x80) {
		n = utf8_next(p, end, &good);
		memcpy(*to, good ? p : UTF8_REPLACEMENT, good ? n : 3);
		*to += good ? n : 3;
		*lossy |= !good;
		return p + n;
	}
	*(*to)++ = '\\';
	if (c == '"' || c == '\\') {
		*(*to)++ = (char)c;
	} else if (c >= 8 && c <= 13 && c != 11) {
		*(*to)++ = letter[c - 8];
	} else {
		memcpy(*to, c < 16 ? "u000" : "u001", 4);
		(*to)[4] = "0123456789abcdef"[c & 15];
		*to += 5;
	}
	return p + 1;
}

#ifdef __SSE2__
/*
 * Copy n bytes, less than 16, and return true, if none of them is special.  Two
 * loads that overlap are cheaper than a loop.
 */
static inline bool
copy_short(char *to, const char *p, size_t n)
{
	uint64_t a = 0, b = 0;
	uint32_t c = 0, d = 0;

	if (n >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + n - 8, 8);
		memcpy(to, &a, 8);
		memcpy(to + n - 8, &b, 8);
	} else if (n >= 4) {
		memcpy(&c, p, 4);
		memcpy(&d, p + n - 4, 4);
		memcpy(to, &c, 4);
		memcpy(to + n - 4, &d, 4);
		a = b = (uint64_t)d << 32 | c;
	} else {
		for (size_t i = 0; i < n; i++) {
			if (is_special(p[i]))
				return false;
			to[i] = p[i];
		}
		return true;
	}
	return special_bits(_mm_set_epi64x((long long)b, (long long)a)) == 0;
}
#endif

char *
json_put(char *to, struct span bytes, bool *lossy)
{
	const char *p = bytes.p, *end = p + bytes.len;
#ifdef __SSE2__
	unsigned bits;
	__m128i v;

	while (end - p >= 16) {
		v = load16(p);
		_mm_storeu_si128((__m128i *)(void *)to, v);
		if ((bits = special_bits(v)) == 0) {
			p += 16;
			to += 16;
			continue;
		}
		p += __builtin_ctz(bits);
		to += __builtin_ctz(bits);
		p = put_special(p, end, &to, lossy);
	}
	if (copy_short(to, p, (size_t)(end - p)))
		return to + (end - p);
#endif
	while (p < end) {
		if (is_special(*p))
			p = put_special(p, end, &to, lossy);
		else
			*to++ = *p++;
	}
	return to;
}

int
json_add_string(struct buf *b, struct span bytes, bool *lossy)
{
	char *to;

	if (bytes.len > (SIZE_MAX - 64) / 6 ||
	    buf_reserve(b, JSON_ROOM(bytes.len) + 2) < 0)
		return buf_reserve(b, SIZE_MAX);
	to = b->p + b->len;
	*to++ = '"';
	to = json_put(to, bytes, lossy);
	*to++ = '"';
	b->len = (size_t)(to - b->p);
	return 0;
}

static int
add_decoded(struct buf *b, const struct json_value *v, bool *lossy)
{
	struct buf plain = { 0 };
	int r = json_decode(&plain, v);

	if (r == 0)
		r = json_add_string(b, buf_span(&plain), lossy);
	buf_free(&plain);
	return r;
}

static int
add_nested(struct buf *b, const struct json_value *v, bool *lossy)
{
	struct json_value key = { 0 }, value;
	struct json j;
	bool first = true;

	if (json_open(&j, v->text, true) < 0)
		return 0;
	buf_addc(b, *v->text.p);
	while (json_next(&j, &key, &value) > 0) {
		if (value.type == JSON_ABSENT && j.close == '}')
			continue;
		if (!first)
			buf_addc(b, ',');
		first = false;
		if (j.close == '}') {
			json_add_value(b, &key, lossy);
			buf_addc(b, ':');
		}
		json_add_value(b, &value, lossy);
	}
	return buf_addc(b, j.close);
}

int
json_add_value(struct buf *b, const struct json_value *v, bool *lossy)
{
	if (v->type == JSON_ABSENT)
		return buf_adds(b, "null");
	if (v->type == JSON_STRING && v->clean) {
		buf_addc(b, '"');
		buf_addspan(b, v->text);
		return buf_addc(b, '"');
	}
	if (v->clean)
		return buf_addspan(b, v->text);
	if (v->type == JSON_STRING)
		return add_decoded(b, v, lossy);
	return add_nested(b, v, lossy);
}
