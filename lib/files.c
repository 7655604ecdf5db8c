#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "finish.h"

struct files {
	char *const *operands;
	const char *list;
	bool nul, or_stdin;
	FILE *f;
	char *name;
	size_t cap;
	int error;
};

struct files *
files_new(char *const *operands, const char *list, bool nul, bool or_stdin)
{
	struct files *f;

	if ((f = calloc(1, sizeof *f)) == NULL)
		return NULL;
	f->operands = operands;
	f->list = list;
	f->nul = nul;
	f->or_stdin = or_stdin && *operands == NULL && list == NULL;
	return f;
}

/* The next name in the list. */
static const char *
from_list(struct files *f)
{
	int end = f->nul ? '\0' : '\n';
	ssize_t n;

	if (f->f == NULL)
		f->f = strcmp(f->list, "-") == 0 ? stdin : fopen(f->list, "re");
	if (f->f == NULL) {
		f->error = errno;
		return NULL;
	}
	do {
		errno = 0;
		if ((n = getdelim(&f->name, &f->cap, end, f->f)) < 0) {
			if (ferror(f->f) && !finish_asked())
				f->error = errno != 0 ? errno : EIO;
			return NULL;
		}
		if (f->name[n - 1] == end)
			f->name[--n] = '\0';
	} while (n == 0);
	if (strlen(f->name) != (size_t)n) {	/* a NUL inside: not a list */
		f->error = EILSEQ;
		return NULL;
	}
	return f->name;
}

const char *
files_next(struct files *f)
{
	if (f->or_stdin) {
		f->or_stdin = false;
		return "-";
	}
	if (*f->operands != NULL)
		return *f->operands++;
	if (f->list == NULL || f->error != 0)
		return NULL;
	return from_list(f);
}

int
files_error(const struct files *f)
{
	return f->error;
}

void
files_free(struct files *f)
{
	if (f == NULL)
		return;
	if (f->f != NULL && f->f != stdin)
		fclose(f->f);
	free(f->name);
	free(f);
}
