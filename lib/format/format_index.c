#include "format/format_index.h"

#include <pthread.h>

#include "base/bytes.h"
#include "format/format.h"
#include "format/known_keys.h"
#include "format/line_format.h"

enum {
	FORMATS = 64,
	THREAD_MAX = 120, /* how far a level after a thread is looked for */
};

struct format_index format_index;

static uint64_t with_status;	/* the layouts whose lines all have one */

/*
 * Few lines hold all of these, and it is faster to look for one than to try the
 * formats that need it.
 */
static const char telling[] = "|\"[@(>=]";
static uint64_t told_by[sizeof telling - 1];	/* the formats that need each */

/* Each is made when it is first needed, for all scanners. */
static struct line_format *layouts[FORMATS];

const struct line_format *
format_layout(unsigned f)
{
	struct line_format *l, *others = NULL;

	l = __atomic_load_n(&layouts[f], __ATOMIC_ACQUIRE);
	if (l != NULL)
		return l;
	l = line_format_of(formats[f]->layout);
	if (l == NULL || __atomic_compare_exchange_n(&layouts[f], &others, l,
	    false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return l;
	line_format_free(l);	/* another thread was faster */
	return others;
}

/* Sets bit for the bytes in first, or in any when first is NULL. */
static void
index_bytes(uint64_t index[256], uint64_t *any, const char *first, uint64_t bit)
{
	if (first == NULL)
		*any |= bit;
	for (; first != NULL && *first != '\0'; first++)
		for (unsigned c = *first == '0' ? '0' : *first == 'a' ? 'A' :
		    (unsigned char)*first; c <= (*first == '0' ? '9' :
		    *first == 'a' ? 'z' : (unsigned char)*first); c++)
			if (*first != 'a' || is_letter((char)c))
				index[c] |= bit;
}

/* Returns a bit for each of telling that all lines of the format hold. */
static unsigned
needs_of(unsigned f)
{
	const char *p = formats[f]->needs, *at;
	unsigned bits = 0;

	if (formats[f]->layout != NULL)
		return line_format_needs(formats[f]->layout, telling);
	for (; p != NULL && *p != '\0'; p++)
		if ((at = strchr(telling, *p)) != NULL)
			bits |= 1U << (at - telling);
	return bits;
}

static void
prepare_formats(void)
{
	uint64_t behind = 0;	/* the formats after the last leveled one */
	uint64_t any_first = 0, any_after = 0;
	unsigned needs;

	known_keys_prepare();
	for (unsigned f = 0; formats[f] != NULL; f++) {
		index_bytes(format_index.by_first, &any_first,
		    formats[f]->first, UINT64_C(1) << f);
		index_bytes(format_index.after_date, &any_after,
		    formats[f]->after_date, UINT64_C(1) << f);
		if (formats[f]->distinct && formats[f]->status != NULL)
			format_index.answers |= UINT64_C(1) << f;
		if (formats[f]->undated)
			format_index.undated |= UINT64_C(1) << f;
		if (formats[f]->joined)
			format_index.joined |= UINT64_C(1) << f;
		if (formats[f]->leveled) {
			format_index.leveled |= UINT64_C(1) << f;
			behind = ~UINT64_C(1) << f;
		}
		if (formats[f]->layout != NULL &&
		    line_format_needs_status(formats[f]->layout))
			with_status |= UINT64_C(1) << f;
		format_index.needy |= with_status;
		for (needs = needs_of(f); needs != 0; needs &= needs - 1)
			format_index.needy |= told_by[__builtin_ctz(needs)] |=
			    UINT64_C(1) << f;
	}
	format_index.leveled |= behind;
	for (unsigned c = 0; c < 256; c++) {
		format_index.by_first[c] |= any_first;
		format_index.after_date[c] |= any_after;
	}
}

void
format_index_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, prepare_formats);
}

/* Whether a level in capitals and a blank stand in the eight bytes at p. */
static inline bool
is_level_at(const char *p)
{
	return memcmp(p, "INFO ", 5) == 0 || memcmp(p, "WARN ", 5) == 0 ||
	    memcmp(p, "DEBUG ", 6) == 0 || memcmp(p, "ERROR ", 6) == 0 ||
	    memcmp(p, "TRACE ", 6) == 0 || memcmp(p, "FATAL ", 6) == 0 ||
	    memcmp(p, "SEVERE ", 7) == 0 || memcmp(p, "WARNING ", 8) == 0;
}

/* Whether "[thread] INFO " or the like stands at p. */
static inline bool
is_thread_and_level_at(const char *p, const char *end)
{
	const char *close;

	if (end - p > THREAD_MAX)
		end = p + THREAD_MAX;
	close = find_char(p, end, ']');
	if (end - close < 10 || close[1] != ' ')
		return false;
	close = skip_spaces(close + 1, end - 8);
	return is_level_at(close);
}

/*
 * Returns where the seconds end of a date with its clock at p, where 24 bytes
 * are; p if it has no clock, and NULL if it is no date.
 */
