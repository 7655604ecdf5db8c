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
	test_syslog();
	return done_testing();
}
