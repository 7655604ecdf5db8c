/* what a web server sends is held, resumed, begun anew or passed on */
#include "store/fetch.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "answers.h"
#include "tap.h"

#define V "ETag: \"v\"\r\n"
#define HALF "Content-Length: 10\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define RANGE(r) "Content-Range: bytes " r "\r\n"

static const struct http_options http = { 0 };
static char url[128];

static struct fetcher
begin(const struct answer *list, uint64_t hold_max, int64_t deadline_ms)
{
	answers_begin(list);
	snprintf(url, sizeof url, "%s/x", answers.url);
	return (struct fetcher){ .http = &http, .hold_max = hold_max,
		.deadline_ms = deadline_ms > 0 ? deadline_ms : 60000 };
}

static struct fetch
fetch_of(struct fetcher *all)
{
	return (struct fetch){ .fetcher = all, .url = url, .size = -1,
		.changed = -1, .fd = -1 };
}

struct transfer {
	const char *name;
	struct answer answers[14];
	const char *text;	/* NULL when there is none */
	const char *reason;	/* NULL for any */
	const char *sent;	/* a header that the last request has */
	uint64_t hold_max;
	int64_t deadline_ms;
};

static void
run(const struct transfer *t)
{
	struct fetcher all = begin(t->answers, t->hold_max > 0 ? t->hold_max :
	    1000, t->deadline_ms);
	struct fetch f = fetch_of(&all);
	char got[64] = "";
	size_t n = 0;
	ssize_t r;

	fetcher_begin(&all);
	fetch_hold(&f);
	ok(f.large == (t->hold_max > 0), "%s: it is %s", t->name,
	    f.large ? "passed on" : "held");
	if (f.large && fetch_pipe(&f) < 0)
		return;
	while (f.fd >= 0 && (r = read(f.fd, got + n, sizeof got - 1 - n)) > 0)
		n += (size_t)r;
	if (f.fd >= 0)
		close(f.fd);
	fetch_end(&f);
	if (!ok((t->text == NULL || strcmp(got, t->text) == 0) &&
	    (t->reason == NULL ? f.reason[0] != '\0' :
	    strcmp(f.reason, t->reason) == 0), "%s", t->name))
		printf("# %s; %s\n", got, f.reason);
	fetcher_end(&all);
	answers_end();
	ok(t->sent == NULL || strstr(answers.heads, t->sent) != NULL,
	    "%s: by the right request", t->name);
	ok(all.held == 0, "%s: nothing is held then", t->name);
}

static const struct transfer transfers[] = {
	{ "what is cut goes on at its byte", { { 200, V HALF, "hello" },
	    { 206, RANGE("5-9/10"), "world" } }, "helloworld", "",
	    "If-Match: \"v\"\r\nRange: bytes=5-\r\n", 0, 0 },
	{ "so it does without a strong ETag", {
	    { 200, "ETag: W/\"v\"\r\n" HALF, "hello" },
	    { 206, RANGE("5-9/10"), "world" } }, "helloworld", "",
	    "Range: bytes=5-\r\n", 0, 0 },
	{ "what is not cut, but short, goes on, too", {
	    { 206, CHUNKED RANGE("0-9/10"), "5\r\nhello\r\n0\r\n\r\n" },
	    { 206, RANGE("5-9/10"), "world" } }, "helloworld", "", NULL, 0,
	    0 },
	{ "the rest of something larger is of other contents", {
	    { 200, V HALF, "hello" }, { 206, RANGE("5-10/11"), "world!" },
	    { 200, NULL, "12345" } }, "12345", "", NULL, 0, 0 },
	{ "so is a part of the rest", { { 200, V HALF, "hello" },
	    { 206, RANGE("5-8/10"), "worl" }, { 200, NULL, "12345" } },
	    "12345", "", NULL, 0, 0 },
	{ "and the whole", { { 200, V HALF, "hello" },
	    { 200, NULL, "1234567890" }, { 200, NULL, "12345" } }, "12345", "",
	    NULL, 0, 0 },
	{ "412 tells of other contents", { { 200, V HALF, "hello" },
	    { 412, NULL, NULL }, { 200, NULL, "12345" } }, "12345", "", NULL,
	    0, 0 },
	{ "416 does, too", { { 200, V HALF, "hello" }, { 416, NULL, NULL },
	    { 200, NULL, "12345" } }, "12345", "", NULL, 0, 0 },
	{ "at the beginning they are just refusals", { { 412, NULL, NULL } },
	    NULL, "the server answers 412", NULL, 0, 0 },
	{ "what always changes is given up", { { 200, V HALF, "hello" },
	    { 412, NULL, NULL }, { 200, V HALF, "hello" }, { 412, NULL, NULL },
	    { 200, V HALF, "hello" }, { 412, NULL, NULL },
	    { 200, V HALF, "hello" }, { 412, NULL, NULL },
	    { 200, V HALF, "hello" }, { 412, NULL, NULL },
	    { 200, V HALF, "hello" }, { 412, NULL, NULL } }, NULL,
	    "changed while it was read", NULL, 0, 0 },
	{ "what does not go on is given up", {
	    { 206, CHUNKED RANGE("0-9/10"), "5\r\nhello\r\n0\r\n\r\n" },
	    { 206, CHUNKED RANGE("5-9/10"), "0\r\n\r\n" } }, NULL,
	    NULL, NULL, 0, 100 },
	{ "no answer is told", { { -1, NULL, NULL } }, NULL, NULL, NULL, 0,
	    100 },
	{ "what is too large goes through a pipe", { { 200, NULL, "hello" } },
	    "hello", "", NULL, 4, 0 },
	{ "so does what turns out to be", {
	    { 200, CHUNKED, "5\r\nhello\r\n0\r\n\r\n" } }, "hello", "", NULL,
	    4, 0 },
	{ "what is passed on cannot begin anew", { { 200, V HALF, "hello" },
	    { 200, V HALF, "hello" }, { 412, NULL, NULL } }, "hello",
	    "changed while it was read", NULL, 4, 0 },
	{ "a long ETag is none", { { 200, "ETag: \"0123456789012345678901234567"
	    "8901234567890123456789012345678901234567890123456789012345678901"
	    "2345678901234567890123456789012345678901234567890123456789\"\r\n"
	    HALF, "hello" }, { 206, RANGE("5-9/10"), "world" } }, "helloworld",
	    "", "Range: bytes=5-\r\n", 0, 0 },
	{ "an empty ETag is none", { { 200, "ETag: \"\"\r\n" HALF, "hello" },
	    { 206, RANGE("5-9/10"), "world" } }, "helloworld", "", NULL, 0,
	    0 },
	{ "nothing may be there", { { 200, NULL, NULL } }, "", "", NULL, 0,
	    0 },
};

