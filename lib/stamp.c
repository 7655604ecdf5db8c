#include "stamp.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

enum { EPOCH_MIN = 9, EPOCH_MAX = 12 };	/* digits; 9 since 1973 */

/* What each conversion looks like: so many digits, or letters (0), or others. */
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

static const char *const packers[] = {
	".gz", ".zst", ".xz", ".bz2", ".lz4", ".Z",
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
	/* Through a pointer: the compiler wants a format it can see. */
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
count_class(const char *s, const char *end, int (*is)(int))
{
	const char *p = s;

	while (p < end && is((unsigned char)*p))
		p++;
	return (size_t)(p - s);
}

/* Do n digits stand at s? */
static bool
digits(const char *s, const char *end, size_t n)
{
	return (size_t)(end - s) >= n && count_class(s, s + n, isdigit) == n;
}

static int
number(const char *s, size_t n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + (*s++ - '0');
	return v;
}

/* YYYYMMDD of this century, and perhaps HH. */
static bool
is_date(const char *s, size_t n)
{
	int month, day;

	if ((n != 8 && n != 10) || strncmp(s, "20", 2) != 0)
		return false;
	month = number(s + 4, 2);
	day = number(s + 6, 2);
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
	    (n == 8 || number(s + 8, 2) < 24);
}

/* Can s up to end have been printed by format? */
static bool
looks_like(const char *format, const char *s, const char *end)
{
	size_t n;
	int i;

	if (*format == '\0')
		return s == end;
	if (*format != '%')
		return s < end && *s == *format &&
		    looks_like(format + 1, s + 1, end);
	i = find_conv(*++format);
	format++;
	if (convs[i].means != NULL) {
		/* composites are of fixed length */
		n = convs[i].conv == 'F' ? 10 : convs[i].conv == 'T' ? 8 : 5;
		return (size_t)(end - s) >= n &&
		    looks_like(convs[i].means, s, s + n) &&
		    looks_like(format, s + n, end);
	}
	if (convs[i].conv == '%')
		return s < end && *s == '%' && looks_like(format, s + 1, end);
	if (convs[i].conv == 'z')
		return s < end && (*s == '+' || *s == '-') &&
		    digits(s + 1, end, 4) && looks_like(format, s + 5, end);
	if (convs[i].digits == 0)
		return (n = count_class(s, end, isalpha)) > 0 &&
		    looks_like(format, s + n, end);
	if (convs[i].digits > 0)
		return digits(s, end, n = (size_t)convs[i].digits) &&
		    looks_like(format, s + n, end);
	/*
	 * The epoch.  No time before 2033 is written like a date with its hour,
	 * which is what logrotate's hourly dateext leaves.
	 */
	n = count_class(s, end, isdigit);
	if (is_date(s, n))
		return false;
	for (n = n < EPOCH_MAX ? n : EPOCH_MAX; n >= EPOCH_MIN; n--)
		if (looks_like(format, s + n, end))
			return true;
	return false;
}

/* Where ".N" at the end begins, or len. */
static size_t
cut_number(const char *name, size_t len)
{
	size_t i = len;

	while (i > 0 && isdigit((unsigned char)name[i - 1]))
		i--;
	return i > 1 && i < len && name[i - 1] == '.' ? i - 1 : len;
}

/* Is "20210629", "2021-06-29", "20210629-100503" ... all of s up to end? */
static bool
is_dateext(const char *s, const char *end)
{
	char d[8];
	size_t n = 0;

	for (; s < end; s++)
		if (!isdigit((unsigned char)*s)) {
			if (strchr("-_:T", *s) == NULL)
				return false;
		} else if (n < sizeof d) {
			d[n++] = *s;
		}
	return n == sizeof d && is_date(d, n);
}

/* Where "-DATE" begins when all of the rest up to len is one, or len. */
static size_t
cut_date(const char *name, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (name[i] == '-' && isdigit((unsigned char)name[i + 1]) &&
		    is_dateext(name + i + 1, name + len))
			return i;
	return len;
}

/* Where "-STAMP" begins when all of the rest up to len is one, or len. */
static size_t
cut_stamp(const char *name, size_t len, const char *format, const char *own)
{
	for (size_t i = 1; i < len; i++) {
		const char *s = name + i + 1;
		size_t n = len - i - 1;

		if (name[i] != '-')
			continue;
		if (own != NULL && strlen(own) == n && memcmp(s, own, n) == 0)
			return i;
		if (looks_like(format, s, s + n))
			return i;
	}
	return len;
}

struct log_name
log_name_split(const char *name, const char *format, const char *own)
{
	struct log_name r = { .whole = strlen(name) };
	size_t plain;

	for (size_t i = 0; i < sizeof packers / sizeof *packers; i++) {
		size_t n = strlen(packers[i]);

		if (r.whole > n && strcmp(name + r.whole - n, packers[i]) == 0) {
			r.whole -= n;
			r.packed = true;
			break;
		}
	}
	plain = cut_number(name, r.whole);
	r.stem = cut_stamp(name, r.whole, format, own);
	if (r.stem == r.whole && plain < r.whole) {
		r.stem = cut_stamp(name, plain, format, own);
		if (r.stem == plain)
			r.stem = r.whole;
	}
	if (r.stem < r.whole) {
		r.stamped = true;
		r.base = cut_date(name, r.stem);
	} else {
		r.stem = cut_date(name, plain);
		r.base = r.stem;
	}
	r.rotated = r.stem < r.whole;
	return r;
}
