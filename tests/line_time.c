/* line_time: what is found without reading a record is what reading it finds */
#include <stdlib.h>

#include "format/line_time.h"
#include "guarded.h"
#include "tap.h"

static const char *const lines[] = {
	"192.0.2.1 - - [29/Jun/2021:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 "
	    "\"-\" \"curl/7.74.0\"",
	"2001:db8::1 - bob [29/Jun/2021:10:05:03 +0200] \"GET /?t=2020-01-01T"
	    "00:00:00Z HTTP/1.1\" 304 -",
	"Jun 29 10:05:03 web1 docker/todo-list[812]: 192.0.2.1 - - "
	    "[29/Jun/2021:10:05:02 +0000] \"GET /a%20b HTTP/1.1\" 200 5 \"-\" "
	    "\"curl/7.74.0\" \"10.0.0.1\" 0.5",
	"2021-06-29T10:05:03.123456+00:00 web1 nginx: 192.0.2.1 - - "
	    "[29/Jun/2021:10:05:02 +0000] \"GET / HTTP/1.1\" 200 5",
	"<134>1 2021-06-29T10:05:03Z web1 nginx 12 - - 192.0.2.1 - - "
	    "[29/Jun/2021:10:05:02 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\"",
	"<134>Jun 29 10:05:03 web1 nginx: 192.0.2.1 - - "
	    "[29/Jun/2021:10:05:02 +0000] \"POST / HTTP/1.1\" 502 5 \"-\" \"x\"",
};
enum { N = sizeof lines / sizeof *lines, MUTANTS = 40000 };

struct both {
	struct line_times *times;
	struct scanner *scanner;
	struct record rec;
};

/* Whether the line is read as line_time tells, if that tells anything. */
static bool
agrees(struct both *b, struct span line, bool *told)
{
	struct timestamp t;

	*told = line_time(b->times, b->scanner, line, &t);
	scan_line(b->scanner, line, &b->rec);
	if (!*told)
		line_time_learn(b->times, b->scanner, line, &b->rec);
	return !*told || (b->rec.has_when &&
	    timestamp_cmp(&t, &b->rec.when) == 0 &&
	    t.lacks == b->rec.when.lacks);
}

/* Change up to three bytes of the line. */
static size_t
mutate(char *to, const char *line)
{
	static const char bytes[] = "0123456789 :.-[]\"\\/<>%+abZ\r\t,=";
	size_t n = strlen(line), at;

	memcpy(to, line, n);
	for (int i = rand() % 3; i >= 0; i--) {
		at = (size_t)rand() % n;
		switch (rand() % 3) {
		case 0:
			to[at] = bytes[(size_t)rand() % (sizeof bytes - 1)];
			break;
		case 1:
			memmove(to + at, to + at + 1, n - at - 1);
			n--;
			break;
		default:
			memmove(to + at + 1, to + at, n - at);
			to[at] = bytes[(size_t)rand() % (sizeof bytes - 1)];
			n++;
		}
	}
	return n;
}

/* Each line, cut at each byte. */
static bool
agrees_cut(struct both *b)
{
	bool told, same = true;

	for (size_t i = 0; i < N; i++)
		for (size_t n = 0; n <= strlen(lines[i]) && same; n++) {
			same = agrees(b, guarded(lines[i], n), &told);
			if (!same)
				printf("# %.*s\n", (int)n, lines[i]);
		}
	return same;
}

/* Envelopes from which nothing can be learned. */
static void
test_others(struct both *b)
{
	static const char access[] = "192.0.2.1 - - [29/Jun/2021:10:05:02 "
	    "+0000] \"GET / HTTP/1.1\" 200 5";
	static const char *const heads[] = {
		"<134>1 2021-06-29T10:05Z web1 nginx 12 - - ",
		"<134>1 2021-06-29T10:05:60Z web1 nginx 12 - - ",
		"Jun 29 10:05:03 web1 nginx: - ", "<134>web1 ", "<134>nginx: ",
		"<134>2 2021-06-29T10:05:03Z web1 nginx 12 - - ",
	};
	static const char *const changed[] = { "3.5", "3,5", "3.", "3.x" };
	char text[600];
	bool told = false, any = false, same = true;

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		snprintf(text, sizeof text, "%s%s", heads[i], access);
		same &= agrees(b, span_str(text), &told);
		same &= agrees(b, span_str(text), &told);
	}
	for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
		snprintf(text, sizeof text, "2021-06-29T10:05:0%s web1 nginx: "
		    "%s", changed[i], access);
		same &= agrees(b, span_str(text), &told);
		same &= agrees(b, span_str(text), &told);
	}
	ok(same, "odd envelopes are read as ever");
	snprintf(text, sizeof text, "Jun 29 10:05:03 web1 %0300d: %s", 0,
	    access);
	for (int i = 0; i < 2; i++) {
		same &= agrees(b, span_str(text), &told);
		any |= told;
	}
	ok(same && !any, "a long envelope is not learned");
	for (int host = 0; host < 20; host++) {
		snprintf(text, sizeof text, "Jun 29 10:05:03 web%d x: %s", host,
		    access);
		same &= agrees(b, span_str(text), &told);
	}
	ok(same && agrees(b, span_str(text), &told) && told,
	    "of many envelopes the last ones are known");
	agrees(b, span_str("#Fields: date time c-ip"), &told);
	ok(agrees(b, span_str(text), &told) && !told,
	    "nothing is told of a line that others decide about");
	scanner_input(b->scanner, 1624961103);
}

int
main(void)
{
	struct both b = { line_times_new(), scanner_new(), { 0 } };
	bool told, same;
	char text[400], *p;
	unsigned n_told = 0;
	size_t n;

	if (b.times == NULL || b.scanner == NULL)
		abort();
	zone_set(scanner_zone(b.scanner), "UTC");
	scanner_zone(b.scanner)->near = 1624961103;
	scanner_input(b.scanner, 1624961103);
	for (size_t i = 0; i < N; i++) {
		same = agrees(&b, span_str(lines[i]), &told);
		ok(same && told == (i < 2), "%.20s... is learned", lines[i]);
		same = agrees(&b, span_str(lines[i]), &told);
		ok(same && told, "%.20s... is known then", lines[i]);
	}
	snprintf(text, sizeof text, "%s", lines[2]);
	p = strstr(text, ":03 ");
	memcpy(p, ":59", 3);
	ok(agrees(&b, span_str(text), &told) && told,
	    "the seconds of a head may change");
	memcpy(p, ":5x", 3);
	ok(agrees(&b, span_str(text), &told) && !told, "but only as a clock");

	ok(agrees_cut(&b), "lines that break off have the time that reading "
	    "them finds");
	test_others(&b);

	srand(1);
	same = true;
	for (int i = 0; i < MUTANTS && same; i++) {
		n = mutate(text, lines[i % N]);
		same = agrees(&b, (i % 2 ? guarded : guarded_start)(text, n),
		    &told);
		n_told += told;
		if (!same)
			printf("# %.*s\n", (int)n, text);
	}
	ok(same, "changed lines have the time that reading them finds");
	ok(n_told > MUTANTS / 10, "many of them without reading: %u", n_told);
	record_free(&b.rec);
	scanner_free(b.scanner);
	line_times_free(b.times);
	return done_testing();
}
