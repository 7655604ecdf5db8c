/* a file goes to a web server or an S3 store, as that answers */
#include "store/store.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "answers.h"
#include "base/status.h"
#include "tap.h"

#define SHA256 \
	"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define MD5 "5d41402abc4b2a76b9719d911017c592"	/* these are of "hello" */

struct delivery {
	const char *name;
	struct answer answers[10];
	int status;
	const char *said;	/* the ETag, or the error; NULL for any */
	const char *asked;	/* the methods, M for MKCOL; NULL for any */
	enum if_exists if_exists;
	int64_t deadline_ms;
};

static int
hello(void)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	return write(fd, "hello", 5) == 5 ? fd : -1;
}

/* The first letter of each method, and that of MKCOL with its path. */
static void
methods(char *to, size_t size)
{
	const char *p = answers.asked;
	size_t n = 0;

	for (; *p != '\0' && n < size - 1; p += strcspn(p, "\n") + 1) {
		if (n + 64 < size && strncmp(p, "MKCOL ", 6) == 0)
			n += (size_t)snprintf(to + n, size - n, "M%.*s ",
			    (int)strcspn(p + 6, "\n"), p + 6);
		else
			to[n++] = *p;
	}
	to[n] = '\0';
}

static void
deliver(const struct delivery *t, const char *place, bool s3)
{
	struct store s = { .if_exists = t->if_exists, .jobs = 1,
		.deadline_ms = t->deadline_ms > 0 ? t->deadline_ms : 60000 };
	struct upload u;
	char asked[4096], endpoint[128];
	const char *why, *said;
	int status;

	answers_begin(t->answers);
	snprintf(endpoint, sizeof endpoint, "%s", answers.url);
	s.s3_options.endpoint = endpoint;
	if (asprintf(&s.url, "%s/%s", s3 ? "s3://bucket" : answers.url,
	    place) < 0)
		return;
	upload_take(&u, hello(), "app.log");
	why = s3 ? store_s3_prepare(&s) : store_http_prepare(&s);
	status = why != NULL ? -1 : s3 ? store_s3(&s, &u) : store_http(&s, &u);
	answers_end();
	said = status == STATUS_OK ? buf_str(&u.etag) : u.error;
	if (!ok(status == t->status && (t->said == NULL ||
	    strcmp(said, t->said) == 0), "%s", t->name))
		printf("# %d %s\n", status, said);
	methods(asked, sizeof asked);
	if (t->asked != NULL && !ok(strcmp(asked, t->asked) == 0,
	    "%s: by the right requests", t->name))
		printf("# %.500s\n", asked);
	buf_free(&u.url);
	buf_free(&u.etag);
	upload_close(&u);
	store_free(&s);
}

#define OTHERS IF_EXISTS_SUFFIX
#define REFUSE IF_EXISTS_REFUSE
#define OVER IF_EXISTS_OVERWRITE
#define E "ETag: \"e\"\r\n"

