/*
 * logquiet - not written yet
 */
#include "opt.h"

static const struct cmd cmd = {
	.name = "logquiet", .what = "", .operands = "",
	.opts = (const struct opt[]){ { 0 } },
};

int
main(int argc, char *argv[])
{
	while (opt_next(&cmd, argc, argv) != -1)
		;
	diex("not written yet");
}
