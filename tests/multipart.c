/* uploads in parts, begun by us or by a killed run, as the store answers */
#include "aws/multipart.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "answers.h"
#include "aws/multipart_list.h"
#include "base/status.h"
#include "net/http_headers.h"
#include "tap.h"

static const struct http_options options = { .insecure = true };
static struct retry retry;
static struct s3 *s3;
static struct http *h;

static void
begin(const struct answer *list, int64_t deadline_ms)
{
	struct s3_options o = { .region = "us-east-1", .style = S3_PATH,
		.http = &options };
	const char *why;

	answers_begin(list);
	o.endpoint = answers.url;
	if ((s3 = s3_new("bucket", &o, &why)) == NULL)
		printf("Bail out! %s\n", why);
	h = http_new(&options);
	retry_begin(&retry, deadline_ms);
}

static void
end(void)
{
	http_free(h);
	s3_free(s3);
	answers_end();
}

#define BEGUN "<InitiateMultipartUploadResult><UploadId>new/1</UploadId>" \
	"</InitiateMultipartUploadResult>"
#define UPLOAD(key, id, when) "<Upload><Key>" key "</Key><UploadId>" id \
	"</UploadId><Initiated>" when "</Initiated></Upload>"
#define LATE "2099-01-01T00:00:00.000Z"
#define SLASHES "////////////////////////////////////////////////////////////"
#define LONG_ID SLASHES SLASHES SLASHES SLASHES SLASHES SLASHES SLASHES
#define PART(n, etag, size) "<Part><PartNumber>" n "</PartNumber><ETag>" etag \
	"</ETag><Size>" size "</Size></Part>"
#define MD5 "5d41402abc4b2a76b9719d911017c592"
#define ETAG "ETag: \"" MD5 "\"\r\n"
#define LISTS "GET /bucket?uploads=&prefix=k"
#define BEGINS "POST /bucket/k?uploads=\n"
#define SENDS(id) "PUT /bucket/k?partNumber=1&uploadId=" id "\n"
#define PARTS(id) "GET /bucket/k?uploadId=" id "&max-parts=1000\n"

#define MORE_PARTS(id) "GET /bucket/k?uploadId=" id \
	"&max-parts=1000&part-number-marker=1\n"

static int
hello(void)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	return write(fd, "hello", 5) == 5 ? fd : -1;
}

/* One file of five bytes, sent in one part. */
struct sending {
	const char *name;
	struct answer answers[8];
	int status;
	const char *error;	/* NULL: any, as the clock decides */
	const char *asked;	/* all requests, and * for any */
	int64_t deadline_ms;
	bool fresh;
};

static void
send_one(const struct sending *t)
{
	struct multipart m = { .http = &options, .key = span_str("k"),
		.retry = &retry, .jobs = 2, .fresh = t->fresh };
	struct upload u;
	int status;

	upload_take(&u, hello(), "file");
	begin(t->answers, t->deadline_ms > 0 ? t->deadline_ms : 60000);
	m.s3 = s3;
	m.h = h;
	m.upload = &u;
	status = multipart_digest(&m);
	if (status == STATUS_OK)
		status = multipart_send(&m);
	if (!ok(status == t->status && (status == STATUS_OK ||
	    t->error == NULL || strcmp(u.error, t->error) == 0), "%s",
	    t->name))
		printf("# %d %s\n", status, u.error);
	multipart_free(&m);
	end();
	if (t->asked != NULL && !ok(strcmp(answers.asked, t->asked) == 0,
	    "%s: by the right requests", t->name))
		printf("# %.500s\n", answers.asked);
	upload_close(&u);
}