static const struct delivery web[] = {
	{ "a file is put and read back", { { 404, NULL, NULL },
	    { 201, NULL, NULL }, { 200, NULL, "hello" }, { 200, E, "hello" } },
	    STATUS_OK, "e", "HPHG", OTHERS, 0 },
	{ "one that is there is not sent", { { 200, NULL, "hello" },
	    { 200, "ETag: e\r\n", "hello" } }, STATUS_OK, "e", "HG", OTHERS,
	    0 },
	{ "a server that shows nothing is believed", { { 403, NULL, NULL },
	    { 200, E, NULL }, { 405, NULL, NULL } }, STATUS_OK, "e", "HPH",
	    OTHERS, 0 },
	{ "a server that will do it later is believed", { { 404, NULL, NULL },
	    { 202, "ETag: \"\"\r\n", NULL } }, STATUS_OK, "", "HP", OTHERS,
	    0 },
	{ "what is gone after it was sent is sent again later",
	    { { 410, NULL, NULL }, { 201, NULL, NULL }, { 404, NULL, NULL } },
	    STATUS_RETRY, "sent, but the store does not have it", "HPH",
	    OTHERS, 0 },
	{ "somebody was faster, with the same contents", { { 404, NULL, NULL },
	    { 412, NULL, NULL }, { 200, NULL, "hello" },
	    { 200, E, "hello" } }, STATUS_OK, "e", "HPHG", REFUSE, 0 },
	{ "somebody was faster, and it is not shown", { { 404, NULL, NULL },
	    { 412, NULL, NULL }, { 403, NULL, NULL } }, STATUS_NO, NULL,
	    "HPH", REFUSE, 0 },
	{ "other contents of the same size are kept", { { 200, NULL, "other" },
	    { 200, NULL, "other" } }, STATUS_NO, NULL, "HG", REFUSE, 0 },
	{ "other contents of another size are kept", { { 200, NULL, "x" } },
	    STATUS_NO, NULL, "H", REFUSE, 0 },
	{ "a file that is gone when it is read is another",
	    { { 200, NULL, "hello" }, { 404, NULL, NULL } }, STATUS_NO, NULL,
	    "HG", REFUSE, 0 },
	{ "a file that goes on is another", { { 200, NULL, "hello" },
	    { 200, NULL, "hello, world" } }, STATUS_NO, NULL, "HG", REFUSE,
	    0 },
	{ "another name is found", { { 200, NULL, "x" }, { 404, NULL, NULL },
	    { 201, NULL, NULL }, { 200, NULL, "hello" }, { 200, E, "hello" } },
	    STATUS_OK, "e", "HHPHG", OTHERS, 0 },
	{ "other contents may be replaced", { { 200, NULL, "x" },
	    { 201, NULL, NULL }, { 200, NULL, "hello" }, { 200, E, "hello" } },
	    STATUS_OK, "e", "HPHG", OVER, 0 },
	{ "what was stored wrong is sent three times", { { 404, NULL, NULL },
	    { 201, NULL, NULL }, { 200, NULL, "x" }, { 200, NULL, "x" },
	    { 201, NULL, NULL }, { 200, NULL, "x" } }, STATUS_RETRY,
	    "the store holds other bytes than were sent", "HPHHPHHPH", REFUSE,
	    0 },
	{ "a refusal is told", { { 404, NULL, NULL }, { 400, NULL, NULL } },
	    STATUS_TROUBLE, "the server answers 400", "HP", OTHERS, 0 },
	{ "without a condition 412 is a refusal", { { 404, NULL, NULL },
	    { 412, NULL, NULL } }, STATUS_TROUBLE, "the server answers 412",
	    "HP", OVER, 0 },
	{ "408 and 425 pass", { { 408, NULL, NULL }, { 425, NULL, NULL },
	    { 200, NULL, "hello" }, { 200, NULL, "hello" } }, STATUS_OK, "",
	    "HHHG", OTHERS, 0 },
	{ "429 and 502 pass", { { 429, NULL, NULL }, { 502, NULL, NULL },
	    { 200, NULL, "hello" }, { 200, NULL, "hello" } }, STATUS_OK, "",
	    "HHHG", OTHERS, 0 },
	{ "501 and 505 stay", { { 505, NULL, NULL }, { 501, NULL, NULL } },
	    STATUS_TROUBLE, "the server answers 501", "HP", OTHERS, 0 },
	{ "a server may be busy for too long", { { 503, NULL, NULL } },
	    STATUS_RETRY, NULL, NULL, OTHERS, 100 },
	{ "there may be no answer for too long", { { -1, NULL, NULL } },
	    STATUS_RETRY, NULL, NULL, OTHERS, 100 },
	{ "there may be no answer after the file is sent", { { 404, NULL, NULL },
	    { 201, NULL, NULL }, { -1, NULL, NULL } }, STATUS_RETRY, NULL,
	    NULL, OTHERS, 100 },
	{ "a redirect is followed", { { 307, "Location: /x\r\n", NULL },
	    { 404, NULL, NULL }, { 308, "Location: /x\r\n", NULL },
	    { 201, NULL, NULL }, { 200, NULL, "hello" },
	    { 200, NULL, "hello" } }, STATUS_OK, "", "HHPPHG", OTHERS, 0 },
	{ "redirects have an end", { { 302, "Location: /x\r\n", NULL } },
	    STATUS_TROUBLE, "the server answers 302", "HHHHHHPPPPPP", OTHERS,
	    0 },
	{ "another protocol is not followed", {
	    { 302, "Location: ftp://127.0.0.1/\r\n", NULL } }, STATUS_TROUBLE,
	    "the server answers 302", "HP", OTHERS, 0 },
	{ "a folder is made", { { 404, NULL, NULL }, { 409, NULL, NULL },
	    { 201, NULL, NULL }, { 201, NULL, NULL }, { 200, NULL, "hello" },
	    { 200, NULL, "hello" } }, STATUS_OK, "", "HPM/a/b/ PHG", OTHERS,
	    0 },
	{ "the parent of a folder is made", { { 404, NULL, NULL }, { 404, NULL, NULL },
	    { 409, NULL, NULL }, { 201, NULL, NULL }, { 405, NULL, NULL },
	    { 202, NULL, NULL } }, STATUS_OK, "",
	    "HPM/a/b/ M/a/ M/a/b/ P", OTHERS, 0 },
	{ "a server without folders has said why", { { 404, NULL, NULL },
	    { 404, NULL, NULL }, { 501, NULL, NULL } }, STATUS_TROUBLE,
	    "the server answers 404", "HPM/a/b/ ", OTHERS, 0 },
	{ "no folder may be made at all", { { 404, NULL, NULL },
	    { 409, NULL, NULL } }, STATUS_TROUBLE, "the server answers 409",
	    "HPM/a/b/ M/a/ ", OTHERS, 0 },
	{ "no folder may be made in one that was just made", { { 404, NULL, NULL },
	    { 409, NULL, NULL }, { 409, NULL, NULL }, { 201, NULL, NULL },
	    { 409, NULL, NULL } }, STATUS_TROUBLE, "the server answers 409",
	    "HPM/a/b/ M/a/ M/a/b/ ", OTHERS, 0 },
	{ "500 may mean a folder, and is tried again", { { 404, NULL, NULL },
	    { 500, NULL, NULL }, { 500, NULL, NULL }, { 202, NULL, NULL } },
	    STATUS_OK, "", "HPM/a/b/ P", OTHERS, 0 },
};

