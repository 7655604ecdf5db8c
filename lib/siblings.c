#include "siblings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct log_name
siblings_split(const char *name, const struct stat *st, const char *format,
    bool local)
{
	struct buf own = { 0 };
	struct log_name r;

	stamp_print(&own, format, st->st_mtim, local);
	r = log_name_split(name, format, buf_str(&own));
	buf_free(&own);
	return r;
}

static int
add(struct siblings *s, const char *name, const struct stat *st,
    struct log_name split)
{
	struct sibling *list;

	if (s->n == s->cap) {
		size_t cap = s->cap > 0 ? 2 * s->cap : 16;

		list = reallocarray(s->list, cap, sizeof *list);
		if (list == NULL)
			return -1;
		s->list = list;
		s->cap = cap;
	}
	s->list[s->n] = (struct sibling){ strdup(name), *st, split };
	if (s->list[s->n].name == NULL)
		return -1;
	s->n++;
	return 0;
}

/* Is base[0..len) what the pattern, or (literal) the name, stands for? */
static bool
is_base(const char *pattern, bool literal, const char *name, size_t len)
{
	char base[NAME_MAX + 1];

	if (literal)
		return strlen(pattern) == len &&
		    memcmp(pattern, name, len) == 0;
	if (len >= sizeof base)
		return false;
	memcpy(base, name, len);
	base[len] = '\0';
	return fnmatch(pattern, base, FNM_PERIOD) == 0;
}

static int
read_folder(struct siblings *s, const char *pattern, bool literal,
    const char *format, bool local)
{
	struct log_name split;
	struct dirent *e;
	struct stat st;
	int fd, r = 0;
	DIR *d;

	if ((fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL) {
		if (fstatat(s->dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(st.st_mode))
			continue;
		split = siblings_split(e->d_name, &st, format, local);
		if (split.rotated &&
		    is_base(pattern, literal, e->d_name, split.base))
			r = add(s, e->d_name, &st, split);
	}
	if (e == NULL && errno != 0)
		r = -1;
	closedir(d);
	return r;
}

/* One folder's siblings, appended to *all. */
static int
add_folder(struct siblings **all, size_t *n, const char *folder,
    const char *pattern, bool literal, const char *format, bool local)
{
	struct siblings *more, *s;

	if ((more = reallocarray(*all, *n + 1, sizeof *more)) == NULL)
		return -1;
	*all = more;
	s = &more[*n];
	*s = (struct siblings){ .dir = -1 };
	if ((s->folder = strdup(folder)) == NULL)
		return -1;
	++*n;
	s->dir = open(*folder != '\0' ? folder : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return errno == ENOENT ? 0 : -1;
	if (read_folder(s, pattern, literal, format, local) < 0)
		return -1;
	siblings_sort(s);
	return 0;
}

/* A path or pattern: word.  It is changed. */
static int
add_word(struct siblings **all, size_t *n, char *word, bool literal,
    const char *format, bool local)
{
	char *slash = strrchr(word, '/'), *pattern = slash ? slash + 1 : word;
	char saved;
	glob_t g;
	int r = 0;

	saved = *pattern;
	*pattern = '\0';
	if (literal || strpbrk(word, "*?[") == NULL) {
		char *folder = strdup(word);

		*pattern = saved;
		if (folder == NULL)
			return -1;
		r = add_folder(all, n, folder, pattern, literal ||
		    strpbrk(pattern, "*?[") == NULL, format, local);
		free(folder);
		return r;
	}
	if (glob(word, GLOB_ONLYDIR | GLOB_MARK, NULL, &g) != 0)
		return 0;
	*pattern = saved;
	for (size_t i = 0; r == 0 && i < g.gl_pathc; i++)
		r = add_folder(all, n, g.gl_pathv[i], pattern, false, format,
		    local);
	globfree(&g);
	return r;
}

/* The next word of *p, quotes taken off, in place; NULL at the end. */
static char *
next_word(char **p)
{
	char *word, *s = *p + strspn(*p, " \t\n"), quote;

	if (*s == '\0')
		return NULL;
	quote = *s == '"' || *s == '\'' ? *s++ : '\0';
	word = s;
	s += quote != '\0' ? strcspn(s, (char[]){ quote, '\0' }) :
	    strcspn(s, " \t\n");
	*p = *s != '\0' ? s + 1 : s;
	*s = '\0';
	return word;
}

/* base, less the blanks at its end, as a name; true if that has siblings. */
static bool
find_literal(struct siblings **all, size_t *n, const char *base,
    const char *format, bool local)
{
	size_t len = strlen(base);
	char *name;
	int r;

	while (len > 0 && strchr(" \t\n", base[len - 1]) != NULL)
		len--;
	if ((name = strndup(base, len)) == NULL)
		return false;
	r = add_word(all, n, name, true, format, local);
	free(name);
	if (r == 0 && *n > 0 && (*all)[0].n > 0)
		return true;
	siblings_free(*all, *n);
	*all = NULL;
	*n = 0;
	return false;
}

int
siblings_find(struct siblings **all, size_t *n, const char *base,
    const char *format, bool local, const char **path)
{
	char *copy = strdup(base), *rest = copy, *word;
	struct stat st;
	int r = 0;

	*all = NULL;
	*n = 0;
	*path = base;
	if (copy == NULL)
		return -1;
	if (lstat(base, &st) == 0)
		r = add_word(all, n, copy, true, format, local);
	else if (!find_literal(all, n, base, format, local))
		while (r == 0 && (word = next_word(&rest)) != NULL)
			r = add_word(all, n, word, false, format, local);
	if (r == 0 && *n == 1 && (*all)[0].dir < 0) {
		errno = ENOENT;
		r = -1;
	}
	if (r < 0 && *n > 0 && *(*all)[*n - 1].folder != '\0')
		*path = (*all)[*n - 1].folder;
	free(copy);
	return r;
}

void
siblings_free(struct siblings *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < all[i].n; k++)
			free(all[i].list[k].name);
		free(all[i].list);
		free(all[i].folder);
		if (all[i].dir >= 0)
			close(all[i].dir);
	}
	free(all);
}

static int
older(const void *pa, const void *pb)
{
	const struct sibling *a = pa, *b = pb;
	const struct timespec *s = &a->st.st_mtim, *t = &b->st.st_mtim;

	if (s->tv_sec != t->tv_sec)
		return s->tv_sec < t->tv_sec ? -1 : 1;
	if (s->tv_nsec != t->tv_nsec)
		return s->tv_nsec < t->tv_nsec ? -1 : 1;
	if (!a->split.stamped && !b->split.stamped &&
	    a->name[a->split.stem] == '.' && b->name[b->split.stem] == '.')
		return strverscmp(b->name, a->name);
	return strverscmp(a->name, b->name);
}

void
siblings_sort(struct siblings *s)
{
	if (s->n > 1)
		qsort(s->list, s->n, sizeof *s->list, older);
}

size_t
siblings_newer(const struct siblings *s, size_t i)
{
	const struct sibling *f = &s->list[i], *g;
	size_t n = 0;

	for (size_t k = i + 1; k < s->n; k++) {
		g = &s->list[k];
		n += (g->split.stamped || !g->split.packed) &&
		    g->split.base == f->split.base &&
		    memcmp(g->name, f->name, f->split.base) == 0;
	}
	return n;
}
