/* drain_settings: what a drain's file may say, and what is wrong with others */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>

#include "drain/drain_folder.h"
#include "drain/drain_settings.h"
#include "net/url.h"
#include "tap.h"

#define HTTP "\"url\":\"http://192.0.2.1:9/\""
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define TIME "until is no time as in RFC 3339"
#define BYTES "max is no number from 65536 to 9223372036854775807"
#define LINES "batch_lines is no number from 1 to 2147483647"
#define DAY "batch_time is no number from 1 to 86400"
#define STORE "url is of a store that LOGFERRY_ALLOW does not name"

static const struct {
	const char *text, *error;	/* "": it is taken */
} files[] = {
	{ "{" HTTP "}", "" }, { " {" HTTP "} \t", "" },
	{ "", "is no JSON object" }, { "[]", "is no JSON object" },
	{ "{" HTTP, "is no JSON object" },
	{ "{" HTTP "} x", "is no JSON object" },
	{ "{}", "url is missing" }, { "{\"url\":null}", "url is missing" },
	{ "{\"url\":\"\"}", "url is missing" },
	{ "{\"url\":5}", "url is no string" },
	{ "{\"url\":\"http://h\\u0000/\"}", "url is no string" },
	{ "{\"url\":\"ftp://h/\"}", "url is of no kind that takes a stream" },
	{ "{\"url\":\"http:///\"}", "the URL has no host" },
	{ "{\"url\":\"sls+http:///\"}", "the URL has no host" },
	{ "{\"url\":\"es+http://h\"}",
	    "an es URL is es+http://host:port/index" },
	{ "{" HTTP ",\"unlike\":{\"a\":[1]},\"where\":null}", "" },
	{ "{\"ur\":1}", "url is missing; ur is ignored (did you mean url?)" },

	{ "{" HTTP ",\"max\":65536}", "" }, { "{" HTTP ",\"max\":65535}", BYTES },
	{ "{" HTTP ",\"max\":\"65536\"}", BYTES },
	{ "{" HTTP ",\"max\":-65536}", BYTES },
	{ "{" HTTP ",\"max\":65536.5}", BYTES },
	{ "{" HTTP ",\"max\":9223372036854775807}", "" },
	{ "{" HTTP ",\"max\":9223372036854775808}", BYTES },
	{ "{" HTTP ",\"max\":100000000000000000000000}", BYTES },
	{ "{" HTTP ",\"batch_bytes\":0}",
	    "batch_bytes is no number from 1 to 67108864" },
	{ "{" HTTP ",\"batch_bytes\":67108864,\"batch_lines\":1,"
	    "\"batch_time\":86400}", "" },
	{ "{" HTTP ",\"batch_lines\":2147483648}", LINES },
	{ "{" HTTP ",\"batch_time\":86401}", DAY },
	{ "{" HTTP ",\"batch_time\":null}", "" },

	{ "{" HTTP ",\"until\":\"2021-06-29T10:00:00Z\"}", "" },
	{ "{" HTTP ",\"until\":\"2021-06-29T10:00:00.5+02:00\"}", "" },
	{ "{" HTTP ",\"until\":\"1969-12-31T23:59:59Z\"}", TIME },
	{ "{" HTTP ",\"until\":\"1970-01-01T00:00:00Z\"}", TIME },
	{ "{" HTTP ",\"until\":\"1970-01-01T00:00:01Z\"}", "" },
	{ "{" HTTP ",\"until\":\"2021-06-29\"}", TIME },
	{ "{" HTTP ",\"until\":\"29 Jun 2021 10:00:00\"}", TIME },
	{ "{" HTTP ",\"until\":\"2021-13-29T10:00:00Z\"}", TIME },
	{ "{" HTTP ",\"until\":1624961103}", TIME },

	{ "{" HTTP ",\"framing\":\"octet\"}", "" },
	{ "{" HTTP ",\"framing\":\"lf\"}", "" },
	{ "{" HTTP ",\"framing\":\"LF\"}", "framing is neither octet nor lf" },

	{ "{" HTTP ",\"headers\":{\"X-A\":\"b\",\"X-C\":\"d\"}}", "" },
	{ "{" HTTP ",\"headers\":[]}", "headers is no object" },
	{ "{" HTTP ",\"headers\":\"X-A: b\"}", "headers is no object" },
	{ "{" HTTP ",\"headers\":{\"X-A\":1}}", "headers is no string" },
	{ "{" HTTP ",\"headers\":{\"X\\u0000\":\"b\"}}",
	    "headers is no string" },
	{ "{" HTTP ",\"headers\":{\"X-A\":\"b\\nX-C: d\"}}",
	    "headers is no header" },

	{ "{" HTTP ",\"where\":[]}", "" },
	{ "{" HTTP ",\"where\":[\"a=1\",\"b~c\"]}", "" },
	{ "{" HTTP ",\"where\":\"a=1\"}", "where is no array" },
	{ "{" HTTP ",\"where\":[1]}", "where is no string" },

	{ "{" HTTP ",\"cacert\":\"/nonexistent\"}",
	    "cacert No such file or directory" },
	{ "{" HTTP ",\"cacert\":7}", "cacert is no string" },
	{ "{" HTTP ",\"auth_file\":\"/nonexistent\"}",
	    "auth_file No such file or directory" },
	{ "{" HTTP ",\"auth_file\":\"secret\"}", URL_SECRETS_STAY },
	{ "{\"url\":\"https://h/\",\"auth_file\":\"secret\",\"cacert\":\"secret\"}",
	    "" },
	{ "{" HTTP ",\"auth_file\":[]}", "auth_file is no string" },

	{ "{\"url\":\"syslog+tcp://h:1\",\"hostname\":\"{a}\","
	    "\"appname\":\"b\"}", "" },
	{ "{\"url\":\"syslog+tcp://h:1\",\"hostname\":\"{a\"}",
	    "a { without a field name and }" },
	{ "{\"url\":\"syslog+tcp://h:1\",\"appname\":false}",
	    "appname is no string" },

	{ "{\"url\":\"file:///srv/a/\"}", "" },
	{ "{\"url\":\"file:///srv/b/\"}", "" },
	{ "{\"url\":\"file:///srv/bc/\"}", STORE },
	{ "{\"url\":\"file:///srv/c/\"}", STORE },
	{ "{\"url\":\"file:///srv\"}", STORE },
};