#define SUM "x-amz-meta-sha256: " SHA256 "\r\n"
#define TAG "ETag: \"" MD5 "\"\r\n"

static const struct delivery s3[] = {
	{ "S3: the ETag proves the bytes", { { 404, NULL, NULL },
	    { 200, TAG, NULL } }, STATUS_OK, MD5, "HP", OTHERS, 0 },
	{ "S3: without quotes, too", { { 404, NULL, NULL },
	    { 200, "ETag: " MD5 "\r\n", NULL } }, STATUS_OK, MD5, "HP", OTHERS,
	    0 },
	{ "S3: with a single quote it proves nothing", { { 404, NULL, NULL },
	    { 200, "ETag: \"" MD5 "\r\n", NULL }, { 200, SUM TAG, "hello" } },
	    STATUS_OK, MD5, "HPH", OTHERS, 0 },
	{ "S3: what is no MD5 proves nothing", { { 404, NULL, NULL },
	    { 200, "ETag: \"5d41402abc4b2a76b9719d911017c59x\"\r\n", NULL },
	    { 200, SUM E, "hello" } }, STATUS_OK, "e", "HPH", OTHERS, 0 },
	{ "S3: nor does the MD5 of other bytes", { { 404, NULL, NULL },
	    { 200, "ETag: \"5d41402abc4b2a76b9719d911017c590\"\r\n", NULL },
	    { 200, SUM E, "hello" } }, STATUS_OK, "e", "HPH", OTHERS, 0 },
	{ "S3: what is there is proven by its sum", { { 200, SUM E, "hello" } },
	    STATUS_OK, "e", "H", OTHERS, 0 },
	{ "S3: or by its ETag", { { 200, TAG, "hello" } }, STATUS_OK, MD5, "H",
	    OTHERS, 0 },
	{ "S3: or by nothing", { { 200, E, "hello" } }, STATUS_NO, NULL, "H",
	    REFUSE, 0 },
	{ "S3: another size is another object", { { 200, SUM TAG, "hello!" } },
	    STATUS_NO, NULL, "H", REFUSE, 0 },
	{ "S3: with a key of KMS the store is believed", { { 404, NULL, NULL },
	    { 200, "x-amz-server-side-encryption: aws:kms\r\n", NULL },
	    { 403, NULL, NULL } }, STATUS_OK, NULL, "HPH", OTHERS, 0 },
	{ "S3: without one it is not", { { 404, NULL, NULL },
	    { 200, "x-amz-server-side-encryption: AES256\r\n", NULL },
	    { 403, NULL, NULL } }, STATUS_TROUBLE,
	    "sent, but the store does not let us confirm it", "HPH", OTHERS,
	    0 },
	{ "S3: what is gone is sent again later", { { 404, NULL, NULL },
	    { 200, NULL, NULL }, { 404, NULL, NULL } }, STATUS_RETRY,
	    "sent, but the store does not have it", "HPH", OTHERS, 0 },
	{ "S3: what was stored wrong is sent three times",
	    { { 404, NULL, NULL }, { 200, NULL, NULL }, { 200, E, "hello" },
	    { 200, E, "hello" }, { 200, NULL, NULL }, { 200, E, "hello" } },
	    STATUS_RETRY, "the store holds other bytes than were sent",
	    "HPHHPHHPH", REFUSE, 0 },
	{ "S3: somebody was faster", { { 404, NULL, NULL },
	    { 412, NULL, NULL }, { 200, SUM E, "hello" } }, STATUS_OK, "e",
	    "HPH", OTHERS, 0 },
	{ "S3: a store without conditions is asked without one",
	    { { 404, NULL, NULL }, { 501, NULL, NULL }, { 200, TAG, NULL } },
	    STATUS_OK, MD5, "HPP", OTHERS, 0 },
	{ "S3: 501 without a condition stays", { { 404, NULL, NULL },
	    { 501, NULL, NULL } }, STATUS_TROUBLE, "501", "HP", OVER, 0 },
	{ "S3: a refusal is told", { { 400, NULL, NULL }, { 400, NULL,
	    "<Code>InvalidArgument</Code><Message>a\tb</Message>" } },
	    STATUS_TROUBLE, "400 InvalidArgument: a b", "HP", OTHERS, 0 },
	{ "S3: 408 and 429 pass", { { 408, NULL, NULL }, { 429, NULL, NULL },
	    { 200, SUM E, "hello" } }, STATUS_OK, "e", "HHH", OTHERS, 0 },
	{ "S3: some codes pass", { { 404, NULL, NULL }, { 400, NULL,
	    "<Code>RequestTimeout</Code>" }, { 409, NULL,
	    "<Code>OperationAborted</Code>" }, { 200, TAG, NULL } }, STATUS_OK,
	    MD5, "HPPP", OTHERS, 0 },
	{ "S3: a store may be busy for too long", { { 503, NULL, NULL } },
	    STATUS_RETRY, NULL, NULL, OTHERS, 100 },
	{ "S3: there may be no answer for too long", { { -1, NULL, NULL } },
	    STATUS_RETRY, NULL, NULL, OTHERS, 100 },
	{ "S3: there may be no answer after the object is sent", { { 404, NULL, NULL },
	    { 200, NULL, NULL }, { -1, NULL, NULL } }, STATUS_RETRY, NULL,
	    NULL, OTHERS, 100 },
	{ "S3: a region is learned from a header", { { 400,
	    "x-amz-bucket-region: eu-west-1\r\n", NULL },
	    { 200, SUM E, "hello" } }, STATUS_OK, "e", "HH", OTHERS, 0 },
	{ "S3: or from the body", { { 404, NULL, NULL }, { 400, NULL,
	    "<Region>eu-west-1</Region>" }, { 200, TAG, NULL } }, STATUS_OK,
	    MD5, "HPP", OTHERS, 0 },
	{ "S3: a region is learned once", { { 400,
	    "x-amz-bucket-region: eu-west-1\r\n", NULL }, { 400,
	    "x-amz-bucket-region: eu-west-2\r\n", NULL } }, STATUS_TROUBLE,
	    NULL, "HHPP", OTHERS, 0 },
	{ "S3: it is none with a blank", { { 404, NULL, NULL }, { 400, NULL,
	    "<Region>eu west</Region>" } }, STATUS_TROUBLE, "400", "HP",
	    OTHERS, 0 },
	{ "S3: nor when it is empty, or ours already", { { 404, NULL, NULL },
	    { 400, NULL, "<Region></Region>" } }, STATUS_TROUBLE, "400", "HP",
	    OTHERS, 0 },
};