static inline const char *
skip_seconds(const char *p)
{
	const char *q;

	if (!is_digit(p[0]) || !is_digit(p[1]))
		return NULL;
	if (p[4] == '-' && p[7] == '-' && is_digit(p[2]) && is_digit(p[3]) &&
	    is_digit(p[5]) && is_digit(p[8]) && (p[10] == ' ' || p[10] == 'T'))
		q = p + 19;	/* 2021-06-29 10:05:03 */
	else if (p[2] == '/' && p[5] == '/' && p[8] == ' ')
		q = p + 17;	/* 21/06/29 10:05:03 */
	else if (p[2] == '-' && p[6] == '-' && p[11] == ' ')
		q = p + 20;	/* 29-Jun-2021 10:05:03 */
	else
		return NULL;
	return q[-6] == ':' && q[-3] == ':' && is_digit(q[-1]) ? q : p;
}

uint64_t
format_index_by_date(uint64_t left, struct span text, bool declared)
{
	const char *p = text.p, *end = p + text.len;

	if (text.len < 24 || (p = skip_seconds(p)) == NULL)
		return left;
	if (p > text.p && (*p == '.' || *p == ','))
		p = skip_digits(p + 1, end);
	p += p < end && *p == 'Z' && p > text.p;
	if (end - p < 10 || *p != ' ')
		return left & ~format_index.undated;
	p = skip_spaces(p, end - 9);
	if (!declared && (*p == '[' ? is_thread_and_level_at(p, end) :
	    is_level_at(p)))
		return left & format_index.leveled;
	left &= ~format_index.undated;
	if (text.p[10] != 'T')
		left &= ~format_index.joined;
	/* There may be a zone first, as in "10:05:03 +0200" or "10:05:03 UTC". */
	if (*p == '+' || *p == '-' || memcmp(p, "UTC", 3) == 0 ||
	    memcmp(p, "GMT", 3) == 0)
		return left;
	return left & format_index.after_date[(unsigned char)*p];
}

/* Whether the three digits at p may be a status: they are no fraction. */
static inline bool
is_status_at(const char *start, const char *p)
{
	return *p >= '1' && *p <= '5' && (p == start || (p[-1] != '.' &&
	    p[-1] != ','));
}

/* A bit for each of the 16 bytes at p that is a digit. */
static inline uint64_t
digit_bits(const char *p)
{
#ifdef __SSE2__
	__m128i v = _mm_sub_epi8(load16(p), _mm_set1_epi8('0'));

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(
	    _mm_min_epu8(v, _mm_set1_epi8(9)), v));
#else
	uint64_t bits = 0;

	for (size_t i = 0; i < 16; i++)
		bits |= (uint64_t)is_digit(p[i]) << i;
	return bits;
#endif
}

/* The same of n bytes, 64 at most; start is where the text begins. */
static inline uint64_t
all_digit_bits(const char *start, const char *p, size_t n)
{
	uint64_t bits = 0;
	size_t i;

	for (i = 0; i + 16 <= n; i += 16)
		bits |= digit_bits(p + i) << i;
	if (i < n && p + n - start >= 16)	/* of the last 16 bytes */
		return bits | digit_bits(p + n - 16) >> (16 - (n - i)) << i;
	for (; i < n; i++)
		bits |= (uint64_t)is_digit(p[i]) << i;
	return bits;
}

/*
 * Whether text holds a number from 100 to 599 that may be a status, and is no
 * fraction.
 */
static bool
may_hold_status(struct span text)
{
	const char *p = text.p, *end = p + text.len;
	uint64_t digits, ends, looked_at = 0;
	size_t n;

	/* Each turn looks again at the last four bytes of the one before. */
	for (;; p += 60, looked_at = 15) {
		n = end - p < 64 ? (size_t)(end - p) : 64;
		digits = all_digit_bits(text.p, p, n);
		/* Where three digits end, with no digit before or after. */
		ends = ~digits & digits << 1 & digits << 2 & digits << 3 &
		    ~(digits << 4) & ~looked_at;
		for (; ends != 0; ends &= ends - 1)
			if (is_status_at(text.p, p + __builtin_ctzll(ends) - 3))
				return true;
		if (n < 64)
			return false;
	}
}

bool
format_index_may_answer(struct span text)
{
	/*
	 * "Completed 200", "[tag] Completed 200", "Sent 200" and
	 * ">> Outcome: Success(200 OK)"
	 */
	return (memchr(text.p, '/', text.len) != NULL ||
	    (text.len > 0 && memchr("CSO> *-[", *text.p, 8) != NULL) ||
	    memchr(text.p, '*', text.len) != NULL ||
	    memchr(text.p, '"', text.len) != NULL) && may_hold_status(text);
}

uint64_t
format_index_rule_out(uint64_t left, struct span text)
{
	for (size_t i = 0; i < sizeof telling - 1; i++)
		if ((left & told_by[i]) != 0 &&
		    memchr(text.p, telling[i], text.len) == NULL)
			left &= ~told_by[i];
	if ((left & with_status) != 0 && !may_hold_status(text))
		left &= ~with_status;
	return left;
}