static void
parts(void)
{
	static const struct answer list[] = {
		{ 206, RANGE("0-3/10"), "0123" }, { 206, RANGE("6-9/10"),
		    "6789" }, { 0, NULL, NULL } }, whole[] = {
		{ 200, NULL, "0123456789" }, { 0, NULL, NULL } };
	struct fetcher all = begin(list, 1000, 0);
	struct fetch f = fetch_of(&all);
	char got[16] = "";

	fetcher_begin(&all);
	f.to = memfd_create("parts", MFD_CLOEXEC);
	ok(fetch_part(&f, 0, 4) && fetch_part(&f, 6, 0) && !f.whole &&
	    pread(f.to, got, 15, 0) == 10 &&
	    memcmp(got, "0123\0\0006789", 10) == 0,
	    "parts are fetched to their places");
	ok(fetch_part(&f, 10, 0), "there is nothing after the end");
	all.hold_max = 9;
	ok(!fetch_part(&f, 6, 0) && f.large, "what is too large is not");
	close(f.to);
	fetch_end(&f);
	fetcher_end(&all);
	answers_end();
	ok(strstr(answers.heads, "Range: bytes=0-3\r\n") != NULL &&
	    strstr(answers.heads, "Range: bytes=6-\r\n") != NULL,
	    "by requests for parts");
	all = begin(whole, 1000, 0);
	f = fetch_of(&all);
	fetcher_begin(&all);
	f.to = memfd_create("whole", MFD_CLOEXEC);
	ok(fetch_part(&f, 0, 4) && f.whole && fetch_part(&f, 6, 0) &&
	    pread(f.to, got, 15, 0) == 10 && memcmp(got, "0123456789", 10) == 0,
	    "a server without parts gives all, once");
	close(f.to);
	fetch_end(&f);
	fetcher_end(&all);
	answers_end();
}

/* Nobody waits any more, or there is no room. */
static void
ends(void)
{
	static char much[300001];
	const struct answer list[] = { { 200, NULL, much },
		{ 0, NULL, NULL } };
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	struct rlimit few = { 3, RLIM_INFINITY }, before;
	struct fetcher all;
	struct fetch f;
	int fd;

	memset(much, 'x', sizeof much - 1);
	all = begin(list, 1000, 0);
	f = fetch_of(&all);
	fetcher_begin(&all);
	fetch_hold(&f);
	ok(f.large && fetch_pipe(&f) == 0 && close(f.fd) == 0,
	    "who reads a pipe may stop");
	fetch_end(&f);
	ok(f.reason[0] == '\0', "and needs no reason");
	all.hold_max = 1 << 20;
	f = fetch_of(&all);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &few);
	fetch_hold(&f);
	setrlimit(RLIMIT_FSIZE, &before);
	ok(f.fd < 0 && strcmp(f.reason, "File too large") == 0,
	    "what cannot be held is told");
	fetch_end(&f);
	answers_end();
	fetcher_stop(&all);
	/* A server that accepts no connection. */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ok(bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 1) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &n) == 0,
	    "there is a server");
	snprintf(url, sizeof url, "http://127.0.0.1:%u/",
	    (unsigned)ntohs(a.sin_port));
	f = fetch_of(&all);
	fetch_hold(&f);
	ok(f.fd < 0, "a fetch ends when none is wanted");
	fetch_end(&f);
	close(fd);
	fetcher_end(&all);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof transfers / sizeof *transfers; i++)
		run(&transfers[i]);
	parts();
	ends();
	return done_testing();
}