static void
sweeps(void)
{
#define OLD(id, when) "<Upload><Key>k</Key><UploadId>" id "</UploadId>" when \
	"</Upload>"
#define AT(when) "<Initiated>" when "</Initiated>"
	static const struct answer some[] = { { 200, NULL, OLD("a",
	    AT("2021-06-29T14:29:59Z")) OLD("b", AT("2021-06-29T14:30:00Z"))
	    OLD("c", AT("?")) OLD("d", "") OLD("e", AT("2020-01-01T00:00:00Z")) },
	    { 204, NULL, NULL }, { 0, NULL, NULL } }, denied[] = { { 200, NULL,
	    OLD("a", AT("2020-01-01T00:00:00Z")) }, { 403, NULL,
	    "<Code>AccessDenied</Code>" }, { 0, NULL, NULL } }, busy[] = {
	    { 503, NULL, NULL }, { 0, NULL, NULL } }, none[] = { { 404, NULL,
	    "<Code>NoSuchBucket</Code>" }, { 0, NULL, NULL } };
	static const struct {
		const struct answer *answers;
		int status;
		unsigned count;
		const char *reason, *asked, *name;
	} t[] = {
		{ some, STATUS_OK, 2, "", "GET /bucket?uploads=&prefix=p%2F\n"
		    "DELETE /bucket/k?uploadId=a\n"
		    "DELETE /bucket/k?uploadId=e\n",
		    "uploads from before that time are aborted" },
		{ denied, STATUS_TROUBLE, 0, "403 AccessDenied", NULL,
		    "one that cannot be aborted is told" },
		{ busy, STATUS_RETRY, 0, NULL, NULL,
		    "a store that is busy may be asked later" },
		{ none, STATUS_TROUBLE, 0, "404 NoSuchBucket", NULL,
		    "a bucket that is not there is told" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct store s = { .deadline_ms =
		    t[i].answers == busy ? 300 : 60000 };
		char reason[320] = "", endpoint[128];
		unsigned count = 9;
		int status;

		answers_begin(t[i].answers);
		snprintf(endpoint, sizeof endpoint, "%s", answers.url);
		s.s3_options.endpoint = endpoint;
		s.url = strdup("s3://bucket/p/{name}");
		status = store_s3_prepare(&s) == NULL ? store_s3_sweep(&s,
		    1624977000, &count, reason) : -1;
		answers_end();
		if (!ok(status == t[i].status && count == t[i].count &&
		    (t[i].reason == NULL || strcmp(reason, t[i].reason) == 0) &&
		    (t[i].asked == NULL ||
		    strcmp(answers.asked, t[i].asked) == 0), "%s", t[i].name))
			printf("# %d %u %s %s\n", status, count, reason,
			    answers.asked);
		store_free(&s);
	}
}

/* What is wrong with an endpoint, or NULL. */
static void
endpoints(void)
{
	static const struct { const char *url, *why; } t[] = {
		{ "https://h", NULL }, { "HTTPS://h:9000/p//", NULL },
		{ "http://127.0.0.1/", NULL }, { "http://[::1]:80", NULL },
		{ "h", "an endpoint is a URL such as https://host:port" },
		{ "ftp://h", "an endpoint is http:// or https://" },
		{ "file://h", "an endpoint is http:// or https://" },
		{ "https:///p", "an endpoint has a host and no user" },
		{ "https://u@h", "an endpoint has a host and no user" },
		{ "https://h?x", "an endpoint has no query" },
		{ "https://h/p?x", "an endpoint has no query" },
		{ "https://h/#x", "an endpoint has no query" },
		{ "http://h", "credentials do not go over http:// to another "
		    "host without --insecure-http" },
	};
	struct http_options http = { 0 };
	struct s3 *made;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct s3_options o = { .endpoint = t[i].url, .http = &http };
		const char *why = NULL;

		made = s3_new("bucket", &o, &why);
		ok((made == NULL) == (t[i].why != NULL) && (made != NULL ||
		    strcmp(why, t[i].why) == 0), "%s is %s", t[i].url,
		    t[i].why == NULL ? "an endpoint" : "none");
		s3_free(made);
	}
}

