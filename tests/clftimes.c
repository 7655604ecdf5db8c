/* clftimes: first and last time of a block, if every line has one */
#include "clftimes.h"
#include "tap.h"

static const char a[] = "10.0.0.1 - - [29/Jun/2021:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5\n";
static const char b[] = "::1 - bob [29/Jun/2021:12:05:02 +0200] \"-\" 400 0\n";

static bool
of(const char *s, const char *t, uint32_t *first, uint32_t *last)
{
	struct buf block = { 0 };
	bool r;

	buf_adds(&block, s);
	buf_adds(&block, t);
	r = clftimes(buf_span(&block), first, last);
	buf_free(&block);
	return r;
}

int
main(void)
{
	static const char *const others[] = {
		"\n", "x\n", "Traceback (most recent call last):\n",
		"10.0.0.1 - - [29/Jun/2021:10:05:03 +0000] \"GET /",
		"10.0.0.1 - - [29/Jun/2021:10:05:03] \"GET / HTTP/1.1\" 200 5\n",
		"10.0.0.1 - a b [29/Jun/2021:10:05:03 +0000] \"GET /\" 200 5\n",
		"10.0.0.1 - - [29/Xxx/2021:10:05:03 +0000] \"GET /\" 200 5\n",
		"10.0.0.1 - - [29/Jun/1921:10:05:03 +0000] \"GET /\" 200 5\n",
		"{\"a\": 1 - [29/Jun/2021:10:05:03 +0000] \"GET /\" 200 5\n",
		"Jun 29 10:05:03 host [29/Jun/2021:10:05:03 +0000] \"GET /\"\n",
		"10.0.0.1 - -\n", "10.0.0.1 - - [\n", " - - -\n",
	};
	uint32_t first, last;

	ok(of(a, "", &first, &last) && first == 1624961103 && last == first,
	    "one line");
	ok(of(a, b, &first, &last) && first == 1624961102 &&
	    last == 1624961103, "two, in other zones");
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ok(!of(a, others[i], &first, &last), "not with %.20s",
		    *others[i] == '\n' ? "an empty line" : others[i]);
	ok(!of("", "", &first, &last), "nothing has no time");
	return done_testing();
}
