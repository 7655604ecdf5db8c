/*
 * logpush_headers - the headers that the options of logpush ask for
 */
#include "logpush.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/message.h"
#include "net/http_headers.h"

/* A header that option asks for. */
void
add_own(struct push *push, const char *option, const char *name,
    const char *value)
{
	if (headers_add(&push->store.headers, name, "%s", value) < 0)
		opt_misuse(&logpush_cmd, "--%s: not fit for a header", option);
}

/* "Name: value", which may end with a newline. */
static void
add_header_line(struct push *push, char *line)
{
	char *colon;

	line[strcspn(line, "\r\n")] = '\0';
	if (*line == '\0')
		return;
	colon = strchr(line, ':');
	if (colon == NULL || colon == line)
		opt_misuse(&logpush_cmd, "a header is \"Name: value\"");
	*colon = '\0';
	add_own(push, "header", line, colon + 1 + strspn(colon + 1, " \t"));
}

/* A header, or @file with one to a line: what is secret belongs in a file. */
void
add_header(struct push *push, char *line)
{
	char *text = NULL;
	size_t cap = 0;
	FILE *f;

	if (*line != '@') {
		add_header_line(push, line);
		return;
	}
	if ((f = fopen(line + 1, "re")) == NULL)
		die("%s", line + 1);
	while (getline(&text, &cap, f) > 0)
		add_header_line(push, text);
	if (text != NULL)
		explicit_bzero(text, cap);
	free(text);
	fclose(f);
}

/* aws:kms:id and aws:kms:dsse:id name a key, too. */
void
add_sse(struct push *push, const char *how)
{
	static const char name[] = "x-amz-server-side-encryption";
	static const char id[] = "x-amz-server-side-encryption-aws-kms-key-id";
	static const char *const kms[] = { "aws:kms:dsse", "aws:kms", NULL };
	const char *const *k = kms;
	size_t n;

	for (; *k != NULL; k++)
		if (strncmp(how, *k, n = strlen(*k)) == 0 && how[n] == ':')
			break;
	if (*k == NULL || strcmp(how, "aws:kms:dsse") == 0) {
		add_own(push, "sse", name, how);
		return;
	}
	add_own(push, "sse", name, *k);
	add_own(push, "sse", id, how + strlen(*k) + 1);
}

/* Add a tag to the header that has all tags, in the form of a query. */
void
add_tag(struct push *push, const char *tag)
{
	const char *equals = strchr(tag, '=');

	if (equals == NULL)
		opt_misuse(&logpush_cmd, "--tag: %s: not key=value", tag);
	if (push->tags.len > 0)
		buf_addc(&push->tags, '&');
	name_template_escape(&push->tags, span_of(tag, (size_t)(equals - tag)));
	buf_addc(&push->tags, '=');
	name_template_escape(&push->tags, span_str(equals + 1));
}

void
add_metadata(struct push *push, char *data)
{
	static const char *const own[] = { "mtime", "sha256", "host" };
	char *equals = strchr(data, '='), name[256];

	if (equals == NULL || equals == data)
		opt_misuse(&logpush_cmd, "--metadata: %s: not key=value", data);
	if (snprintf(name, sizeof name, "x-amz-meta-%.*s",
	    (int)(equals - data), data) >= (int)sizeof name)
		opt_misuse(&logpush_cmd, "--metadata: %s: too long a key", data);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcasecmp(name + strlen("x-amz-meta-"), own[i]) == 0)
			opt_misuse(&logpush_cmd, "--metadata: %s is there already",
			    own[i]);
	add_own(push, "metadata", name, equals + 1);
}
