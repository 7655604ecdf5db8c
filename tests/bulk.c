/* bulk: what is asked of _bulk, and what its answers mean */
#include <stdlib.h>

#include "emit/syslog_header.h"
#include "stream/es_bulk.h"
#include "tap.h"

static struct item *
item(const char *line, uint64_t position)
{
	struct item *i = calloc(1, sizeof *i);

	i->line = span_str(line);
	i->position = position;
	return i;
}

static bool
adds(const char *index, const char *line, uint64_t position, const char *want)
{
	struct es_bulk *b = es_bulk_new("create", index);
	struct item *i = item(line, position);
	struct buf body = { 0 };
	bool same;

	es_bulk_add(b, &body, i);
	same = span_is(buf_span(&body), want);
	if (!same)
		printf("# %.*s\n", (int)body.len, body.p);
	es_bulk_free(b);
	buf_free(&body);
	free(i);
	return same;
}

static void
test_add(void)
{
	ok(adds(NULL, "{\"a\":1}", 0, "{\"create\":{\"_id\":"
	    "\"xZYXkfgsepJc71uft68e\"}}\n{\"a\":1}\n"),
	    "a line becomes an action and a document");
	ok(adds(NULL, "{\"a\":1}", 1, "{\"create\":{\"_id\":"
	    "\"KhjtNleF0MdFq1N12yw8\"}}\n{\"a\":1}\n"),
	    "the id depends on the position of the line, and is stable");
	ok(adds("{x}-{date:%y}", "{\"x\":\"A/b\",\"time\":\"2021-06-29\"}", 0,
	    "{\"create\":{\"_index\":\"a_b-21\",\"_id\":"
	    "\"0hYcY-blEf-guWy3LQXD\"}}\n{\"x\":\"A/b\",\"time\":"
	    "\"2021-06-29\"}\n"), "the index has no upper case and no slash");
}

/*
 * The states after an answer, a letter each: . waits, D done, R refused, S is
 * suspect.
 */
static const char *
judged(const char *answer, size_t n)
{
	struct es_bulk *b = es_bulk_new("create", NULL);
	static char states[16];
	struct item *items[8];
	struct buf reason = { 0 };

	for (size_t i = 0; i < n; i++)
		items[i] = item("x", i);
	states[0] = es_bulk_judge(b, span_str(answer), items, n, &reason) < 0 ?
	    '!' : ' ';
	for (size_t i = 0; i < n; i++) {
		states[i + 1] = items[i]->state == ITEM_WAITING &&
		    items[i]->suspect ? 'S' : ".DR"[items[i]->state];
		free(items[i]->reason);
		free(items[i]);
	}
	states[n + 1] = '\0';
	buf_free(&reason);
	es_bulk_free(b);
	return states;
}

#define OK "{\"create\":{\"_id\":\"1\",\"status\":201}}"
#define GONE "{\"create\":{\"_id\":\"1\",\"status\":409,\"error\":{}}}"
#define BUSY "{\"create\":{\"status\":429,\"error\":{\"type\":\"busy\"}}}"
#define BAD "{\"create\":{\"status\":400,\"error\":{\"type\":" \
	"\"mapper_parsing_exception\"}}}"
#define ODD "{\"create\":{\"status\":400,\"error\":{\"reason\":\"no\"}}}"
#define ITEM(status, type) "{\"errors\":true,\"items\":[{\"create\":{\"status\":" \
	status ",\"error\":{\"type\":\"" type "\",\"reason\":\"r\"}}}]}"

