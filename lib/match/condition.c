#include "match/condition.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "emit/emit.h"
#include "match/pattern.h"

enum op { EXISTS, ABSENT, EQ, NE, LT, LE, GT, GE, MATCHES, DIFFERS };

struct condition {
	struct span field;
	enum op op;
	struct span value;
	bool is_number;
	bool of_status;		/* it orders the field status by a number */
	double number;
	struct pattern *pattern;
	struct matcher *matcher;
	/* The name of a field that only the printed record has. */
	const char *printed;
	struct emit *emit;	/* prints the record that has it */
	struct buf json;	/* where that record is printed to */
	char text[];		/* the text of the expression */
};

static const struct {
	const char *text;
	enum op op;
} ops[] = {			/* longer operators stand first */
	{ "!=", NE }, { "!~", DIFFERS }, { "<=", LE }, { ">=", GE },
	{ "=", EQ }, { "<", LT }, { ">", GT }, { "~", MATCHES },
};

/* Read a number, or a duration in seconds. */
static bool
to_number(struct span s, double *n)
{
	static const struct {
		const char *name;
		double s;
	} units[] = {
		{ "", 1 }, { "s", 1 }, { "ms", 1e-3 }, { "us", 1e-6 },
		{ "\xc2\xb5s", 1e-6 }, { "ns", 1e-9 }, { "m", 60 },
		{ "h", 3600 }, { "d", 86400 },
	};
	char text[64], *end;

	if (s.len == 0 || s.len >= sizeof text)
		return false;
	/* strtod(3) also takes inf and nan. */
	if (memchr("0123456789+-.", *s.p, 13) == NULL)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	*n = strtod(text, &end);
	if (end == text || memchr(text, 'x', s.len) != NULL)
		return false;
	s = span_of(end, s.len - (size_t)(end - text));
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (span_is(s, units[i].name)) {
			*n *= units[i].s;
			return true;
		}
	return false;
}

/* Split the expression; false if it is no valid one. */
static bool
parse(struct condition *w)
{
	size_t n;

	w->field = span_trim(span_str(w->text));
	if (w->field.len > 0 && *w->field.p == '!') {
		w->op = ABSENT;
		w->field = span_trim(span_of(w->field.p + 1, w->field.len - 1));
	} else if ((n = strcspn(w->text, "=!<>~")) < strlen(w->text)) {
		w->field = span_trim(span_of(w->text, n));
		w->op = EXISTS;
		for (size_t i = 0; i < sizeof ops / sizeof *ops &&
		    w->op == EXISTS; i++)
			if (strncmp(w->text + n, ops[i].text,
			    strlen(ops[i].text)) == 0) {
				w->op = ops[i].op;
				n += strlen(ops[i].text);
			}
		if (w->op == EXISTS)	/* the expression is only ! */
			return false;
		w->value = span_trim(span_str(w->text + n));
	}
	return w->field.len > 0 &&
	    memchr(w->field.p, '!', w->field.len) == NULL &&
	    (w->op != EQ || w->value.len == 0 || *w->value.p != '=');
}

/* lossy and envelope are fields only of the printed record. */
static int
prepare_printed(struct condition *w)
{
	const char *why;

	if (span_is(w->field, "lossy"))
		w->printed = "lossy";
	else if (span_is(w->field, "envelope"))
		w->printed = "envelope";
	else
		return 0;
	return (w->emit = emit_new("json", NULL, false, &why)) != NULL ? 0 : -1;
}

struct condition *
condition_new(const char *expr, struct buf *error)
{
	struct condition *w;

	if ((w = calloc(1, sizeof *w + strlen(expr) + 1)) == NULL) {
		buf_adds(error, strerror(ENOMEM));
		return NULL;
	}
	memcpy(w->text, expr, strlen(expr));
	if (!parse(w)) {
		buf_adds(error, "not a condition such as status>=500");
		goto fail;
	}
	w->is_number = to_number(w->value, &w->number);
	w->of_status = w->is_number && span_is(w->field, "status") &&
	    (w->op == LT || w->op == LE || w->op == GT || w->op == GE);
	if (prepare_printed(w) < 0)
		goto no_memory;
	if (w->op != MATCHES && w->op != DIFFERS)
		return w;
	if ((w->pattern = pattern_new(w->value, 0, error)) == NULL)
		goto fail;
	if ((w->matcher = matcher_new(w->pattern)) != NULL)
		return w;
no_memory:
	buf_adds(error, strerror(ENOMEM));
fail:
	condition_free(w);
	return NULL;
}

void
condition_free(struct condition *w)
{
	if (w == NULL)
		return;
	matcher_free(w->matcher);
	pattern_free(w->pattern);
	emit_free(w->emit);
	buf_free(&w->json);
	free(w);
}

/*
 * Find the digits of a whole number, without leading zeros; false if it is
 * none.
 */
