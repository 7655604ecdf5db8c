/*
 * The part of literal_finder that searches with NEON, which every 64-bit ARM
 * has.  Two of its vectors are taken for one of 32 bytes.
 */
#include "match/literal_search.h"

#if defined __AARCH64EL__

#include <arm_neon.h>

typedef uint8x16x2_t v32;

#define EACH(call_0, call_1) ((v32){ { call_0, call_1 } })

static inline v32
load(const void *p)
{
	return EACH(vld1q_u8(p), vld1q_u8((const uint8_t *)p + 16));
}

static inline void
store(unsigned char *to, v32 v)
{
	vst1q_u8(to, v.val[0]);
	vst1q_u8(to + 16, v.val[1]);
}

static inline v32
twice(uint8x16_t v)
{
	return EACH(v, v);
}

static inline v32
or(v32 a, v32 b)
{
	return EACH(vorrq_u8(a.val[0], b.val[0]), vorrq_u8(a.val[1], b.val[1]));
}

static inline v32
and(v32 a, v32 b)
{
	return EACH(vandq_u8(a.val[0], b.val[0]), vandq_u8(a.val[1], b.val[1]));
}

static inline v32
equal(v32 a, v32 b)
{
	return EACH(vceqq_u8(a.val[0], b.val[0]), vceqq_u8(a.val[1], b.val[1]));
}

static inline v32
look_up(v32 table, v32 i)
{
	return EACH(vqtbl1q_u8(table.val[0], i.val[0]),
	    vqtbl1q_u8(table.val[1], i.val[1]));
}

static inline bool
is_none(v32 v)
{
	return vmaxvq_u8(vorrq_u8(v.val[0], v.val[1])) == 0;
}

static inline v32
high_halves(v32 v)
{
	return EACH(vshrq_n_u8(v.val[0], 4), vshrq_n_u8(v.val[1], 4));
}

/* 0xff for the bytes from 0x80 on, else 0. */
static inline v32
tops(v32 v)
{
	return EACH(vcgeq_u8(v.val[0], vdupq_n_u8(0x80)),
	    vcgeq_u8(v.val[1], vdupq_n_u8(0x80)));
}

/* A bit for each of the 64 bytes, which are 0 or 0xff. */
static inline uint64_t
bits_of(v32 a, v32 b)
{
	static const uint8_t bit[16] = {
		1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128
	};
	const v32 weight = twice(vld1q_u8(bit));
	uint8x16_t sum;

	a = and(a, weight);
	b = and(b, weight);
	sum = vpaddq_u8(vpaddq_u8(a.val[0], a.val[1]),
	    vpaddq_u8(b.val[0], b.val[1]));
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

#define NAME(name) name##_neon
#define TARGET
#define WIDTH 32
#define VECTOR v32
#define MASK v32
#define LOAD_AT(p) load(p)
#define SET(c) twice(vdupq_n_u8((uint8_t)(c)))
#define OR(a, b) or(a, b)
#define BOTH(a, x, b, y) and(equal(a, x), equal(b, y))
#define EITHER(a, b) or(a, b)
#define IS_NONE(m) is_none(m)
#define LOW_64(a, b) bits_of(a, b)
#define HIGH_64(b, c, d) bits_of(c, d)
#define STORE(to, v) store(to, v)
#define AND(a, b) and(a, b)
#define IS_ZERO(v) equal(v, twice(vdupq_n_u8(0)))
#define TOPS(a, b) bits_of(tops(a), tops(b))
#define TABLE(p) twice(vld1q_u8(p))
#define AT(table, i) look_up(table, i)
#define LOW(v) and(v, twice(vdupq_n_u8(15)))
#define HIGH(v) high_halves(v)
#include "match/literal_nibbles.h"
#include "match/literal_pairs.h"

#endif
