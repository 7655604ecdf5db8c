#include "file/operands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/termination.h"

struct operands {
	char *const *operands;
	const char *list;
	bool nul, or_stdin;
	FILE *f;
	char *name;
	size_t cap;
	bool listed;
	int error;
};

struct operands *
operands_new(char *const *operands, const char *list, bool nul, bool or_stdin)
{
	struct operands *f;

	if ((f = calloc(1, sizeof *f)) == NULL)
		return NULL;
	f->operands = operands;
	f->list = list;
	f->nul = nul;
	f->or_stdin = or_stdin && *operands == NULL && list == NULL;
	return f;
}

/* Returns the next name in the list. */
static const char *
from_list(struct operands *f)
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
			if (!feof(f->f) && !termination_asked())
				f->error = errno != 0 ? errno : EIO;
			return NULL;
		}
		if (f->name[n - 1] == end)
			f->name[--n] = '\0';
	} while (n == 0);
	/* A NUL inside a name: this is no list. */
	if (strlen(f->name) != (size_t)n) {
		f->error = EILSEQ;
		return NULL;
	}
	return f->name;
}

const char *
operands_next(struct operands *f)
{
	if (f->or_stdin) {
		f->or_stdin = false;
		return "-";
	}
	if (*f->operands != NULL)
		return *f->operands++;
	if (f->list == NULL || f->error != 0)
		return NULL;
	f->listed = true;
	return from_list(f);
}

bool
operands_is_listed(const struct operands *f)
{
	return f->listed;
}

int
operands_error(const struct operands *f)
{
	return f->error;
}

void
operands_free(struct operands *f)
{
	if (f == NULL)
		return;
	if (f->f != NULL && f->f != stdin)
		fclose(f->f);
	free(f->name);
	free(f);
}
