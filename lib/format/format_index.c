#include "format/format_index.h"

#include <pthread.h>

#include "base/bytes.h"
#include "format/format.h"
#include "format/known_keys.h"
#include "format/line_format.h"

enum { FORMATS = 64 };

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

static void
index_format(unsigned f, uint64_t bit)
{
	const char *first = formats[f]->first;

	for (unsigned c = 0; first == NULL && c < 256; c++)
		format_index.by_first[c] |= bit;
	for (; first != NULL && *first != '\0'; first++)
		for (unsigned c = *first == '0' ? '0' : *first == 'a' ? 'A' :
		    (unsigned char)*first; c <= (*first == '0' ? '9' :
		    *first == 'a' ? 'z' : (unsigned char)*first); c++)
			if (*first != 'a' || is_letter((char)c))
				format_index.by_first[c] |= bit;
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
	unsigned needs;

	known_keys_prepare();
	for (unsigned f = 0; formats[f] != NULL; f++) {
		index_format(f, UINT64_C(1) << f);
		if (formats[f]->distinct && formats[f]->status != NULL)
			format_index.answers |= UINT64_C(1) << f;
		if (formats[f]->undated)
			format_index.undated |= UINT64_C(1) << f;
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
}

void
format_index_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, prepare_formats);
}

/* Whether the three digits at p, with none around them, may be a status. */
static inline bool
is_status_at(const char *start, const char *p)
{
	return *p >= '1' && *p <= '5' && (p == start || (p[-1] != '.' &&
	    p[-1] != ','));
}

/* A bit for each of the n bytes at p, 16 at most, that is a digit. */
static inline unsigned
digit_bits(const char *p, size_t n)
{
	unsigned bits = 0;

#ifdef __SSE2__
	if (n == 16) {
		__m128i v = _mm_sub_epi8(load16(p), _mm_set1_epi8('0'));

		return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(
		    _mm_min_epu8(v, _mm_set1_epi8(9)), v));
	}
#endif
	for (size_t i = 0; i < n; i++)
		bits |= (unsigned)is_digit(p[i]) << i;
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
	unsigned digits = 0, ends;	/* from four bytes before p on */
	size_t n;

	for (; p <= end; p += n) {
		n = end - p < 16 ? (size_t)(end - p) : 16;
		if (n < 16 && text.len >= 16) {	/* of the last 16 bytes */
			digits |= digit_bits(end - 16, 16) >> (16 - n) << 4;
		} else {
			digits |= digit_bits(p, n) << 4;
		}
		/* Where three digits end, with no digit before or after. */
		ends = ~digits & digits << 1 & digits << 2 & digits << 3 &
		    ~(digits << 4) & ((2U << (n + 3 + (n < 16))) - 1) & ~15U;
		for (; ends != 0; ends &= ends - 1)
			if (is_status_at(text.p, p + __builtin_ctz(ends) - 7))
				return true;
		digits >>= n;
		if (n < 16)
			break;
	}
	return false;
}

bool
format_index_may_answer(struct span text)
{
	/* "Completed 200", "Sent 200" and ">> Outcome: Success(200 OK)" */
	return (memchr(text.p, '/', text.len) != NULL ||
	    (text.len > 0 && memchr("CSO> *-", *text.p, 7) != NULL) ||
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
