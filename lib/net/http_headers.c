#include "net/http_headers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/bytes.h"

/* Whether s is a token of RFC 9110. */
static bool
is_name(const char *s)
{
	return *s != '\0' && s[strspn(s, "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

int
headers_add(struct buf *h, const char *name, const char *fmt, ...)
{
	char *value;
	va_list ap;
	int n;

	if (!is_name(name)) {
		errno = EINVAL;
		return -1;
	}
	va_start(ap, fmt);
	n = vasprintf(&value, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	for (const char *p = value; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 127) {
			free(value);
			errno = EINVAL;
			return -1;
		}
	n = buf_printf(h, "%s: %s\n", name, value);
	/* The value may be a secret token. */
	explicit_bzero(value, strlen(value));
	free(value);
	return n;
}

bool
headers_next(struct span *rest, struct span *name, struct span *value)
{
	const char *end, *colon;

	while (rest->len > 0) {
		struct span line = *rest;

		end = memchr(line.p, '\n', line.len);
		if (end != NULL)
			line.len = (size_t)(end - line.p);
		rest->p += line.len + (end != NULL);
		rest->len -= line.len + (end != NULL);
		if (line.len == 0 ||
		    (colon = memchr(line.p, ':', line.len)) == NULL)
			continue;
		*name = span_trim(span_of(line.p, (size_t)(colon - line.p)));
		*value = span_trim(span_of(colon + 1,
		    line.len - (size_t)(colon + 1 - line.p)));
		return true;
	}
	return false;
}

struct span
headers_get(const struct buf *h, const char *wanted)
{
	struct span rest = buf_span(h), name, value, found = { 0 };

	while (headers_next(&rest, &name, &value))
		if (name.len == strlen(wanted) &&
		    strncasecmp(name.p, wanted, name.len) == 0)
			found = value;
	return found;
}
