/*
 * The part of literal_finder that searches with AVX2 and AVX-512.
 */
#include "match/literal_search.h"

#if defined __x86_64__

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512bw")))

AVX2 static inline uint64_t
bits_of(__m256i a, __m256i b)
{
	return (unsigned)_mm256_movemask_epi8(a) |
	    (uint64_t)(unsigned)_mm256_movemask_epi8(b) << 32;
}

/* All searches, 32 bytes at a time. */
#define NAME(name) name##_avx2
#define TARGET AVX2
#define WIDTH 32
#define VECTOR __m256i
#define MASK __m256i
#define LOAD_AT(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define SET(c) _mm256_set1_epi8(c)
#define OR(a, b) _mm256_or_si256(a, b)
#define BOTH(a, x, b, y) _mm256_and_si256(_mm256_cmpeq_epi8(a, x), \
	_mm256_cmpeq_epi8(b, y))
#define EITHER(a, b) _mm256_or_si256(a, b)
#define IS_NONE(m) _mm256_testz_si256(m, m)
#define LOW_64(a, b) bits_of(a, b)
#define HIGH_64(b, c, d) bits_of(c, d)
#define STORE(to, v) _mm256_storeu_si256((__m256i *)(void *)(to), v)
#define AND(a, b) _mm256_and_si256(a, b)
#define IS_ZERO(v) _mm256_cmpeq_epi8(v, _mm256_setzero_si256())
#define TOPS(a, b) bits_of(a, b)
#define TABLE(p) _mm256_broadcastsi128_si256( \
	_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define AT(table, i) _mm256_shuffle_epi8(table, i)
#define LOW(v) AND(v, _mm256_set1_epi8(15))
#define HIGH(v) LOW(_mm256_srli_epi16(v, 4))
#include "match/literal_nibbles.h"
#include "match/literal_pairs.h"

/* The search for targets, 64 bytes at a time. */
#define NAME(name) name##_avx512
#define TARGET AVX512
#define WIDTH 64
#define VECTOR __m512i
#define MASK __mmask64
#define LOAD_AT(p) _mm512_loadu_si512((const void *)(p))
#define SET(c) _mm512_set1_epi8(c)
#define OR(a, b) _mm512_or_si512(a, b)
#define BOTH(a, x, b, y) _mm512_mask_cmpeq_epi8_mask( \
	_mm512_cmpeq_epi8_mask(a, x), b, y)
#define EITHER(a, b) ((a) | (b))
#define IS_NONE(m) ((m) == 0)
#define LOW_64(a, b) (a)
#define HIGH_64(b, c, d) (b)
#include "match/literal_pairs.h"

#endif
