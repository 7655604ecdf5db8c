#include "rotate/rotated_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "file/path.h"
#include "rotate/stamp.h"

/* The folders and files that were found so far. */
struct found {
	struct rotated_files *all;
	size_t n;
	const struct rotation *how;
};

bool
rotated_files_taken(int dir, const char *name, size_t len)
{
	static const char *const ends[] = {
		"", ".gz", ".zst", ".xz", ".bz2", ".lz4",
	};
	char path[NAME_MAX + 1];
	struct stat st;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if ((size_t)snprintf(path, sizeof path, "%.*s%s", (int)len,
		    name, ends[i]) < sizeof path &&
		    fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}

int
rotated_file_set(struct rotated_file *f, const char *name,
    const struct stat *st, const struct rotation *how,
    const struct log_base *base)
{
	struct buf own = { 0 };
	struct log_name split;

	/* A time that cannot be printed has no stamp to be known by. */
	split = log_name_split(name, how->format, stamp_print(&own, how->format,
	    st->st_mtim, how->local) == 0 ? buf_str(&own) : NULL, base);
	buf_free(&own);
	*f = (struct rotated_file){ .name = strdup(name), .st = *st,
	    .split = split };
	if (f->name != NULL && asprintf(&f->base, "%.*s%.*s",
	    (int)split.stem, name, (int)(split.whole - split.tail),
	    name + split.tail) >= 0)
		return 0;
	f->base = NULL;
	rotated_file_free(f);
	errno = ENOMEM;
	return -1;
}

void
rotated_file_free(struct rotated_file *f)
{
	free(f->name);
	free(f->base);
	f->name = f->base = NULL;
}

/* Add a file of the folder if it is a sibling of base; 0, or -1 with errno. */
static int
add(struct rotated_files *s, const char *name, const struct log_base *base,
    const struct rotation *how)
{
	struct rotated_file *list, *f;
	struct stat st;

	if (s->n == s->cap) {
		size_t cap = s->cap > 0 ? 2 * s->cap : 16;

		list = reallocarray(s->list, cap, sizeof *list);
		if (list == NULL)
			return -1;
		s->list = list;
		s->cap = cap;
	}
	f = &s->list[s->n];
	if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISDIR(st.st_mode))
		return 0;
	if (rotated_file_set(f, name, &st, how, base) < 0)
		return -1;
	/*
	 * Of NAME.1 and NAME.1.md5 the second is no rotated log: logrotate
	 * would have added its extension to both.
	 */
	if (f->split.kind == LOG_NAME_OTHER ||
	    (f->split.cut < f->split.tail &&
	    rotated_files_taken(s->dir, name, f->split.cut)))
		rotated_file_free(f);
	else
		s->n++;
	return 0;
}

static int
read_folder(struct rotated_files *s, const struct log_base *base,
    const struct rotation *how)
{
	struct dirent *e;
	int fd, r = 0;
	DIR *d;

	if ((fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL)
		r = add(s, e->d_name, base, how);
	if (e == NULL && errno != 0)
		r = -1;
	closedir(d);
	return r;
}

/* The folder of the siblings of a log in folder, with a slash; for free(). */
static char *
folder_of(const char *folder, const char *olddir)
{
	char *path;

	if (olddir == NULL)
		return strdup(folder);
	return asprintf(&path, "%s%s/", *olddir != '/' ? folder : "", olddir) <
	    0 ? NULL : path;
}

/* Add the siblings in one folder. */
static int
add_folder(struct found *found, const char *folder, const char *pattern,
    bool literal)
{
	struct log_base base = { pattern, literal, found->how->olddir != NULL };
	struct rotated_files *more, *s;

	more = reallocarray(found->all, found->n + 1, sizeof *more);
	if (more == NULL)
		return -1;
	found->all = more;
	s = &more[found->n];
	*s = (struct rotated_files){ .dir = -1 };
	if ((s->folder = folder_of(folder, found->how->olddir)) == NULL)
		return -1;
	found->n++;
	s->dir = path_folder(*s->folder != '\0' ? s->folder : ".");
	if (s->dir < 0)
		return errno == ENOENT ? 0 : -1;
	if (read_folder(s, &base, found->how) < 0)
		return -1;
	rotated_files_sort(s);
	return 0;
}

/* Add the siblings of word, a path or pattern, which is changed. */
static int
add_word(struct found *found, char *word, bool literal)
{
	char *slash = strrchr(word, '/'), *pattern = slash ? slash + 1 : word;
	const char *olddir = found->how->olddir;
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
		r = add_folder(found, folder, pattern, literal ||
		    strpbrk(pattern, "*?[") == NULL);
		free(folder);
		return r;
	}
	/* The pattern ends with a slash: only folders match. */
	if (glob(word, 0, NULL, &g) != 0)
		return 0;
	*pattern = saved;
	for (size_t i = 0; r == 0 && i < g.gl_pathc; i++) {
		r = add_folder(found, g.gl_pathv[i], pattern, false);
		if (olddir != NULL && *olddir == '/')
			break;		/* all of them have the same olddir */
	}
	globfree(&g);
	return r;
}

