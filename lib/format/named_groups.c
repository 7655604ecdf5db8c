#define PCRE2_CODE_UNIT_WIDTH 8
#include "format/named_groups.h"

#include <pcre2.h>
#include <stdlib.h>

enum { MAX_GROUPS = 128, MATCH_LIMIT = 1000000, HEAP_KIB = 20000 };

struct named_groups {
	pcre2_code *code;
	uint32_t n;
	/* Each is a number (2 bytes), a name and a NUL; sorted by number. */
	PCRE2_SPTR *entries;
};

struct named_groups_found {
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static unsigned
number_of(PCRE2_SPTR entry)
{
	return (unsigned)(entry[0] << 8 | entry[1]);
}

static int
by_number(const void *a, const void *b)
{
	unsigned na = number_of(*(const PCRE2_SPTR *)a);
	unsigned nb = number_of(*(const PCRE2_SPTR *)b);

	return na < nb ? -1 : na > nb;
}

/*
 * Sorts the names by their order in the pattern.  Returns NULL, or what is
 * wrong.
 */
static const char *
list_names(struct named_groups *g)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(g->code, PCRE2_INFO_NAMECOUNT, &g->n);
	pcre2_pattern_info(g->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(g->code, PCRE2_INFO_NAMETABLE, &table);
	pcre2_pattern_info(g->code, PCRE2_INFO_CAPTURECOUNT, &count);
	if (g->n == 0)
		return "no named group in it";
	if (count >= MAX_GROUPS)
		return "too many groups";
	if ((g->entries = calloc(g->n, sizeof *g->entries)) == NULL)
		return "";
	for (uint32_t i = 0; i < g->n; i++)
		g->entries[i] = table + i * size;
	qsort(g->entries, g->n, sizeof *g->entries, by_number);
	return NULL;
}

struct named_groups *
named_groups_new(const char *pattern, struct buf *why)
{
	struct named_groups *g = calloc(1, sizeof *g);
	const char *wrong;
	PCRE2_SIZE at;
	int error;

	buf_clear(why);
	if (g == NULL)
		return NULL;
	g->code = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern),
	    PCRE2_DUPNAMES, &error, &at, NULL);
	if (g->code == NULL) {
		if (buf_reserve(why, 256) == 0 && pcre2_get_error_message(error,
		    (PCRE2_UCHAR *)why->p, 256) > 0)
			why->len = strlen(why->p);
		buf_printf(why, " at byte %zu", (size_t)at + 1);
	} else if ((wrong = list_names(g)) != NULL) {
		buf_adds(why, wrong);
	} else {
		pcre2_jit_compile(g->code, PCRE2_JIT_COMPLETE);
		return g;
	}
	named_groups_free(g);
	return NULL;
}

void
named_groups_free(struct named_groups *g)
{
	if (g == NULL)
		return;
	pcre2_code_free(g->code);
	free(g->entries);
	free(g);
}

struct named_groups_found *
named_groups_found_new(void)
{
	struct named_groups_found *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->data = pcre2_match_data_create(MAX_GROUPS, NULL);
	f->limits = pcre2_match_context_create(NULL);
	if (f->data == NULL || f->limits == NULL) {
		named_groups_found_free(f);
		return NULL;
	}
	pcre2_set_match_limit(f->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(f->limits, HEAP_KIB);
	return f;
}

void
named_groups_found_free(struct named_groups_found *f)
{
	if (f == NULL)
		return;
	pcre2_match_data_free(f->data);
	pcre2_match_context_free(f->limits);
	free(f);
}

int
named_groups_match(const struct named_groups *g, struct named_groups_found *f,
    struct span text)
{
	int r = pcre2_match(
	    g->code, (PCRE2_SPTR)text.p, text.len, 0, 0, f->data, f->limits);

	if (r == PCRE2_ERROR_NOMEMORY)
		return -2;
	return r > 0 ? 1 : r == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

bool
named_groups_get(const struct named_groups *g,
    const struct named_groups_found *f, unsigned i, struct span text,
    struct span *name, struct span *value)
{
	PCRE2_SIZE *at = pcre2_get_ovector_pointer(f->data);
	unsigned group;

	if (i >= g->n)
		return false;
	group = number_of(g->entries[i]);
	*name = span_str((const char *)g->entries[i] + 2);
	*value = span_of(NULL, 0);
	if (at[2 * group] != PCRE2_UNSET && at[2 * group + 1] >= at[2 * group])
		*value = span_of(text.p + at[2 * group],
		    at[2 * group + 1] - at[2 * group]);
	return true;
}
