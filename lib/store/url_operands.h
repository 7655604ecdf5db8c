/*
 * url_operands - operands that may be URLs, as inputs
 *
 * s3://bucket/key is an object; s3://bucket/prefix/ stands for all objects
 * below, in the order of their keys, and so does a pattern of the shell, whose
 * * and ? do not match a slash.  http:// and https:// are what a web server
 * has, kafka:// are topics.  All other operands are files.  Objects are fetched ahead.
 */
#ifndef STORE_URL_OPERANDS_H
#define STORE_URL_OPERANDS_H

#include "file/operands.h"
#include "input/input.h"
#include "store/fetch.h"
#include "store/url_options.h"

struct url_operands;

/*
 * Take the names from files, which the caller keeps and frees later.  Threads
 * begin with the first URL.  Returns NULL with errno ENOMEM.
 */
struct url_operands *url_operands_new(struct operands *files,
    const struct url_options *o);

struct operand {
	char *name;		/* as people may see it */
	bool passed_over;	/* not to be opened */
	struct fetch *fetch;	/* NULL for a file */
	char *place;		/* the key or the URL */
	char *authorization;
};

/* The next one, which is the caller's, or NULL at the end. */
struct operand *url_operands_next(struct url_operands *u);
/* No more are wanted: url_operands_next, and fetches under way, end soon. */
void url_operands_stop(struct url_operands *u);
/* The errno that ended the operands early, or 0. */
int url_operands_error(const struct url_operands *u);
/*
 * After all operands of it.  Under stats it says what was listed and fetched.
 */
void url_operands_free(struct url_operands *u);

/*
 * Open an operand.  Returns NULL with the reason in *why, which lasts as long
 * as the operand, or with errno when that is NULL.
 */
struct input *operand_open(struct operand *o, const char **why);
/* Returns what helps a user whose file was not opened: " (...)", or "". */
const char *operand_hint(const char *name, int error);
/*
 * After the input was closed: the reason why not all of it came, or NULL.  It
 * lasts as long as the operand.
 */
const char *operand_end(struct operand *o);
/* Its size in bytes as it is stored, as far as that is known; else 0. */
uint64_t operand_size(const struct operand *o);
void operand_free(struct operand *o);

#endif