static const struct buf none;
static struct store stores;
static struct receiver_options defaults = { .host = "h", .headers = &none,
	.store = &stores,
	.http.allow = "file:///srv/c , file:///srv/a/,,file:///srv/b/" };

/* What is wrong with the settings; a string until the next call. */
static const char *
error_of(const char *text)
{
	static struct buf error;
	struct drain_settings *s;

	buf_clear(&error);
	s = drain_settings_new(span_str(text), &defaults, 1 << 20, &error);
	if (s != NULL && error.len > 0)
		buf_adds(&error, ", but it is taken");
	if (s == NULL && error.len == 0)
		buf_adds(&error, "no reason is given");
	drain_settings_free(s);
	return buf_str(&error);
}

static void
test_files(void)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *got = error_of(files[i].text);

		if (!ok(strcmp(got, files[i].error) == 0, "a drain's file: %s%s",
		    files[i].text, *files[i].error != '\0' ? " is wrong" : ""))
			printf("# %s\n", got);
	}
}

static void
test_limits(void)
{
	struct buf b = { 0 };

	for (int n = 64; n <= 65; n++) {
		buf_clear(&b);
		buf_adds(&b, "{" HTTP ",\"where\":[\"a=0\"");
		for (int i = 1; i < n; i++)
			buf_printf(&b, ",\"a=%d\"", i);
		buf_adds(&b, "]}");
		ok(strcmp(error_of(buf_str(&b)), n == 64 ? "" :
		    "where has too many conditions") == 0,
		    "a drain with %d conditions is %s", n,
		    n == 64 ? "taken" : "refused");
	}
	buf_free(&b);
	ok(*error_of("\n{" HTTP "}\r\n") == '\0',
	    "blank lines around the object are taken");
	ok(drain_settings_is_id("aZ09-_") && drain_settings_is_id(X64 X64) &&
	    !drain_settings_is_id(X64 X64 "x") && !drain_settings_is_id("") &&
	    !drain_settings_is_id("a.b") && !drain_settings_is_id("a/b") &&
	    !drain_settings_is_id("\xc3\xa9"),
	    "a drain's name has letters, digits, - and _, 128 at most");
}