static const struct sending sendings[] = {
	{ "a new upload is begun where none was", {
		{ 200, NULL, "<x><IsTruncated>false</IsTruncated></x>" },
		{ 200, NULL, BEGUN }, { 200, ETAG, NULL } }, STATUS_OK, NULL,
	    LISTS "\n" BEGINS SENDS("new%2F1"), 0, false },
	{ "a list that is refused is no reason to end", {
		{ 403, NULL, NULL }, { 200, NULL, BEGUN },
		{ 200, ETAG, NULL } }, STATUS_OK, NULL,
	    LISTS "\n" BEGINS SENDS("new%2F1"), 0, false },
	{ "the newest upload of the key is taken up, with its part", {
		{ 200, NULL, UPLOAD("k", "d", "2000-01-01T00:00:00Z")
		    UPLOAD("k", "a", "2098-01-01T00:00:00Z")
		    UPLOAD("k", LONG_ID, "2099-12-01T00:00:00Z")
		    UPLOAD("k", "b", LATE) UPLOAD("k2", "c", LATE)
		    UPLOAD("k", "e", "no time")
		    UPLOAD("k", "f", "2098-01-01T00:00:00Z")
		    "<Upload><Key>k</Key></Upload>"
		    "<Upload><UploadId>g</UploadId></Upload>"
		    "<IsTruncated>false</IsTruncated>" },
		{ 200, NULL, PART("1", "&quot;" MD5 "&quot;", "5")
		    "<IsTruncated>false</IsTruncated>" } }, STATUS_OK, NULL,
	    LISTS "\n" PARTS("b"), 0, false },
	{ "the list may have pages", {
		{ 200, NULL, "<IsTruncated>true</IsTruncated>"
		    "<NextKeyMarker>k&amp;</NextKeyMarker>"
		    "<NextUploadIdMarker>x/y</NextUploadIdMarker>" },
		{ 200, NULL, UPLOAD("k", "b", LATE)
		    "<IsTruncated>true</IsTruncated>" },
		{ 200, NULL, PART("1", MD5, "5") } }, STATUS_OK, NULL,
	    LISTS "\n" LISTS "&key-marker=k%26&upload-id-marker=x%2Fy\n"
	     PARTS("b"), 0, false },
	{ "a list that goes on at the same place ends", {
		{ 200, NULL, "<IsTruncated>true</IsTruncated>"
		    "<NextKeyMarker>k</NextKeyMarker>" },
		{ 200, NULL, "<IsTruncated>true</IsTruncated>"
		    "<NextKeyMarker>k</NextKeyMarker>" },
		{ 200, NULL, BEGUN }, { 200, ETAG, NULL } }, STATUS_OK, NULL,
	    LISTS "\n" LISTS "&key-marker=k\n" BEGINS
	    SENDS("new%2F1"), 0, false },
	{ "so does a list of parts", {
		{ 200, NULL, UPLOAD("k", "b", LATE) },
		{ 200, NULL, PART("1", MD5, "5")
		    "<IsTruncated>true</IsTruncated>" },
		{ 200, NULL, PART("1", MD5, "5")
		    "<IsTruncated>true</IsTruncated>" } }, STATUS_OK, NULL,
	    LISTS "\n" PARTS("b") MORE_PARTS("b"), 0, false },
	{ "after the last part there may be an empty page", {
		{ 200, NULL, UPLOAD("k", "b", LATE) },
		{ 200, NULL, PART("1", MD5, "5")
		    "<IsTruncated>true</IsTruncated>" },
		{ 200, NULL, "<IsTruncated>false</IsTruncated>" } }, STATUS_OK,
	    NULL, LISTS "\n" PARTS("b") MORE_PARTS("b"), 0, false },
	{ "an upload that is gone is not taken up", {
		{ 200, NULL, UPLOAD("k", "b", LATE) }, { 404, NULL, NULL },
		{ 200, NULL, BEGUN }, { 200, ETAG, NULL } }, STATUS_OK, NULL,
	    LISTS "\n" PARTS("b") BEGINS SENDS("new%2F1"), 0, false },
	{ "an upload that is not begun is told", {
		{ 403, NULL, "<Error><Code>AccessDenied</Code></Error>" } },
	    STATUS_TROUBLE, "403 AccessDenied", BEGINS, 0, true },
	{ "one without an id is none", { { 200, NULL, "<x></x>" } },
	    STATUS_TROUBLE, "the store gave no upload id", BEGINS, 0, true },
	{ "nor is one with an empty id", {
		{ 200, NULL, "<UploadId></UploadId>" } }, STATUS_TROUBLE,
	    "the store gave no upload id", BEGINS, 0, true },
	{ "nor is one with an id that is too long", {
		{ 200, NULL, "<UploadId>" LONG_ID "</UploadId>" } },
	    STATUS_TROUBLE, "the store gave no upload id", BEGINS, 0, true },
	{ "a store that is busy is asked again", {
		{ 503, NULL, NULL }, { 200, NULL, BEGUN },
		{ 500, NULL, NULL }, { -1, NULL, NULL }, { 200, ETAG, NULL } },
	    STATUS_OK, NULL, BEGINS BEGINS SENDS("new%2F1") SENDS("new%2F1")
	    SENDS("new%2F1"), 0, true },
	{ "a part that is refused is told", {
		{ 200, NULL, BEGUN }, { 403, NULL, NULL } }, STATUS_TROUBLE,
	    "403", BEGINS SENDS("new%2F1"), 0, true },
	{ "a part whose upload is gone may be sent again later", {
		{ 200, NULL, BEGUN },
		{ 404, NULL, "<Code>NoSuchUpload</Code>" } }, STATUS_RETRY,
	    "404 NoSuchUpload", BEGINS SENDS("new%2F1"), 0, true },
	{ "a region that was wrong is corrected for a part", {
		{ 200, NULL, BEGUN },
		{ 400, "x-amz-bucket-region: eu-west-1\r\n", NULL },
		{ 200, ETAG, NULL } }, STATUS_OK, NULL, BEGINS
	    SENDS("new%2F1") SENDS("new%2F1"), 0, true },
	{ "a part without an ETag is not stored", {
		{ 200, NULL, BEGUN }, { 200, NULL, NULL } }, STATUS_RETRY,
	    NULL, NULL, 300, true },
	{ "a part whose ETag is too long is not stored", {
		{ 200, NULL, BEGUN }, { 200, "ETag: \"" MD5 MD5 MD5 "\"\r\n",
		    NULL } }, STATUS_RETRY, NULL, NULL, 300, true },
};