static bool
stop(void)
{
	return true;
}

static void
files(void)
{
	char folder[] = "/tmp/logferry-stores.XXXXXX", got[16] = "", name[64];
	struct store s = { 0 };
	struct upload u;
	int fd = -1;

	if (mkdtemp(folder) == NULL ||
	    asprintf(&s.url, "file://localhost%s/", folder) < 0)
		return;
	upload_take(&u, hello(), "app.log");
	ok(store_file_prepare(&s) == NULL, "a file goes to file://localhost/");
	u.stop = stop;
	ok(store_file(&s, &u) == STATUS_RETRY &&
	    strcmp(u.error, "interrupted") == 0 && rmdir(folder) == 0 &&
	    mkdir(folder, 0700) == 0, "one that is interrupted leaves nothing");
	u.stop = NULL;
	snprintf(name, sizeof name, "%s/app.log", folder);
	ok(store_file(&s, &u) == STATUS_OK && !u.was_there &&
	    (fd = open(name, O_RDONLY)) >= 0 && read(fd, got, 15) == 5 &&
	    strcmp(got, "hello") == 0, "it is there");
	close(fd);
	ok(store_file(&s, &u) == STATUS_OK && u.was_there,
	    "a file that is there is not written twice");
	buf_free(&u.url);
	upload_close(&u);
	store_free(&s);
	unlink(name);
	s = (struct store){ .url = strdup("file://host/x") };
	ok(rmdir(folder) == 0 && store_file_prepare(&s) != NULL,
	    "no file goes to another host by file://");
	store_free(&s);
}

