#include "rotate/stamp.h"

#include <string.h>

#include "base/bytes.h"

/* Digits of an epoch from 1973 to 2286. */
enum { EPOCH_MIN = 9, EPOCH_MAX = 10 };

/*
 * The form of each conversion: a number of digits, or letters (0), or others.
 */
static const struct {
	char conv;
	signed char digits;
	const char *means;
} convs[] = {
	{ 'Y', 4, NULL }, { 'm', 2, NULL }, { 'd', 2, NULL }, { 'H', 2, NULL },
	{ 'M', 2, NULL }, { 'S', 2, NULL }, { 'N', 9, NULL }, { 'y', 2, NULL },
	{ 'C', 2, NULL }, { 'G', 4, NULL }, { 'g', 2, NULL }, { 'V', 2, NULL },
	{ 'U', 2, NULL }, { 'W', 2, NULL }, { 'I', 2, NULL }, { 'j', 3, NULL },
	{ 'u', 1, NULL }, { 'w', 1, NULL }, { 'a', 0, NULL }, { 'A', 0, NULL },
	{ 'b', 0, NULL }, { 'B', 0, NULL }, { 'h', 0, NULL }, { 'p', 0, NULL },
	{ 'Z', 0, NULL }, { 's', -1, NULL }, { 'z', -1, NULL },
	{ 'F', -1, "%Y-%m-%d" }, { 'T', -1, "%H:%M:%S" }, { 'R', -1, "%H:%M" },
	{ '%', -1, NULL },
};

static int
find_conv(char c)
{
	for (size_t i = 0; i < sizeof convs / sizeof *convs; i++)
		if (convs[i].conv == c)
			return (int)i;
	return -1;
}

const char *
stamp_check(const char *format)
{
	if (*format == '\0')
		return "empty";
	if (strchr(format, '/') != NULL)
		return "a slash cannot be in a name";
	for (const char *p = format; (p = strchr(p, '%')) != NULL; p += 2)
		if (p[1] == '\0' || find_conv(p[1]) < 0)
			return "a conversion that cannot stand in a stamp";
	if (strchr(format, '%') == NULL)
		return "no conversion";
	return NULL;
}

int
stamp_print(struct buf *b, const char *format, struct timespec when, bool local)
{
	/*
	 * It is called through a pointer, as the compiler wants a format that
	 * it can see.
	 */
	size_t (*print)(char *, size_t, const char *, const struct tm *) =
	    strftime;
	char piece[3] = "%", text[64];
	struct tm tm = { 0 };
	size_t n;

	if (local ? localtime_r(&when.tv_sec, &tm) == NULL :
	    gmtime_r(&when.tv_sec, &tm) == NULL)
		return -1;
	for (const char *p = format; *p != '\0'; p++) {
		if (*p != '%') {
			buf_addc(b, *p);
		} else if (*++p == 's') {
			buf_printf(b, "%lld", (long long)when.tv_sec);
		} else if (*p == 'N') {
			buf_printf(b, "%09ld", when.tv_nsec);
		} else {
			piece[1] = *p;
			n = print(text, sizeof text, piece, &tm);
			buf_add(b, text, n);
		}
	}
	return b->failed ? -1 : 0;
}

static size_t
count_digits(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && is_digit(*p))
		p++;
	return (size_t)(p - s);
}

static int
number(const char *s, size_t n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + (*s++ - '0');
	return v;
}

bool
stamp_is_date(const char *s, size_t n)
{
	static const struct { int low, high; } parts[] = {
		{ 1, 12 }, { 1, 31 }, { 0, 23 }, { 0, 59 }, { 0, 60 },
	};
	int v;

	if (n < 8 || n > 14 || n % 2 != 0 || count_digits(s, s + n) < n ||
	    number(s, 2) != 20)
		return false;
	for (size_t i = 0; 4 + 2 * i < n; i++) {
		v = number(s + 4 + 2 * i, 2);
		if (v < parts[i].low || v > parts[i].high)
			return false;
	}
	return true;
}

static bool
is_composite(char conv)
{
	return conv == 'F' || conv == 'T' || conv == 'R';
}

/*
 * The number of bytes at s that the conversion convs[i], which is not the
 * epoch, may have printed; 0 when it cannot have.
 */
static size_t
printed_length(int i, const char *s, const char *end)
{
	const char *p = s;
	size_t n;

	if (convs[i].conv == '%')
		return s < end && *s == '%';
	if (convs[i].conv == 'z')
		return s < end && (*s == '+' || *s == '-') &&
		    count_digits(s + 1, end) >= 4 ? 5 : 0;
	if (is_composite(convs[i].conv)) {
		n = convs[i].conv == 'F' ? 10 : convs[i].conv == 'T' ? 8 : 5;
		return (size_t)(end - s) >= n &&
		    stamp_matches(convs[i].means, s, s + n) ? n : 0;
	}
	if (convs[i].digits > 0) {
		n = (size_t)convs[i].digits;
		return count_digits(s, end) >= n ? n : 0;
	}
	while (p < end && is_letter(*p))
		p++;
	return (size_t)(p - s);
}

/* As stamp_matches, for the rest of a format after the epoch. */
static bool
matches_epoch(const char *rest, const char *s, const char *end)
{
	size_t n = count_digits(s, end);

	if (stamp_is_date(s, n))
		return false;
	for (n = n < EPOCH_MAX ? n : EPOCH_MAX; n >= EPOCH_MIN; n--)
		if (stamp_matches(rest, s + n, end))
			return true;
	return false;
}

bool
stamp_matches(const char *format, const char *s, const char *end)
{
	size_t n;

	for (; *format != '\0'; s += n) {
		if (*format != '%') {
			if (s == end || *s != *format)
				return false;
			format++;
			n = 1;
			continue;
		}
		if (format[1] == 's')
			return matches_epoch(format + 2, s, end);
		n = printed_length(find_conv(format[1]), s, end);
		if (n == 0)
			return false;
		format += 2;
	}
	return s == end;
}