static bool
to_digits(struct span s, bool *negative, struct span *digits)
{
	const char *p = s.p, *end = p + s.len;

	*negative = p < end && *p == '-';
	p += p < end && (*p == '-' || *p == '+');
	*digits = span_of(p, (size_t)(end - p));
	if (p == end)
		return false;
	for (; p < end; p++)
		if (!isdigit((unsigned char)*p))
			return false;
	for (; digits->len > 0 && *digits->p == '0'; digits->p++)
		digits->len--;
	*negative = *negative && digits->len > 0;
	return true;
}

/* Compare two whole numbers, which a double might not tell apart. */
static bool
compare_whole(struct span a, struct span b, int *r)
{
	struct span m, n;
	bool m_negative, n_negative;

	if (!to_digits(a, &m_negative, &m) || !to_digits(b, &n_negative, &n))
		return false;
	if (m_negative != n_negative)
		*r = n_negative - m_negative;
	else if (m.len != n.len)
		*r = (m.len > n.len) - (m.len < n.len);
	else
		*r = m.len > 0 ? memcmp(m.p, n.p, m.len) : 0;
	if (m_negative && n_negative)
		*r = *r > 0 ? -1 : *r < 0;
	return true;
}

/* Returns a number below, equal to or above 0. */
static int
compare(const struct condition *w, struct span value)
{
	double n;
	size_t len = value.len < w->value.len ? value.len : w->value.len;
	int r;

	if (w->is_number && compare_whole(value, w->value, &r))
		return r;
	if (w->is_number && to_number(value, &n))
		return (n > w->number) - (n < w->number);
	r = len > 0 ? memcmp(value.p, w->value.p, len) : 0;
	return r != 0 ? r : (value.len > len) - (w->value.len > len);
}

static bool
find(struct condition *w, struct record *r, struct span *value)
{
	struct json_value v;

	if (record_find(r, w->field, value))
		return true;
	buf_clear(&w->json);
	if (w->printed == NULL)
		return false;
	if (emit_record(w->emit, r, &w->json) < 0) {
		r->failed = true;
		return false;
	}
	if (!json_get(buf_span(&w->json), w->printed, &v))
		return false;
	*value = v.text;
	return true;
}

/*
 * Whether the record's status is a number that has an order: of text, digits
 * alone, with no zero in front; a number of JSON may have a fraction.  Anything
 * else is no status of HTTP, for --server-errors either.
 */
static bool
is_status_number(struct record *r)
{
	struct field f;
	const char *p, *end;

	if (!record_lookup(r, span_str("status"), &f) || f.value.len == 0)
		return false;
	p = f.value.p;
	end = p + f.value.len;
	p += f.kind == FIELD_JSON && *p == '-';
	if (end - p > 1 && *p == '0' && p[1] != '.')
		return false;
	p = skip_digits(p, end);
	if (f.kind == FIELD_JSON && p > f.value.p && p < end && *p == '.')
		p = skip_digits(p + 1, end);
	return p == end;
}

/* Whether the value compares as the condition says, which is EQ to GE. */
static bool
compares(const struct condition *w, struct span value)
{
	int order = compare(w, value);

	switch (w->op) {
	case EQ: return order == 0;
	case NE: return order != 0;
	case LT: return order < 0;
	case LE: return order <= 0;
	case GT: return order > 0;
	default: return order >= 0;
	}
}

int
condition_holds(struct condition *w, struct record *r)
{
	struct span value, match;
	bool there = find(w, r, &value);
	int m;

	if (w->op == ABSENT || !there)
		return !there && w->op == ABSENT;
	/* Most lines fail the comparison, which needs no second look-up. */
	if (w->op >= EQ && w->op <= GE && !compares(w, value))
		return false;
	if (w->of_status && !is_status_number(r))
		return false;
	switch (w->op) {
	case MATCHES:
	case DIFFERS:
		if (value.p == NULL)
			value.p = "";
		m = matcher_find(w->matcher, value, 0, &match);
		return m < 0 ? m : (m > 0) == (w->op == MATCHES);
	default:
		return there;
	}
}

bool
condition_is_equality(const struct condition *w, struct span *field,
    uint64_t *hash)
{
	*field = w->field;
	*hash = condition_hash(w->value);
	return w->op == EQ && w->printed == NULL;
}

/* FNV-1a */
static uint64_t
hash_bytes(const void *p, size_t n)
{
	const unsigned char *c = p;
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ c[i]) * 0x100000001b3;
	return h;
}

/*
 * Values that compare as equal have the same hash: 200, 0200 and 200.0, or 1s
 * and 1000ms.
 */
uint64_t
condition_hash(struct span value)
{
	struct span digits;
	bool negative;
	double n;

	if (value.len == 0 || memchr("0123456789+-.", *value.p, 13) == NULL)
		return hash_bytes(value.p, value.len);
	if (to_digits(value, &negative, &digits))
		value = digits.len > 0 ? digits : span_str("0");
	if (!to_number(value, &n))
		return hash_bytes(value.p, value.len);
	n = n < 0 ? -n : n + 0.0;	/* there is no negative zero */
	return hash_bytes(&n, sizeof n);
}

const char *
condition_error(struct condition *w)
{
	return matcher_error(w->matcher);
}