static void
test_expired(void)
{
	struct buf text = { 0 }, error = { 0 };
	struct drain_settings *s;

	for (int i = -1; i <= 1; i++) {
		char when[32];
		time_t t = time(NULL) + i * 100;
		struct tm tm;

		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ",
		    gmtime_r(&t, &tm));
		buf_clear(&text);
		buf_printf(&text, "{" HTTP ",\"until\":\"%s\"}", when);
		s = drain_settings_new(buf_span(&text), &defaults, 1, &error);
		ok(s != NULL && drain_settings_expired(s) == (i <= 0),
		    "a drain ends at its time: %d s", i * 100);
		drain_settings_free(s);
	}
	s = drain_settings_new(span_str("{" HTTP "}"), &defaults, 7, &error);
	ok(s != NULL && !drain_settings_expired(s) && s->max == 7,
	    "a drain without a time goes on, and its spool is as the others'");
	drain_settings_free(s);
	buf_free(&text);
	buf_free(&error);
}

/* What is wrong with the file d of the current folder. */
static bool
reads(const char *want)
{
	struct buf text = { 0 }, error = { 0 };
	struct stat st;
	bool same;
	int r = drain_folder_read(AT_FDCWD, "d", &st, &text, &error);

	same = r == (*want != '\0' ? -1 : 0) && span_is(buf_span(&error), want);
	if (!same)
		printf("# %.*s\n", (int)error.len, error.p);
	buf_free(&text);
	buf_free(&error);
	return same;
}

static void
test_read(void)
{
	int fd = open("d", O_WRONLY | O_CREAT, 0600);

	ok(reads(""), "an empty file is read");
	ok(ftruncate(fd, DRAIN_FILE_MAX) == 0 && reads(""),
	    "a file of the greatest size is read");
	ok(ftruncate(fd, DRAIN_FILE_MAX + 1) == 0 && reads("is too large"),
	    "a larger file is not");
	ok(fchmod(fd, 0602) == 0 && reads("anybody may change it"),
	    "a file that anybody may change is not read");
	close(fd);
	ok(unlink("d") == 0 && reads("No such file or directory"),
	    "one that has gone is told");
	ok(mkdir("d", 0700) == 0 && reads("is no file"), "a folder is no file");
	ok(rmdir("d") == 0 && mkfifo("d", 0600) == 0 && reads("is no file"),
	    "a pipe is no file, and is not waited for");
	ok(unlink("d") == 0 && symlink("secret", "d") == 0 &&
	    reads("Too many levels of symbolic links"),
	    "a symbolic link is not followed");
	unlink("d");
}

static void
test_same(void)
{
	static const struct drain_look a;
	struct drain_look b[] = {
		{ .own.st_dev = 1 }, { .own.st_ino = 1 }, { .own.st_size = 1 },
		{ .own.st_mode = 1 }, { .own.st_mtim.tv_sec = 1 },
		{ .own.st_mtim.tv_nsec = 1 }, { .own.st_ctim.tv_sec = 1 },
		{ .own.st_ctim.tv_nsec = 1 }, { .named[0].st_size = 1 },
		{ .named[DRAIN_NAMED - 1].st_ino = 1 },
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof b / sizeof *b; i++)
		n += !drain_folder_is_same(&a, &b[i]);
	ok(n == sizeof b / sizeof *b && drain_folder_is_same(&a, &a),
	    "a file has changed when anything of it has");
}

static void
test_names(void)
{
	struct buf named[DRAIN_NAMED] = { 0 };

	drain_folder_name(span_str("{\"auth_file\":\"a\\/b\",\"cacert\":5}"),
	    named);
	ok(span_is(buf_span(&named[0]), "a/b") && named[1].len == 0,
	    "the files that a drain names are strings");
	drain_folder_name(span_str("[]"), named);
	ok(named[0].len == 0, "what is no object names none");
	for (int i = 0; i < DRAIN_NAMED; i++)
		buf_free(&named[i]);
}

int
main(void)
{
	char tmp[] = "/tmp/logferry-settings.XXXXXX";
	FILE *f;

	if (mkdtemp(tmp) == NULL || chdir(tmp) < 0 ||
	    (f = fopen("secret", "w")) == NULL)
		return 1;
	fputs("me:secret\n", f);
	fclose(f);
	test_files();
	test_limits();
	test_expired();
	test_read();
	test_same();
	test_names();
	if (unlink("secret") < 0 || chdir("/") < 0 || rmdir(tmp) < 0)
		return 1;
	return done_testing();
}
