/* rival: whose output is smaller */
#include <stdlib.h>
#include <string.h>

#include "rival.h"
#include "tap.h"

enum { N = 256 * 1024 };

static char data[N];

int
main(void)
{
	unsigned x = 1;

	for (size_t i = 0; i < N; i++) {
		x = x * 1103515245 + 12345;
		data[i] = "GET /index.html 200 "[x >> 28];
	}
	ok(rival_compare(data, N, 1, 9) > rival_compare(data, N, 9, 9),
	    "a higher level of ours is better");
	ok(rival_compare(data, N, 6, 1) < rival_compare(data, N, 6, 9),
	    "beside a higher one of theirs it is not so good");
	ok(rival_compare(data, N, 6, 6) > 800 &&
	    rival_compare(data, N, 6, 6) < 1200, "the same are about equal");
	for (size_t i = 0; i < N; i++) {
		x = x * 1103515245 + 12345;
		data[i] = (char)(x >> 16);
	}
	ok(abs(rival_compare(data, N, 6, 6) - 1000) < 5, "noise is noise to both");
	return done_testing();
}
