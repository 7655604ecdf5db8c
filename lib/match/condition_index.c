#include "match/condition_index.h"

#include <errno.h>
#include <stdlib.h>

enum { FIELDS_MAX = 4, TABLE_MIN = 16 };

struct condition_set {
	void *what;
	struct condition **conditions;
	size_t n;
	/* The fields that must be equal to a value, sorted by name. */
	struct span fields[FIELDS_MAX];
	size_t n_fields;
	uint64_t hash;		/* of these values */
	struct condition_set *next;	/* in its place of the group's table */
};

struct group {			/* sets with the same fields */
	struct span fields[FIELDS_MAX];	/* in the text of names */
	size_t n_fields;
	struct buf names;
	struct condition_set **table;
	size_t size, used;	/* size is a power of 2 */
	struct group *next;
};

struct condition_index {
	struct group *groups;
	size_t n, n_with_conditions;	/* sets */
};

/* --- sets --- */

static uint64_t
mix(uint64_t h, uint64_t more)
{
	h = (h ^ more) * 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

static int
compare_names(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int r = memcmp(a.p, b.p, n);

	return r != 0 ? r : (a.len > n) - (b.len > n);
}

/* Note a field that must equal a value, if there is room and it is new. */
static void
note_field(struct condition_set *s, uint64_t hashes[], struct span field,
    uint64_t hash)
{
	size_t i = s->n_fields;

	for (size_t k = 0; k < s->n_fields; k++)
		if (span_eq(s->fields[k], field))
			return;
	if (s->n_fields == FIELDS_MAX)
		return;
	for (; i > 0 && compare_names(s->fields[i - 1], field) > 0; i--) {
		s->fields[i] = s->fields[i - 1];
		hashes[i] = hashes[i - 1];
	}
	s->fields[i] = field;
	hashes[i] = hash;
	s->n_fields++;
}

struct condition_set *
condition_set_new(char *const *where, void *what, struct buf *error)
{
	uint64_t hashes[FIELDS_MAX], hash;
	struct condition_set *s;
	struct span field;
	size_t n = 0;

	while (where[n] != NULL)
		n++;
	if ((s = calloc(1, sizeof *s)) == NULL ||
	    (s->conditions = calloc(n + 1, sizeof *s->conditions)) == NULL) {
		buf_adds(error, strerror(ENOMEM));
		free(s);
		return NULL;
	}
	s->what = what;
	for (; s->n < n; s->n++) {
		s->conditions[s->n] = condition_new(where[s->n], error);
		if (s->conditions[s->n] == NULL) {
			condition_set_free(s);
			return NULL;
		}
		if (condition_is_equality(s->conditions[s->n], &field, &hash))
			note_field(s, hashes, field, hash);
	}
	for (size_t i = 0; i < s->n_fields; i++)
		s->hash = mix(s->hash, hashes[i]);
	return s;
}

void
condition_set_free(struct condition_set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		condition_free(s->conditions[i]);
	free(s->conditions);
	free(s);
}

/* --- the index --- */

struct condition_index *
condition_index_new(void)
{
	return calloc(1, sizeof(struct condition_index));
}

static void
free_group(struct group *g)
{
	buf_free(&g->names);
	free(g->table);
	free(g);
}

void
condition_index_free(struct condition_index *ix)
{
	struct condition_set *s;
	struct group *g;

	if (ix == NULL)
		return;
	while ((g = ix->groups) != NULL) {
		ix->groups = g->next;
		for (size_t i = 0; i < g->size; i++)
			while ((s = g->table[i]) != NULL) {
				g->table[i] = s->next;
				condition_set_free(s);
			}
		free_group(g);
	}
	free(ix);
}

static bool
has_fields_of(const struct group *g, const struct condition_set *s)
{
	if (g->n_fields != s->n_fields)
		return false;
	for (size_t i = 0; i < s->n_fields; i++)
		if (!span_eq(g->fields[i], s->fields[i]))
			return false;
	return true;
}

/* Returns the link to the set's group, or to NULL where it would be. */
static struct group **
find_group(struct condition_index *ix, const struct condition_set *s)
{
	struct group **g = &ix->groups;

	while (*g != NULL && !has_fields_of(*g, s))
		g = &(*g)->next;
	return g;
}

/* Make a group without sets, with copies of the names of s. */
static struct group *
new_group(const struct condition_set *s)
{
	struct group *g = calloc(1, sizeof *g);
	const char *p;

	if (g == NULL)
		return NULL;
	g->n_fields = s->n_fields;
	for (size_t i = 0; i < s->n_fields; i++)
		buf_addspan(&g->names, s->fields[i]);
	g->size = TABLE_MIN;
	g->table = calloc(g->size, sizeof(struct condition_set *));
	if (g->names.failed || g->table == NULL) {
		free_group(g);
		return NULL;
	}
	p = g->names.p;
	for (size_t i = 0; i < s->n_fields; p += s->fields[i++].len)
		g->fields[i] = span_of(p, s->fields[i].len);
	return g;
}

/* Make the table larger.  Without memory it stays as it is. */
static void
grow(struct group *g)
{
	size_t size = g->size * 2;
	struct condition_set **table = calloc(size, sizeof *table), *s;

	if (table == NULL)
		return;
	for (size_t i = 0; i < g->size; i++)
		while ((s = g->table[i]) != NULL) {
			g->table[i] = s->next;
			s->next = table[s->hash & (size - 1)];
			table[s->hash & (size - 1)] = s;
		}
	free(g->table);
	g->table = table;
	g->size = size;
}

int
condition_index_add(struct condition_index *ix, struct condition_set *s)
{
	struct group **at = find_group(ix, s), *g = *at;
	struct condition_set **place;

	if (g == NULL && (g = *at = new_group(s)) == NULL)
		return -1;
	if (g->used >= g->size)
		grow(g);
	place = &g->table[s->hash & (g->size - 1)];
	s->next = *place;
	*place = s;
	g->used++;
	ix->n++;
	ix->n_with_conditions += s->n > 0;
	return 0;
}

void
condition_index_remove(struct condition_index *ix, struct condition_set *s)
{
	struct group **at = find_group(ix, s), *g = *at;
	struct condition_set **place;

	if (g == NULL)
		return;
	place = &g->table[s->hash & (g->size - 1)];
	while (*place != s)
		place = &(*place)->next;
	*place = s->next;
	ix->n--;
	ix->n_with_conditions -= s->n > 0;
	if (--g->used == 0) {
		*at = g->next;
		free_group(g);
	}
}

bool
condition_index_is_trivial(const struct condition_index *ix)
{
	return ix->n_with_conditions == 0;
}

/* Sets *hash to that of the values which r has; false when it lacks one. */
static bool
hash_record(const struct group *g, struct record *r, uint64_t *hash)
{
	struct span value;

	*hash = 0;
	for (size_t i = 0; i < g->n_fields; i++) {
		if (!record_find(r, g->fields[i], &value))
			return false;
		*hash = mix(*hash, condition_hash(value));
	}
	return true;
}

static bool
all_hold(const struct condition_set *s, struct record *r)
{
	for (size_t i = 0; i < s->n; i++)
		if (r == NULL || condition_holds(s->conditions[i], r) <= 0)
			return false;
	return true;
}

void
condition_index_find(struct condition_index *ix, struct record *r,
    void (*found)(void *arg, void *what), void *arg)
{
	const struct condition_set *s;
	uint64_t hash;

	for (const struct group *g = ix->groups; g != NULL; g = g->next) {
		if (g->n_fields > 0 && (r == NULL || !hash_record(g, r, &hash)))
			continue;
		if (g->n_fields == 0)
			hash = 0;
		for (s = g->table[hash & (g->size - 1)]; s != NULL;
		    s = s->next)
			if (s->hash == hash && all_hold(s, r))
				found(arg, s->what);
	}
}
