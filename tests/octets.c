/* octets: what is a message with its count in front, and what is not */
#include <string.h>

#include "base/buf.h"
#include "input/octet_framing.h"
#include "tap.h"

static const struct {
	const char *text;
	size_t max;
	enum octets want;
	const char *message;	/* of a whole frame */
} frames[] = {
	{ "5 <13>a", 100, OCTETS_FRAME, "<13>a" },
	{ "3 <0>", 100, OCTETS_FRAME, "<0>" },
	{ "2 <0>", 100, OCTETS_NONE, NULL },
	{ "5 <191>", 100, OCTETS_FRAME, "<191>" },
	{ "5 <192>", 100, OCTETS_NONE, NULL },
	{ "3 <>a", 100, OCTETS_NONE, NULL },
	{ "6 <0013>", 100, OCTETS_NONE, NULL },
	{ "5 <13:a", 100, OCTETS_NONE, NULL },
	{ "5 13>ab", 100, OCTETS_NONE, NULL },
	{ "05 <13>a", 100, OCTETS_NONE, NULL },
	{ " 5 <13>a", 100, OCTETS_NONE, NULL },
	{ "5  <13>a", 100, OCTETS_NONE, NULL },
	/* As many bytes as are allowed, the count included, and one more. */
	{ "5 <13>a", 7, OCTETS_FRAME, "<13>a" },
	{ "5 <13>a", 6, OCTETS_NONE, NULL },
	{ "12345678 <13>a", 20000000, OCTETS_MORE, NULL },
	{ "123456789 <13>a", 200000000, OCTETS_NONE, NULL },
	/* More bytes will tell. */
	{ "", 100, OCTETS_MORE, NULL },
	{ "5", 100, OCTETS_MORE, NULL },
	{ "5 ", 100, OCTETS_MORE, NULL },
	{ "5 <", 100, OCTETS_MORE, NULL },
	{ "5 <13", 100, OCTETS_MORE, NULL },
	{ "5 <13>", 100, OCTETS_MORE, NULL },
	{ "50 <13>a\nb", 100, OCTETS_MORE, NULL },
	{ "50 <13>a\n14", 100, OCTETS_MORE, NULL },
	/* What follows is a frame or the start of one, or an LF. */
	{ "5 <13>a6 <13>bc", 100, OCTETS_FRAME, "<13>a" },
	{ "5 <13>a6", 100, OCTETS_FRAME, "<13>a" },
	{ "5 <13>a\nb", 100, OCTETS_FRAME, "<13>a" },
	{ "6 <13>a\nb", 100, OCTETS_FRAME, "<13>a\n" },
	{ "5 <13>ab", 100, OCTETS_NONE, NULL },
	{ "7 <13>a\nbc", 100, OCTETS_NONE, NULL },
	/* A count that covers other messages is wrong. */
	{ "8 <13>a\nbc", 100, OCTETS_FRAME, "<13>a\nbc" },
	{ "11 <13>a\n<14>b", 100, OCTETS_NONE, NULL },
	{ "13 <13>a\n5 <14>b", 100, OCTETS_NONE, NULL },
	{ "50 <13>a\n<14>b", 100, OCTETS_NONE, NULL },
	{ "50 <13>a\n5 <14>b", 100, OCTETS_NONE, NULL },
};

static const struct {
	const char *text;
	int want;		/* its offset; -1 for none */
} finds[] = {
	{ "5 <13>a", 0 },
	{ "ab\n5 <13>a", 3 },
	{ "a<b <c\n5 <13>a", 7 },
	{ "ab 5 <13>a", -1 },
	{ "ab\n <13>a", -1 },
	{ "ab\n5<13>a", -1 },
	{ "ab\n56<13>a", -1 },
	{ "ab\nx <13>a", -1 },
	{ "5 13>a", -1 },
	{ "<13>a", -1 },
	{ " <13>a", -1 },
	{ "", -1 },
	{ "12345678 <13>a", 0 },
	{ "ab\n12345678 <13>a", 3 },
	{ "ab\n123456789 <13>a", -1 },
};

/* The text with "|" for LF. */
static const char *
shown(const char *text)
{
	static char line[64];
	size_t i = 0;

	for (; text[i] != '\0' && i < sizeof line - 1; i++)
		line[i] = text[i] == '\n' ? '|' : text[i];
	line[i] = '\0';
	return line;
}

/*
 * The text between two other bytes, which must not matter.  Returns it in the
 * same memory each time.
 */
static struct span
between(const char *text, char before, char after)
{
	static char bytes[64];

	snprintf(bytes, sizeof bytes, "%c%s%c", before, text, after);
	return span_of(bytes + 1, strlen(text));
}

static const char around[] = "0\n< >";

static void
test_frame(const char *text, size_t max, enum octets want, const char *message)
{
	struct span m = { 0 }, s;
	bool good = true;

	for (const char *c = around; *c != '\0'; c++) {
		s = between(text, *c, *c);
		good &= octets_frame(s.p, s.p + s.len, max, &m) == want &&
		    (message == NULL || span_is(m, message));
	}
	ok(good, "\"%s\" of %zu at most %s", shown(text), max,
	    want == OCTETS_NONE ? "is no frame" : want == OCTETS_MORE ?
	    "may become a frame" : "begins with a frame");
}

static void
test_find(const char *text, int want)
{
	bool good = true;
	const char *p;
	struct span s;

	for (const char *c = around; *c != '\0'; c++) {
		s = between(text, *c, *c);
		p = octets_find(s.p, s.p + s.len);
		good &= want < 0 ? p == NULL : p == s.p + want;
	}
	ok(good, want < 0 ? "\"%s\" has no line that begins as a frame" :
	    "\"%s\" has a line that begins as a frame", shown(text));
}

int
main(void)
{
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
		test_frame(frames[i].text, frames[i].max, frames[i].want,
		    frames[i].message);
	for (size_t i = 0; i < sizeof finds / sizeof *finds; i++)
		test_find(finds[i].text, finds[i].want);
	return done_testing();
}