static void
test_judge(void)
{
	ok(strcmp(judged("{\"took\":3,\"errors\":false,\"items\":[]}", 2),
	    " DD") == 0, "an answer without errors: all are delivered");
	ok(strcmp(judged("{\"errors\":true,\"items\":[" OK "," GONE "," BUSY
	    "," BAD "]}", 4), " DD.R") == 0,
	    "an answer with errors: each document has its own");
	ok(strcmp(judged("{\"errors\":true,\"items\":[" ODD "]}", 1), " S") == 0,
	    "a 400 of unknown type makes the document suspect");
	ok(strcmp(judged(ITEM("403", "cluster_block_exception"), 1), " .") == 0 &&
	    strcmp(judged(ITEM("403", "security_exception"), 1), " .") == 0 &&
	    strcmp(judged(ITEM("404", "index_not_found_exception"), 1), " .") == 0 &&
	    strcmp(judged(ITEM("500", "i_o_exception"), 1), " .") == 0 &&
	    strcmp(judged(ITEM("400", "index_closed_exception"), 1), " S") == 0 &&
	    strcmp(judged(ITEM("400", "validation_exception"), 1), " S") == 0,
	    "what is wrong with the index or the cluster refuses no document");
	ok(strcmp(judged(ITEM("400", "document_parsing_exception"), 1), " R") == 0 &&
	    strcmp(judged(ITEM("400", "strict_dynamic_mapping_exception"), 1),
	    " R") == 0, "what is wrong with the document refuses it");
	ok(judged("{\"errors\":true,\"items\":[" OK "]}", 2)[0] == '!',
	    "an answer for too few documents is refused");
	ok(judged("{\"errors\":true,\"items\":[" OK "," OK "]}", 1)[0] == '!',
	    "an answer for too many documents is refused");
	ok(strcmp(judged("<html>", 1), "!.") == 0 &&
	    strcmp(judged("", 1), "!.") == 0 &&
	    strcmp(judged("{\"errors\":true}", 1), "!.") == 0 &&
	    strcmp(judged("{}", 1), "!.") == 0,
	    "what is no answer to _bulk is refused");
}

/* What an answer with this result says of a document, with an index in braces. */
static bool
says(const char *result, const char *state, const char *want)
{
	struct es_bulk *b = es_bulk_new("create", "{a}");
	struct item *one = item("{\"a\":\"b\"}", 0);
	struct buf answer = { 0 }, reason = { 0 };
	bool same;

	buf_printf(&answer, "{\"errors\":true,\"items\":[{\"create\":{%s}}]}",
	    result);
	same = es_bulk_judge(b, buf_span(&answer), &one, 1, &reason) == 0 &&
	    *state == (one->suspect && one->state == ITEM_WAITING ? 'S' :
	    ".DR"[one->state]) && span_is(buf_span(&reason), want) &&
	    (one->reason == NULL || strcmp(one->reason, want) == 0);
	if (!same)
		printf("# %d %.*s\n", (int)one->state, (int)reason.len, reason.p);
	free(one->reason);
	free(one);
	buf_free(&answer);
	buf_free(&reason);
	es_bulk_free(b);
	return same;
}

static void
test_reasons(void)
{
	char *xs = malloc(3001), *want = malloc(1001);
	struct buf long_one = { 0 };

	ok(says("\"status\":400", "S", "status 400: no reason given"),
	    "an error without words makes suspect");
	ok(says("\"status\":400,\"error\":\"MapperParsing\\u0045\"", "S",
	    "status 400: MapperParsingE"), "an error may be a text");
	ok(says("\"status\":400,\"error\":{\"reason\":\"no\"}", "S",
	    "status 400: : no"), "an error may have no type");
	ok(says("\"status\":400,\"error\":{\"type\":\"parsing_exception\","
	    "\"reason\":\"r\",\"caused_by\":{\"type\":\"t\","
	    "\"reason\":\"c\"}}", "R",
	    "status 400: parsing_exception: r: c"),
	    "what caused an error is told, too");
	ok(says("\"status\":400,\"error\":{\"type\":"
	    "\"invalid_index_name_exception\"}", "R",
	    "status 400: invalid_index_name_exception"),
	    "a document is to blame for the name of its index");
	ok(says("\"status\":299", "D", "") && says("\"status\":300", ".",
	    "status 300: no reason given"), "success ends with 299");
	memset(xs, 'x', 3000);
	xs[3000] = '\0';
	buf_printf(&long_one, "\"status\":400,\"error\":\"%s\"", xs);
	snprintf(want, 1001, "status 400: %s", xs);
	ok(says(buf_str(&long_one), "S", want), "a reason has a limit");
	buf_free(&long_one);
	free(xs);
	free(want);
}

