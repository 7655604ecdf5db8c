#include "match/status_scan.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#if defined __x86_64__
#include <immintrin.h>
#elif defined __AARCH64EL__
#include <arm_neon.h>
#endif

/* Whether a status may stand at p, as far as the byte before it tells. */
static inline bool
may_begin(const char *p, const char *end)
{
	unsigned char c = (unsigned char)p[-1];

	return c <= '"' || c == '(' || c == ':' || c == '=' ||
	    (c == '/' && end - p > 3 && p[3] == ' ');
}

/* Whether p is at a status; only the byte before p is not looked at. */
static inline bool
is_status(const char *p, const char *end)
{
	return end - p >= 3 && p[0] == '5' && is_digit(p[1]) &&
	    is_digit(p[2]) && (end - p == 3 || !is_digit(p[3]));
}

static const char *
scan_rest(const char *start, const char *p, const char *end)
{
	for (; p < end; p++)
		if ((is_status(p, end) && (p == start || may_begin(p, end))) ||
		    (*p == '#' && p > start && p[-1] == '\n'))
			return p;
	return end;
}

static const char *
scan_plain(const char *p, const char *end)
{
	return scan_rest(p, p, end);
}

/*
 * The vector forms look at one byte before the 5 and at three after it, so they
 * begin at the second byte and leave the last ones to scan_rest.
 */
#define VECTOR_SCAN(name, width, target, mask, bits)			\
target static const char *						\
name(const char *start, const char *end)				\
{									\
	const char *p = start;						\
									\
	if (is_status(p, end))						\
		return p;						\
	for (p++; end - p >= width + 3; p += width) {			\
		unsigned long long m = mask(p);				\
									\
		__builtin_prefetch(p + 4096);				\
		if (m != 0)						\
			return p + __builtin_ctzll(m) / bits;		\
	}								\
	return scan_rest(start, p, end);				\
}

#if defined __x86_64__

#define LOAD128(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define LOAD256(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))

static inline __m128i
digits128(__m128i v)
{
	v = _mm_sub_epi8(v, _mm_set1_epi8('0'));
	return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v);
}

/*
 * A bit for each byte where a status may stand.  The bytes before are looked at
 * only where there is a number or a #, which is in few of the vectors.
 */
static inline unsigned
mask128(const char *p)
{
	__m128i at = LOAD128(p), number, hash, before, behind, m;

	number = _mm_and_si128(_mm_cmpeq_epi8(at, _mm_set1_epi8('5')),
	    _mm_and_si128(digits128(LOAD128(p + 1)),
	    digits128(LOAD128(p + 2))));
	behind = LOAD128(p + 3);
	number = _mm_andnot_si128(digits128(behind), number);
	hash = _mm_cmpeq_epi8(at, _mm_set1_epi8('#'));
	if (_mm_movemask_epi8(_mm_or_si128(number, hash)) == 0)
		return 0;
	before = LOAD128(p - 1);
	m = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(before,
	    _mm_set1_epi8('"')), before),
	    _mm_or_si128(_mm_cmpeq_epi8(before, _mm_set1_epi8(':')),
	    _mm_cmpeq_epi8(before, _mm_set1_epi8('='))));
	m = _mm_or_si128(m, _mm_or_si128(_mm_cmpeq_epi8(before,
	    _mm_set1_epi8('(')), _mm_and_si128(_mm_cmpeq_epi8(before,
	    _mm_set1_epi8('/')), _mm_cmpeq_epi8(behind,
	    _mm_set1_epi8(' ')))));
	hash = _mm_and_si128(hash, _mm_cmpeq_epi8(before,
	    _mm_set1_epi8('\n')));
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(
	    _mm_and_si128(number, m), hash));
}

__attribute__((target("avx2"))) static inline __m256i
digits256(__m256i v)
{
	v = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
	return _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(9)), v);
}

__attribute__((target("avx2"))) static inline unsigned
mask256(const char *p)
{
	__m256i at = LOAD256(p), number, hash, before, behind, m;

	number = _mm256_and_si256(_mm256_cmpeq_epi8(at, _mm256_set1_epi8('5')),
	    _mm256_and_si256(digits256(LOAD256(p + 1)),
	    digits256(LOAD256(p + 2))));
	behind = LOAD256(p + 3);
	number = _mm256_andnot_si256(digits256(behind), number);
	hash = _mm256_cmpeq_epi8(at, _mm256_set1_epi8('#'));
	if (_mm256_movemask_epi8(_mm256_or_si256(number, hash)) == 0)
		return 0;
	before = LOAD256(p - 1);
	m = _mm256_or_si256(_mm256_cmpeq_epi8(_mm256_min_epu8(before,
	    _mm256_set1_epi8('"')), before),
	    _mm256_or_si256(_mm256_cmpeq_epi8(before, _mm256_set1_epi8(':')),
	    _mm256_cmpeq_epi8(before, _mm256_set1_epi8('='))));
	m = _mm256_or_si256(m, _mm256_or_si256(_mm256_cmpeq_epi8(before,
	    _mm256_set1_epi8('(')), _mm256_and_si256(_mm256_cmpeq_epi8(before,
	    _mm256_set1_epi8('/')), _mm256_cmpeq_epi8(behind,
	    _mm256_set1_epi8(' ')))));
	hash = _mm256_and_si256(hash, _mm256_cmpeq_epi8(before,
	    _mm256_set1_epi8('\n')));
	return (unsigned)_mm256_movemask_epi8(_mm256_or_si256(
	    _mm256_and_si256(number, m), hash));
}

