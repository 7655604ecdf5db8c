#include "match/colors.h"

static void
set(struct colors *c, struct span name, struct span value)
{
	static const struct {
		const char *name;
		enum color from, to;
	} names[] = {
		{ "mt", COLOR_MATCH, COLOR_CONTEXT_MATCH },
		{ "ms", COLOR_MATCH, COLOR_MATCH },
		{ "mc", COLOR_CONTEXT_MATCH, COLOR_CONTEXT_MATCH },
		{ "sl", COLOR_LINE, COLOR_LINE },
		{ "cx", COLOR_CONTEXT, COLOR_CONTEXT },
		{ "fn", COLOR_NAME, COLOR_NAME },
		{ "ln", COLOR_LINE_NUMBER, COLOR_LINE_NUMBER },
		{ "bn", COLOR_OFFSET, COLOR_OFFSET },
		{ "se", COLOR_SEPARATOR, COLOR_SEPARATOR },
	};

	if (span_is(name, "rv"))
		c->reverse = true;
	else if (span_is(name, "ne"))
		c->no_erase = true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is(name, names[i].name))
			for (int k = names[i].from; k <= (int)names[i].to; k++)
				c->sgr[k] = value;
}

void
colors_on(struct colors *c, const char *spec)
{
	static const char own[] =
	    "mt=01;31:fn=35:ln=32:bn=32:se=36";
	size_t n, name;

	if (spec != own)
		colors_on(c, own);
	for (; spec != NULL && *spec != '\0'; spec += n + (spec[n] == ':')) {
		n = strcspn(spec, ":");
		name = strcspn(spec, "=:");
		if (strspn(spec + name, "=0123456789;") == n - name)
			set(c, span_of(spec, name), name == n ? span_of(NULL, 0)
			    : span_of(spec + name + 1, n - name - 1));
	}
}

void
colors_add(struct buf *b, const struct colors *c, enum color which,
    struct span text)
{
	const char *erase = c->no_erase ? "" : "\33[K";

	if (c->sgr[which].len == 0 || text.len == 0) {
		buf_addspan(b, text);
		return;
	}
	buf_adds(b, "\33[");
	buf_addspan(b, c->sgr[which]);
	buf_adds(b, "m");
	buf_adds(b, erase);
	buf_addspan(b, text);
	buf_adds(b, "\33[m");
	buf_adds(b, erase);
}

