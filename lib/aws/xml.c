#include "aws/xml.h"

#include <stdio.h>
#include <string.h>

/* Decode the five entities and &#..; of XML in place. */
static void
decode_entities(char *s)
{
	static const struct { const char *name; char c; } entity[] = {
		{ "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&apos;", '\'' }, { "&#34;", '"' },
		{ "&#39;", '\'' }, { "&#13;", '\r' }, { "&#10;", '\n' },
	};
	char *to = s;

	while (*s != '\0') {
		size_t i, n = sizeof entity / sizeof *entity;

		for (i = 0; i < n; i++)
			if (strncmp(s, entity[i].name,
			    strlen(entity[i].name)) == 0)
				break;
		if (i < n) {
			*to++ = entity[i].c;
			s += strlen(entity[i].name);
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

bool
xml_element(struct span *at, const char *name, char *out, size_t size)
{
	char open[64];
	int n = snprintf(open, sizeof open, "<%s>", name);
	const char *p, *end;
	size_t len;

	out[0] = '\0';
	p = at->len > 0 ? memmem(at->p, at->len, open, (size_t)n) : NULL;
	if (p == NULL)
		return false;
	p += n;
	end = memchr(p, '<', at->len - (size_t)(p - at->p));
	if (end == NULL)
		return false;
	len = (size_t)(end - p);
	at->len -= (size_t)(end - at->p);
	at->p = end;
	if (len >= size)
		len = size - 1;
	memcpy(out, p, len);
	out[len] = '\0';
	decode_entities(out);
	return true;
}

bool
xml_block(struct span *at, const char *name, struct span *inside)
{
	char open[32], close[32];
	int n = snprintf(open, sizeof open, "<%s>", name);
	int m = snprintf(close, sizeof close, "</%s>", name);
	const char *p, *end;

	p = at->len > 0 ? memmem(at->p, at->len, open, (size_t)n) : NULL;
	if (p == NULL)
		return false;
	p += n;
	end = memmem(p, at->len - (size_t)(p - at->p), close, (size_t)m);
	if (end == NULL)
		return false;
	*inside = span_of(p, (size_t)(end - p));
	at->len -= (size_t)(end + m - at->p);
	at->p = end + m;
	return true;
}
