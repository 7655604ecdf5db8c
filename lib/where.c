#include "where.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "emit.h"
#include "pattern.h"

enum op { EXISTS, ABSENT, EQ, NE, LT, LE, GT, GE, MATCHES, DIFFERS };

struct where {
	struct span field;
	enum op op;
	struct span value;
	bool is_number;
	double number;
	struct pattern *pattern;
	struct matcher *matcher;
	const char *printed;	/* a field that only the printed record has */
	struct emit *emit;	/* that prints it, */
	struct buf json;	/* to here */
	char text[];		/* the expression */
};

static const struct {
	const char *text;
	enum op op;
} ops[] = {			/* the longer ones first */
	{ "!=", NE }, { "!~", DIFFERS }, { "<=", LE }, { ">=", GE },
	{ "=", EQ }, { "<", LT }, { ">", GT }, { "~", MATCHES },
};

static struct span
trimmed(struct span s)
{
	while (s.len > 0 && *s.p == ' ') {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && s.p[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* A number, or a duration in seconds. */
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
	if (memchr("0123456789+-.", *s.p, 13) == NULL)	/* no inf, no nan */
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

/* Split the expression; false if there is no such thing. */
static bool
parse(struct where *w)
{
	size_t n;

	w->field = trimmed(span_str(w->text));
	if (w->field.len > 0 && *w->field.p == '!') {
		w->op = ABSENT;
		w->field = trimmed(span_of(w->field.p + 1, w->field.len - 1));
	} else if ((n = strcspn(w->text, "=!<>~")) < strlen(w->text)) {
		w->field = trimmed(span_of(w->text, n));
		w->op = EXISTS;
		for (size_t i = 0; i < sizeof ops / sizeof *ops &&
		    w->op == EXISTS; i++)
			if (strncmp(w->text + n, ops[i].text,
			    strlen(ops[i].text)) == 0) {
				w->op = ops[i].op;
				n += strlen(ops[i].text);
			}
		if (w->op == EXISTS)	/* a lone ! */
			return false;
		w->value = trimmed(span_str(w->text + n));
	}
	return w->field.len > 0 &&
	    memchr(w->field.p, '!', w->field.len) == NULL &&
	    (w->op != EQ || w->value.len == 0 || *w->value.p != '=');
}

/* lossy and envelope come to be when the record is printed. */
static int
prepare_printed(struct where *w)
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

struct where *
where_new(const char *expr, struct buf *error)
{
	struct where *w;

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
	where_free(w);
	return NULL;
}

void
where_free(struct where *w)
{
	if (w == NULL)
		return;
	matcher_free(w->matcher);
	pattern_free(w->pattern);
	emit_free(w->emit);
	buf_free(&w->json);
	free(w);
}

/* The digits of a whole number without leading zeros; false if it is none. */
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

/* Two whole numbers, which a double might not tell apart. */
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

/* Below, equal to or above 0. */
static int
compare(const struct where *w, struct span value)
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
find(struct where *w, struct record *r, struct span *value)
{
	struct json_value v;

	if (record_find(r, w->field, value))
		return true;
	buf_clear(&w->json);
	if (w->printed == NULL || emit_record(w->emit, r, &w->json) < 0 ||
	    !json_get(buf_span(&w->json), w->printed, &v))
		return false;
	*value = v.text;
	return true;
}

int
where_holds(struct where *w, struct record *r)
{
	struct span value, match;
	bool there = find(w, r, &value);
	int m;

	if (w->op == ABSENT || !there)
		return !there && w->op == ABSENT;
	switch (w->op) {
	case EQ: return compare(w, value) == 0;
	case NE: return compare(w, value) != 0;
	case LT: return compare(w, value) < 0;
	case LE: return compare(w, value) <= 0;
	case GT: return compare(w, value) > 0;
	case GE: return compare(w, value) >= 0;
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

const char *
where_error(struct where *w)
{
	return matcher_error(w->matcher);
}