static void
test_no_answer(void)
{
	static const char *const answers[] = {
		"{\"errors\":\"no\"}", "{\"errors\":true,\"items\":5}",
		"{\"errors\":true,\"items\":[5]}",
		"{\"errors\":true,\"items\":[{}]}",
		"{\"errors\":true,\"items\":[{\"create\":{}}]}",
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":\"201\"}}]}",
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":20}}]}",
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":2e2}}]}",
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":-20}}]}",
		"{\"errors\":true,\"items\":[]}",
	};

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		ok(strcmp(judged(answers[i], 1), "!.") == 0,
		    "this is no answer to _bulk: %s", answers[i]);
}

static void
test_index(void)
{
	struct es_bulk *b = es_bulk_new("index", "{a}-{b}");
	struct item *i = item("{\"a\":\" \\\"*<>|,#:?\\\\\"}", 0);
	struct buf body = { 0 }, line = { 0 };

	es_bulk_add(b, &body, i);
	ok(strstr(buf_str(&body), "{\"index\":{\"_index\":"
	    "\"___________-unknown\",\"_id\":") == body.p,
	    "what no name of an index has becomes _");
	buf_printf(&line, "{\"a\":\"%0300d\"}", 0);
	i->line = buf_span(&line);
	buf_clear(&body);
	es_bulk_add(b, &body, i);
	ok(strcspn(buf_str(&body) + 20, "\"") == 255,
	    "the name of an index has 255 bytes at most");
	buf_free(&line);
	buf_free(&body);
	free(i);
	es_bulk_free(b);
}

static bool
is_message(const char *line, const char *want)
{
	struct buf b = { 0 };
	bool same;

	syslog_header_add(&b, span_str(line),
	    &(struct syslog_names){ .host = "h" });
	same = b.len >= strlen(want) && memcmp(b.p, want, strlen(want)) == 0;
	if (!same)
		printf("# %.*s\n", (int)b.len, b.p);
	buf_free(&b);
	return same;
}

#define T "\"timestamp\":\"2021-06-29T10:05:03Z\""

static void
test_syslog(void)
{
	ok(is_message("{" T "}", "<14>1 2021-06-29T10:05:03Z h - - - - {\"t"),
	    "a record without a message is the message itself");
	ok(is_message("{" T ",\"level\":\"WARN\",\"pod\":\"p\",\"container\":"
		      "\"c\",\"message\":\"m\"}",
	       "<12>1 2021-06-29T10:05:03Z p c - - - m"),
	    "a container's log has pod, container and level");
	ok(is_message("{" T ",\"stream\":\"stderr\",\"message\":\"m\"}",
	    "<11>1 2021-06-29T10:05:03Z h - - - - m"),
	    "what came from stderr has the severity of an error");
	ok(is_message("{" T ",\"hostname\":\"a b\\u00e9\",\"message\":\"m\"}",
	    "<14>1 2021-06-29T10:05:03Z a_b__ - - - - m"),
	    "a header has no blanks, and is ASCII");
	ok(is_message("{\"timestamp\":\"2021-06-29T10:05:03.123456789Z\","
		      "\"message\":\"m\"}",
	       "<14>1 2021-06-29T10:05:03.123456Z h - - - -"),
	    "a fraction has six digits at most");
	ok(syslog_header_cut("a\xc3\xa9z", 2) == 1 &&
		syslog_header_cut("a\xc3\xa9z", 3) == 3,
	    "a cut leaves characters whole");
}

int
main(void)
{
	test_add();
	test_judge();
	test_reasons();
	test_no_answer();
	test_index();
	test_syslog();
	return done_testing();
}