/* Takes the next word of *p, without its quotes, in place; NULL at the end. */
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

static void
forget(struct found *found)
{
	rotated_files_free(found->all, found->n);
	found->all = NULL;
	found->n = 0;
}

/*
 * Take base, without the blanks at its end, as one name.  Returns whether it
 * has siblings.
 */
static bool
find_literal(struct found *found, const char *base)
{
	size_t len = strlen(base);
	char *name;
	int r;

	while (len > 0 && strchr(" \t\n", base[len - 1]) != NULL)
		len--;
	if ((name = strndup(base, len)) == NULL)
		return false;
	r = add_word(found, name, true);
	free(name);
	if (r == 0 && found->n > 0 && found->all[0].n > 0)
		return true;
	forget(found);
	return false;
}

int
rotated_files_find(struct rotated_files **all, size_t *n, const char *base,
    const struct rotation *how, const char **path)
{
	struct found found = { .how = how };
	char *copy = strdup(base), *rest = copy, *word;
	struct stat st;
	int r = 0;

	*path = base;
	if (copy == NULL)
		return -1;
	if (lstat(base, &st) == 0)
		r = add_word(&found, copy, true);
	else if (!find_literal(&found, base))
		while (r == 0 && (word = next_word(&rest)) != NULL)
			r = add_word(&found, word, false);
	*all = found.all;
	*n = found.n;
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
rotated_files_free(struct rotated_files *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < all[i].n; k++)
			rotated_file_free(&all[i].list[k]);
		free(all[i].list);
		free(all[i].folder);
		if (all[i].dir >= 0)
			close(all[i].dir);
	}
	free(all);
}

/* The rank within a second: stamped, then with a date, then with a number. */
static int
rank(const struct rotated_file *f)
{
	return f->split.kind == LOG_NAME_STAMPED ? 0 : 1 +
	    (f->split.number >= 0);
}

static int
older(const void *pa, const void *pb)
{
	const struct rotated_file *a = pa, *b = pb;
	const struct timespec *s = &a->st.st_mtim, *t = &b->st.st_mtim;
	int r = strcmp(a->base, b->base);

	if (r != 0)
		return r;
	if (s->tv_sec != t->tv_sec)
		return s->tv_sec < t->tv_sec ? -1 : 1;
	if (rank(a) != rank(b))
		return rank(a) - rank(b);
	if (a->split.number != b->split.number)
		return a->split.number > b->split.number ? -1 : 1;
	if (rank(a) != 0 && s->tv_nsec != t->tv_nsec)
		return s->tv_nsec < t->tv_nsec ? -1 : 1;
	return strverscmp(a->name, b->name);
}

void
rotated_files_sort(struct rotated_files *s)
{
	if (s->n > 1)
		qsort(s->list, s->n, sizeof *s->list, older);
}