/* Parts that a store lists, and that are another file's. */
static void
other_parts(void)
{
	static const struct { const char *name, *part; } t[] = {
		{ "no part", "<IsTruncated>false</IsTruncated>" },
		{ "a part of another size", PART("1", MD5, "6") },
		{ "a part with other bytes", PART("1",
		    "00000000000000000000000000000000", "5") },
		{ "a part whose ETag goes on", PART("1", MD5 "-1", "5") },
		{ "a part whose ETag has one quote", PART("1", "\"" MD5, "5") },
		{ "a part number 0", PART("0", MD5, "5") },
		{ "a part after the last", PART("2", MD5, "5") },
		{ "a part without a number", "<Part><ETag>" MD5 "</ETag>"
		    "<Size>5</Size></Part>" },
		{ "a part without an ETag", "<Part><PartNumber>1</PartNumber>"
		    "<Size>5</Size></Part>" },
		{ "a part without a size", "<Part><PartNumber>1</PartNumber>"
		    "<ETag>" MD5 "</ETag></Part>" },
		{ "ours, and then another", PART("1", MD5, "5")
		    PART("2", MD5, "5") },
	};
	char name[128];

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct sending s = { name, {
			{ 200, NULL, UPLOAD("k", "b", LATE) },
			{ 200, NULL, t[i].part }, { 200, NULL, BEGUN },
			{ 200, ETAG, NULL } }, STATUS_OK, NULL,
		    LISTS "\n" PARTS("b") BEGINS SENDS("new%2F1"), 0, false };

		snprintf(name, sizeof name, "an upload with %s is not taken up",
		    t[i].name);
		send_one(&s);
	}
}