#define AVX512 __attribute__((target("avx512bw")))

AVX512 static inline __m512i
load512(const char *p)
{
	return _mm512_loadu_si512((const void *)p);
}

/* Which of the bytes in m are digits; or are none. */
AVX512 static inline __mmask64
digits512(__mmask64 m, __m512i v, bool are)
{
	const __m512i nine = _mm512_set1_epi8(9);

	v = _mm512_sub_epi8(v, _mm512_set1_epi8('0'));
	return are ? _mm512_mask_cmple_epu8_mask(m, v, nine) :
	    _mm512_mask_cmpgt_epu8_mask(m, v, nine);
}

AVX512 static inline unsigned long long
mask512(const char *p)
{
	__m512i at = load512(p), before, behind = load512(p + 3);
	__mmask64 number, hash, m;

	number = _mm512_cmpeq_epi8_mask(at, _mm512_set1_epi8('5'));
	number = digits512(number, load512(p + 1), true);
	number = digits512(number, load512(p + 2), true);
	number = digits512(number, behind, false);
	hash = _mm512_cmpeq_epi8_mask(at, _mm512_set1_epi8('#'));
	if ((number | hash) == 0)
		return 0;
	before = load512(p - 1);
	m = _mm512_cmple_epu8_mask(before, _mm512_set1_epi8('"')) |
	    _mm512_cmpeq_epi8_mask(before, _mm512_set1_epi8(':')) |
	    _mm512_cmpeq_epi8_mask(before, _mm512_set1_epi8('=')) |
	    _mm512_cmpeq_epi8_mask(before, _mm512_set1_epi8('(')) |
	    (_mm512_cmpeq_epi8_mask(before, _mm512_set1_epi8('/')) &
	    _mm512_cmpeq_epi8_mask(behind, _mm512_set1_epi8(' ')));
	return (number & m) | _mm512_mask_cmpeq_epi8_mask(hash, before,
	    _mm512_set1_epi8('\n'));
}

VECTOR_SCAN(scan_sse2, 16, , mask128, 1)
VECTOR_SCAN(scan_avx512, 64, AVX512, mask512, 1)
VECTOR_SCAN(scan_avx2, 32, __attribute__((target("avx2"))), mask256, 1)

status_scan_fn *const *
status_scan_ways(void)
{
	static status_scan_fn *const ways[] = {
		scan_avx512, scan_avx2, scan_sse2, scan_plain, NULL
	};

	return ways + (__builtin_cpu_supports("avx512bw") ? 0 :
	    __builtin_cpu_supports("avx2") ? 1 : 2);
}

#elif defined __AARCH64EL__

static inline uint8x16_t
digits_neon(const char *p)
{
	return vcltq_u8(vsubq_u8(vld1q_u8((const uint8_t *)p), vdupq_n_u8('0')),
	    vdupq_n_u8(10));
}

/* Makes four bits for each byte, as NEON has no movemask. */
static inline unsigned long long
mask_neon(const char *p)
{
	uint8x16_t before = vld1q_u8((const uint8_t *)p - 1), m;
	uint8x16_t at = vld1q_u8((const uint8_t *)p);

	m = vorrq_u8(vcleq_u8(before, vdupq_n_u8('"')),
	    vorrq_u8(vceqq_u8(before, vdupq_n_u8(':')),
	    vceqq_u8(before, vdupq_n_u8('='))));
	m = vorrq_u8(m, vorrq_u8(vceqq_u8(before, vdupq_n_u8('(')),
	    vandq_u8(vceqq_u8(before, vdupq_n_u8('/')),
	    vceqq_u8(vld1q_u8((const uint8_t *)p + 3), vdupq_n_u8(' ')))));
	m = vandq_u8(m, vceqq_u8(at, vdupq_n_u8('5')));
	m = vandq_u8(m, vandq_u8(digits_neon(p + 1), digits_neon(p + 2)));
	m = vbicq_u8(m, digits_neon(p + 3));
	m = vorrq_u8(m, vandq_u8(vceqq_u8(before, vdupq_n_u8('\n')),
	    vceqq_u8(at, vdupq_n_u8('#'))));
	return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(
	    vreinterpretq_u16_u8(m), 4)), 0);
}

VECTOR_SCAN(scan_neon, 16, , mask_neon, 4)

status_scan_fn *const *
status_scan_ways(void)
{
	static status_scan_fn *const ways[] = { scan_neon, scan_plain, NULL };

	return ways;
}

#else

status_scan_fn *const *
status_scan_ways(void)
{
	static status_scan_fn *const ways[] = { scan_plain, NULL };

	return ways;
}

#endif

const char *
status_scan(const char *p, const char *end)
{
	static status_scan_fn *way;
	status_scan_fn *f = __atomic_load_n(&way, __ATOMIC_RELAXED);

	if (f == NULL) {
		f = *status_scan_ways();
		__atomic_store_n(&way, f, __ATOMIC_RELAXED);
	}
	return f(p, end);
}