static void
content_types(void)
{
	static const struct { const char *path; bool gzip; const char *want; }
	    t[] = {
		{ "a.gz", false, "Content-Type: application/gzip\n" },
		{ "a.GZ", true, "Content-Encoding: gzip\n"
		    "Content-Type: text/plain\n" },
		{ "a.json", true, "Content-Type: application/json\n" },
		{ ".gz", true, "Content-Type: text/plain\n" },
		{ "a.log", false, "Content-Type: text/plain\n" },
	};
	struct store s = { 0 };
	struct upload u = { 0 };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		s.gzip_encoding = t[i].gzip;
		u.path = t[i].path;
		buf_clear(&b);
		ok(store_content_type(&s, &u, &b) == 0 &&
		    strcmp(buf_str(&b), t[i].want) == 0, "%s has the type of its name%s",
		    t[i].path, t[i].gzip ? ", or of what is packed" : "");
	}
	buf_clear(&b);
	buf_adds(&s.headers, "content-type: x/y\n");
	ok(store_content_type(&s, &u, &b) == 0 && b.len == 0,
	    "the user's header is the only one");
	s.content_type = "a/b";
	ok(store_content_type(&s, &u, &b) == 0 &&
	    span_is(buf_span(&b), "Content-Type: a/b\n"),
	    "the user's type goes before it");
	buf_free(&b);
	buf_free(&s.headers);
}

int
main(void)
{
	setenv("HOME", "/nonexistent", 1);
	setenv("AWS_ACCESS_KEY_ID", "id", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
	setenv("AWS_REGION", "us-east-1", 1);
	unsetenv("AWS_MAX_ATTEMPTS");
	unsetenv("AWS_PROFILE");
	for (size_t i = 0; i < sizeof web / sizeof *web; i++)
		deliver(&web[i], strstr(web[i].name, "folder") != NULL ||
		    strstr(web[i].asked != NULL ? web[i].asked : "", "M/") ?
		    "a/b/app.log" : "app.log", false);
	for (size_t i = 0; i < sizeof s3 / sizeof *s3; i++)
		deliver(&s3[i], "app.log", true);
	sweeps();
	endpoints();
	files();
	content_types();
	return done_testing();
}
