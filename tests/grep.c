/* grep: a block that is taken back leaves no trace */
#include "match/grep.h"

#include <stdlib.h>

#include "tap.h"

/* What is shown of the blocks one, lost and two, when lost is taken back. */
static void
shows(const struct grep_options *options, const char *want, const char *name)
{
	struct buf why = { 0 };
	struct pattern *p = pattern_new(span_str("hit"), 0, &why);
	const struct criteria c = { .pattern = p };
	struct selector *s = selector_new(&c, &why);
	struct grep g = { 0 }, before;

	if (p == NULL || s == NULL)
		abort();
	grep_begin(&g, options, s, "f");
	selector_input(s, 0);
	grep_block(&g, span_str("hit 1\nx\n"));
	before = g;
	grep_block(&g, span_str("hit lost\nhit lost\nx\n"));
	grep_undo(&g, &before);
	grep_block(&g, span_str("x\nhit 2\n"));
	grep_result(&g);
	if (!ok(strcmp(buf_str(&g.out), want) == 0, "taken back: %s", name))
		printf("# got %s\n", buf_str(&g.out));
	grep_free(&g);
	selector_free(s);
	pattern_free(p);
}

int
main(void)
{
	static const struct grep_options plain = { .max = UINT64_MAX,
		.before = UINT64_MAX, .after = UINT64_MAX };
	struct grep_options o = plain;

	shows(&o, "hit 1\nhit 2\n", "no line of the block is shown");
	o.numbers = true;
	shows(&o, "1:hit 1\n4:hit 2\n", "no line of the block is numbered");
	o = plain;
	o.offsets = true;
	shows(&o, "0:hit 1\n10:hit 2\n", "no byte of the block is passed");
	o = plain;
	o.max = 2;
	shows(&o, "hit 1\nhit 2\n", "no line of the block is one of the most");
	o = plain;
	o.count = true;
	shows(&o, "2\n", "no line of the block is counted");
	return done_testing();
}