/* What the store says when the parts are put together. */
static void
completes(void)
{
	static const struct {
		const char *name;
		struct answer answer;
		enum s3_verdict verdict;
		bool taken;
		const char *said;	/* the ETag, or the error */
	} t[] = {
		{ "the whole has an ETag", { 200, NULL,
		    "<ETag>&quot;x-1&quot;</ETag>" }, S3_DONE, false,
		    "\"x-1\"" },
		{ "or none", { 200, NULL, NULL }, S3_DONE, false, "" },
		{ "an error may follow a status 200", { 200, NULL,
		    "<Error><Code>InternalError</Code></Error>" }, S3_LATER,
		    false, "200, but InternalError" },
		{ "the key may be taken", { 412, NULL, NULL }, S3_NO, true,
		    "412" },
		{ "the store may be busy", { 503, NULL, NULL }, S3_LATER,
		    false, "503" },
		{ "a part may be wrong", { 400, NULL,
		    "<Error><Code>InvalidPart</Code><Message>one&#10;two"
		    "</Message></Error>" }, S3_NO, false,
		    "400 InvalidPart: one two" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct answer list[] = { { 200, NULL, BEGUN },
			{ 200, "ETag: \"a<b&c\"\r\n", NULL }, t[i].answer,
			{ 0, NULL, NULL } };
		struct multipart m = { .http = &options, .retry = &retry,
			.key = span_str("k"), .jobs = 1, .fresh = true };
		struct upload u;
		bool taken;
		enum s3_verdict v;

		upload_take(&u, hello(), "file");
		begin(list, 60000);
		m.s3 = s3;
		m.h = h;
		m.upload = &u;
		ok(multipart_digest(&m) == STATUS_OK &&
		    multipart_send(&m) == STATUS_OK, "%s: a part is sent",
		    t[i].name);
		v = multipart_complete(&m, &taken);
		if (!ok(v == t[i].verdict && taken == t[i].taken &&
		    strcmp(v == S3_DONE ? m.etag : u.error, t[i].said) == 0,
		    "%s", t[i].name))
			printf("# %d %s %s\n", (int)v, m.etag, u.error);
		multipart_free(&m);
		end();
		upload_close(&u);
	}
}

static void
aborts(void)
{
	static const struct answer gone[] = { { 404, NULL, NULL },
		{ 0, NULL, NULL } }, freed[] = { { 204, NULL, NULL },
		{ 0, NULL, NULL } }, denied[] = { { 403, NULL,
		"<Code>AccessDenied</Code>" }, { 0, NULL, NULL } };
	char reason[320] = "";
	struct span k = span_str("k");

	begin(freed, 60000);
	ok(multipart_list_abort(s3, h, &retry, k, "a%2F", reason) == S3_DONE,
	    "an upload is aborted");
	end();
	ok(strcmp(answers.asked, "DELETE /bucket/k?uploadId=a%2F\n") == 0,
	    "by its id");
	begin(gone, 60000);
	ok(multipart_list_abort(s3, h, &retry, k, "a", reason) == S3_DONE &&
	    *reason == '\0', "one that is gone is aborted");
	end();
	begin(denied, 60000);
	ok(multipart_list_abort(s3, h, &retry, k, "a", reason) == S3_NO &&
	    strcmp(reason, "403 AccessDenied") == 0,
	    "why one is not aborted is told");
	ok(multipart_list_abort(s3, h, &retry, k, "a", NULL) == S3_NO,
	    "to who wants to know");
	end();
}

int
main(void)
{
	setenv("HOME", "/nonexistent", 1);
	setenv("AWS_ACCESS_KEY_ID", "id", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
	unsetenv("AWS_MAX_ATTEMPTS");
	for (size_t i = 0; i < sizeof sendings / sizeof *sendings; i++)
		send_one(&sendings[i]);
	other_parts();
	completes();
	aborts();
	return done_testing();
}
