/* settings and credentials of AWS: ~/.aws, and services that give them */
#include "aws/creds_source.h"

#include <pwd.h>
#include <sys/stat.h>
#include <time.h>

#include "answers.h"
#include "aws/aws_config.h"
#include "aws/aws_endpoint.h"
#include "aws/creds_local.h"
#include "aws/creds_remote.h"
#include "aws/creds_sso.h"
#include "aws/creds_sts.h"
#include "aws/ec2_metadata.h"
#include "base/digest.h"
#include "base/units.h"
#include "tap.h"

static char folder[] = "/tmp/logferry-creds.XXXXXX";

static void
write_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if ((f = fopen(path, "w")) == NULL)
		return;
	fputs(text, f);
	fclose(f);
}

static void
config(const char *text)
{
	write_file(".aws/config", text);
}

/* --- settings --- */

static void
is_set(const char *key, const char *want)
{
	char *v = aws_config_get("p", key);

	if (!ok(v == NULL ? want == NULL : want != NULL &&
	    strcmp(v, want) == 0, "%s is %s", key,
	    want != NULL ? want : "not set"))
		printf("# %s\n", v != NULL ? v : "NULL");
	free(v);
}

static void
settings(void)
{
	char *v;

	config("a = outside\n"
	    "[profile other]\na = other\n"
	    "[profilep]\na = joined\n"
	    "[profile p\na = open\n"
	    "[profile \"p]\na = quote\n"
	    "[ profile\t'p' ] # a comment\n"
	    "# a = comment\n; a = comment\n\n"
	    "a = one\n"
	    "  b = not a key\n"
	    "B: two\r\n"
	    "empty =\n"
	    "no entry\n"
	    "s3 =\n"
	    "\t# inner = comment\n"
	    "\tINNER = deep\n"
	    "  other: colon\n"
	    "flat = x\n"
	    "  inner = under another\n"
	    "a = again");
	is_set("a", "one");
	is_set("b", "two");
	is_set("empty", NULL);
	is_set("no entry", NULL);
	is_set("s3.inner", "deep");
	is_set("s3.other", NULL);
	is_set("flat.inner", NULL);
	is_set("missing", NULL);
	ok(aws_config_has("p") && aws_config_has("other") &&
	    !aws_config_has("none"),
	    "a profile is there by its section");
	write_file(".aws/credentials", "[p]\na = secret\n[q]\nb = x\n");
	is_set("a", "secret");
	is_set("b", "two");
	v = aws_config_section("sso-session", "p", "a");
	ok(v == NULL, "a section of another kind is another");
	free(v);
	config("[sso-session \"p q\"]\na = session\n[p]\nb = bare");
	v = aws_config_section("sso-session", "p q", "a");
	ok(v != NULL && strcmp(v, "session") == 0, "a name may have quotes");
	free(v);
	is_set("b", "bare");
	write_file(".aws/credentials", "");
}

static void
values(void)
{
	static const struct { const char *text; int64_t n; bool flag; } t[] = {
		{ "1", 1, false }, { "10", 10, false }, { "11", 0, false },
		{ "0", 0, false }, { "-1", 0, false }, { "1x", 0, false },
		{ "x", 0, false }, { "true", 0, true }, { "TRUE", 0, true },
		{ "yes", 0, false },
	};
	char *v;

	config("[default]\nnumber = 7\nflag = true\n");
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		setenv("TEST_VALUE", t[i].text, 1);
		ok(aws_config_number("p", "TEST_VALUE", "x", 10) == t[i].n &&
		    aws_config_flag("p", "TEST_VALUE", "x") == t[i].flag,
		    "%s is the number %d, and %s", t[i].text, (int)t[i].n,
		    t[i].flag ? "true" : "not true");
	}
	setenv("TEST_VALUE", "", 1);
	ok(aws_config_number("default", "TEST_VALUE", "number", 10) == 7 &&
	    aws_config_flag("default", NULL, "flag"),
	    "an empty variable is none: the file counts");
	ok(aws_config_number("default", NULL, "flag", 10) == 0 &&
	    !aws_config_flag("default", NULL, "none"), "or nothing does");
	ok(strcmp(aws_config_profile("x"), "x") == 0 &&
	    strcmp(aws_config_profile(NULL), "default") == 0,
	    "a profile is the one that is named, or default");
	setenv("AWS_PROFILE", "b", 1);
	ok(strcmp(aws_config_profile(NULL), "b") == 0, "or AWS_PROFILE");
	setenv("AWS_DEFAULT_PROFILE", "a", 1);
	ok(strcmp(aws_config_profile(NULL), "a") == 0,
	    "AWS_DEFAULT_PROFILE goes before it, as in botocore");
	unsetenv("AWS_PROFILE");
	unsetenv("AWS_DEFAULT_PROFILE");
	setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
	v = aws_config_get("default", "number");
	ok(v == NULL, "AWS_CONFIG_FILE names another file");
	free(v);
	unsetenv("AWS_CONFIG_FILE");
}

static void
host(const char *service, const char *region, bool fips, bool dualstack,
    const char *want)
{
	struct buf b = { 0 };

	aws_endpoint_host(&b, service, region,
	    (struct aws_variant){ .fips = fips, .dualstack = dualstack });
	if (!ok(strcmp(buf_str(&b), want) == 0, "%s in %s is %s", service,
	    region, want))
		printf("# %s\n", buf_str(&b));
	buf_free(&b);
}

static void
url(const char *name, const char *want, bool insecure)
{
	struct buf b = { 0 };
	const char *why = aws_endpoint_url(&b, "p", "sts", "eu-west-1",
	    insecure);

	if (!ok(want == NULL ? why != NULL : why == NULL &&
	    strcmp(buf_str(&b), want) == 0, "%s", name))
		printf("# %s %s\n", buf_str(&b), why != NULL ? why : "");
	buf_free(&b);
}

/* https://docs.aws.amazon.com/general/latest/gr/rande.html */
static void
endpoints(void)
{
	host("sts", "eu-west-1", false, false, "sts.eu-west-1.amazonaws.com");
	host("sts", "us-east-1", true, false,
	    "sts-fips.us-east-1.amazonaws.com");
	host("sts", "eu-west-1", false, true, "sts.eu-west-1.api.aws");
	host("sts", "cn-north-1", false, true,
	    "sts.cn-north-1.api.amazonwebservices.com.cn");
	host("sso", "eu-west-1", false, false,
	    "portal.sso.eu-west-1.amazonaws.com");
	host("s3", "eu-west-1", false, true,
	    "s3.dualstack.eu-west-1.amazonaws.com");
	host("s3", "us-east-1", true, true,
	    "s3-fips.dualstack.us-east-1.amazonaws.com");
	host("s3", "cn-north-1", false, false, "s3.cn-north-1.amazonaws.com.cn");
	config("[profile p]\nuse_fips_endpoint = true\n");
	url("an endpoint is AWS's, of the variant of the profile",
	    "https://sts-fips.eu-west-1.amazonaws.com/", false);
	config("[profile p]\nendpoint_url = https://mine//\n");
	url("or that of the profile", "https://mine/", false);
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	url("unless that is ignored", "https://sts.eu-west-1.amazonaws.com/",
	    false);
	unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	config("[profile p]\nservices = s\nendpoint_url = https://mine\n"
	    "[services s]\nsts =\n  endpoint_url = https://sts.mine\n");
	url("the service's own goes before it", "https://sts.mine/", false);
	setenv("AWS_ENDPOINT_URL", "http://h", 1);
	url("no secret goes in clear to another host", NULL, false);
	url("unless that is wanted", "http://h/", true);
	setenv("AWS_ENDPOINT_URL_STS", "HTTP://localhost:1/x", 1);
	url("in clear to this machine it may go", "HTTP://localhost:1/x/",
	    false);
	setenv("AWS_ENDPOINT_URL_STS", "ftp://localhost", 1);
	url("but not by another protocol", NULL, true);
	unsetenv("AWS_ENDPOINT_URL_STS");
	unsetenv("AWS_ENDPOINT_URL");
}

/* --- credentials --- */

#define JSON(more) "{\"AccessKeyId\":\"id\",\"SecretAccessKey\":\"s\"" more "}"
#define XML "<AccessKeyId>id</AccessKeyId><SecretAccessKey>s" \
	"</SecretAccessKey>"
#define SSO(more) "{\"roleCredentials\":{\"accessKeyId\":\"id\"," \
	"\"secretAccessKey\":\"s\"" more "}}"

struct asking {
	const char *name;
	creds_way *way;
	const char *config;	/* the profile "p" */
	struct answer answers[5];
	int r;			/* 1, 0 or -1 */
	bool hopeless;
	const char *error;	/* how it begins */
	int64_t expires;
	const char *token;
	int64_t limit_ms;
};

static void
ask(const struct asking *t)
{
	struct http_options http = { 0 };
	struct creds_where w = { .profile = "p", .http = &http };
	struct creds c = { 0 };
	char error[256] = "", *text;
	bool hopeless = false;
	int r;

	answers_begin(t->answers);
	setenv("AWS_ENDPOINT_URL", answers.url, 1);
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", answers.url, 1);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", answers.url, 1);
	if (asprintf(&text, "[profile p]\n%s\n", t->config) < 0)
		return;
	config(text);
	free(text);
	w.end_ms = t->limit_ms > 0 ? units_now_ms() + t->limit_ms : 0;
	r = t->way(&w, &c, error, &hopeless);
	if (!ok(r == t->r && (r >= 0 || (hopeless == t->hopeless &&
	    strncmp(error, t->error, strlen(t->error)) == 0)) &&
	    (r < 1 || (strcmp(c.id, "id") == 0 && strcmp(c.secret, "s") == 0 &&
	    c.expires == t->expires && (t->token == NULL ? c.token == NULL :
	    c.token != NULL && strcmp(c.token, t->token) == 0))), "%s",
	    t->name))
		printf("# %d %s %s %s\n", r, hopeless ? "hopeless" : "", error,
		    c.token != NULL ? c.token : "-");
	answers_end();
	creds_clear(&c);
}

#define ROLE "role_arn = r\nsource_profile = q\n[profile q]\n" \
	"aws_access_key_id = a\naws_secret_access_key = b"
#define SSO_SET "sso_start_url = u\nsso_region = eu-west-1\n" \
	"sso_account_id = 1\nsso_role_name = r"

static const struct asking askings[] = {
	{ "a container's agent", creds_from_container, "", {
	    { 200, NULL, JSON(",\"Token\":\"t\",\"Expiration\":"
	    "\"2021-06-29T14:30:00Z\"") } }, 1, false, NULL, 1624977000, "t",
	    1000000 },
	{ "its token has two names", creds_from_container, "", {
	    { 200, NULL, JSON(",\"SessionToken\":\"\\u0074\"") } }, 1, false,
	    NULL, 0, "t", 0 },
	{ "times that are none are no end", creds_from_container, "", {
	    { 200, NULL, JSON(",\"Expiration\":\"soon\"") } }, 1, false, NULL,
	    0, NULL, 0 },
	{ "a number is no token", creds_from_container, "", {
	    { 200, NULL, JSON(",\"Token\":1") } }, 1, false, NULL, 0, NULL,
	    0 },
	{ "an answer without a secret", creds_from_container, "", {
	    { 200, NULL, "{\"AccessKeyId\":\"id\"}" } }, -1, false,
	    "no credentials in the answer", 0, NULL, 0 },
	{ "an answer that is no JSON", creds_from_container, "", {
	    { 200, NULL, "id" } }, -1, false, "no credentials in the answer",
	    0, NULL, 0 },
	{ "an agent that is busy", creds_from_container, "", {
	    { 500, NULL, NULL }, { 429, NULL, NULL },
	    { 200, NULL, JSON("") } }, 1, false, NULL, 0, NULL, 0 },
	{ "an agent that is busy three times", creds_from_container, "", {
	    { 500, NULL, NULL } }, -1, false,
	    "the container's agent answers 500", 0, NULL, 0 },
	{ "an agent that refuses", creds_from_container, "", {
	    { 403, NULL, "<Code>Denied</Code>" } }, -1, true,
	    "the container's agent answers 403 Denied", 0, NULL, 0 },
	{ "an agent that says nothing in time", creds_from_container, "", {
	    { -1, NULL, NULL } }, -1, false, "the container's agent: ", 0,
	    NULL, 20 },
	{ "STS", creds_from_role, ROLE, { { 200, NULL, XML
	    "<SessionToken>t&amp;</SessionToken>"
	    "<Expiration>2021-06-29T14:30:00Z</Expiration>" } }, 1, false,
	    NULL, 1624977000, "t&", 0 },
	{ "STS without a secret", creds_from_role, ROLE, {
	    { 200, NULL, "<AccessKeyId>id</AccessKeyId>" } }, -1, false,
	    "STS gave no credentials", 0, NULL, 0 },
	{ "STS that gives nothing", creds_from_role, ROLE, {
	    { 200, NULL, NULL } }, -1, false, "STS gave no credentials", 0,
	    NULL, 0 },
	{ "STS that throttles", creds_from_role, ROLE, {
	    { 400, NULL, "<Code>Throttling</Code>" }, { 200, NULL, XML } }, 1,
	    false, NULL, 0, NULL, 0 },
	{ "STS that refuses", creds_from_role, ROLE, {
	    { 400, NULL, "<Code>ValidationError</Code>" } }, -1, true,
	    "STS answers 400 ValidationError", 0, NULL, 0 },
	{ "STS that refuses without a word", creds_from_role, ROLE, {
	    { 400, NULL, NULL } }, -1, true, "STS answers 400", 0, NULL, 0 },
	{ "a role without a source", creds_from_role, "role_arn = r", {
	    { 500, NULL, NULL } }, 0, false, NULL, 0, NULL, 0 },
	{ "a source that gives nothing", creds_from_role,
	    "role_arn = r\ncredential_source = Nothing", {
	    { 500, NULL, NULL } }, -1, true,
	    "profile p: Nothing gives no credentials", 0, NULL, 0 },
	{ "a profile that gives nothing", creds_from_role,
	    "role_arn = r\nsource_profile = q\n[profile q]\nx = y", {
	    { 500, NULL, NULL } }, -1, true,
	    "profile p: q gives no credentials", 0, NULL, 0 },
	{ "profiles in a circle", creds_from_role,
	    "role_arn = r\nsource_profile = p", { { 500, NULL, NULL } }, -1,
	    true, "profile p: source_profile leads in a circle", 0, NULL, 0 },
	{ "a token file that is not there", creds_from_web_identity,
	    "role_arn = r\nweb_identity_token_file = /nonexistent", {
	    { 500, NULL, NULL } }, -1, true,
	    "/nonexistent: No such file or directory", 0, NULL, 0 },
	{ "a token file without a role", creds_from_web_identity,
	    "web_identity_token_file = /dev/null", { { 500, NULL, NULL } }, 0,
	    false, NULL, 0, NULL, 0 },
	{ "a token of a web identity", creds_from_web_identity,
	    "role_arn = r\nweb_identity_token_file = /dev/null", {
	    { 200, NULL, XML } }, 1, false, NULL, 0, NULL, 0 },
	{ "SSO", creds_from_sso, SSO_SET, { { 200, NULL,
	    SSO(",\"sessionToken\":\"t\",\"expiration\":1624977000999") } },
	    1, false, NULL, 1624977000, "t", 0 },
	{ "SSO without an end", creds_from_sso, SSO_SET, { { 200, NULL,
	    SSO(",\"sessionToken\":\"t\"") } }, -1, false,
	    "SSO gave no credentials", 0, NULL, 0 },
	{ "SSO without a secret", creds_from_sso, SSO_SET, { { 200, NULL,
	    "{\"roleCredentials\":{\"accessKeyId\":\"id\","
	    "\"expiration\":1}}" } }, -1, false, "SSO gave no credentials", 0,
	    NULL, 0 },
	{ "SSO with nothing", creds_from_sso, SSO_SET, { { 200, NULL,
	    "{}" } }, -1, false, "SSO gave no credentials", 0, NULL, 0 },
	{ "SSO that refuses", creds_from_sso, SSO_SET, { { 401, NULL,
	    NULL } }, -1, true, "SSO answers 401", 0, NULL, 0 },
	{ "no SSO", creds_from_sso, "sso_region = x", { { 500, NULL, NULL } },
	    0, false, NULL, 0, NULL, 0 },
	{ "SSO of no URL", creds_from_sso, "sso_account_id = 1", {
	    { 500, NULL, NULL } }, -1, true, "profile p: no sso_start_url", 0,
	    NULL, 0 },
	{ "SSO of no region", creds_from_sso, "sso_start_url = u", {
	    { 500, NULL, NULL } }, -1, true, "profile p: no sso_region", 0,
	    NULL, 0 },
	{ "SSO of no account", creds_from_sso,
	    "sso_start_url = u\nsso_region = r", { { 500, NULL, NULL } }, -1,
	    true, "profile p: no sso_account_id", 0, NULL, 0 },
	{ "SSO of no role", creds_from_sso,
	    "sso_start_url = u\nsso_region = r\nsso_account_id = 1", {
	    { 500, NULL, NULL } }, -1, true, "profile p: no sso_role_name", 0,
	    NULL, 0 },
	{ "SSO without a token", creds_from_sso, "sso_start_url = other\n"
	    "sso_region = r\nsso_account_id = 1\nsso_role_name = r", {
	    { 500, NULL, NULL } }, -1, true, "profile p: no token, ", 0, NULL,
	    0 },
	{ "EC2", creds_from_ec2, "", { { 200, NULL, "token" },
	    { 200, NULL, "role\nother\n" }, { 200, NULL, "token" },
	    { 200, NULL, JSON("") } }, 1, false, NULL, 0, NULL, 0 },
	{ "EC2 without a role", creds_from_ec2, "", { { 200, NULL, "token" },
	    { 200, NULL, NULL } }, 0, false, NULL, 0, NULL, 0 },
	{ "EC2 with an empty line", creds_from_ec2, "", {
	    { 200, NULL, "token" }, { 200, NULL, "\n" } }, 0, false, NULL, 0,
	    NULL, 0 },
	{ "EC2 that refuses", creds_from_ec2, "", { { 403, NULL, NULL } }, 0,
	    false, NULL, 0, NULL, 0 },
	{ "EC2 without that page", creds_from_ec2, "", {
	    { 200, NULL, "token" }, { 404, NULL, NULL } }, 0, false, NULL, 0,
	    NULL, 0 },
	{ "EC2 that is busy for once", creds_from_ec2, "", {
	    { 429, NULL, NULL }, { 503, NULL, NULL }, { 404, NULL, NULL } },
	    0, false, NULL, 0, NULL, 0 },
	{ "EC2 that is busy", creds_from_ec2,
	    "metadata_service_num_attempts = 1", { { 500, NULL, NULL } }, -1,
	    false, "the metadata service answers 500", 0, NULL, 0 },
	{ "EC2 that says nothing", creds_from_ec2,
	    "metadata_service_num_attempts = 1\nmetadata_service_timeout = 2",
	    { { -1, NULL, NULL } }, -1, false, "the metadata service: ", 0,
	    NULL, 0 },
	{ "a process", creds_from_process,
	    "credential_process = echo '" JSON("") "'", {
	    { 500, NULL, NULL } }, 1, false, NULL, 0, NULL, 0 },
	{ "a process that fails", creds_from_process,
	    "credential_process = exit 3", { { 500, NULL, NULL } }, -1, true,
	    "credential_process failed", 0, NULL, 0 },
	{ "a process that prints too much", creds_from_process,
	    "credential_process = yes", { { 500, NULL, NULL } }, -1, true,
	    "credential_process failed", 0, NULL, 0 },
	{ "a process that does not end", creds_from_process,
	    "credential_process = sleep 600", { { 500, NULL, NULL } }, -1,
	    false, "credential_process: Connection timed out", 0, NULL, 50 },
	{ "a process that closes its output and stays", creds_from_process,
	    "credential_process = exec >/dev/null; sleep 600", {
	    { 500, NULL, NULL } }, -1, false,
	    "credential_process: Connection timed out", 0, NULL, 50 },
	{ "no process", creds_from_process, "", { { 500, NULL, NULL } }, 0,
	    false, NULL, 0, NULL, 0 },
};

/* The token of a login, where aws sso login puts it. */
static void
log_in(const char *start_url)
{
	unsigned char d[SHA1_SIZE];
	char hex[2 * SHA1_SIZE + 1], name[128];

	digest_sha1(start_url, strlen(start_url), d);
	digest_hex(d, sizeof d, hex);
	snprintf(name, sizeof name, ".aws/sso/cache/%s.json", hex);
	write_file(name, "{\"accessToken\":\"t\","
	    "\"expiresAt\":\"2099-01-01T00:00:00Z\"}");
}

/* Credentials that are kept, and renewed before their end. */
static void
renewals(void)
{
	time_t soon = time(NULL) + 100;
	char when[64], body[256], error[256];
	struct answer list[] = { { 200, NULL, body }, { 403, NULL, NULL },
		{ 200, NULL, JSON(",\"Token\":\"new\"") }, { 0, NULL, NULL } };
	struct http_options http = { 0 };
	struct creds_source *s;
	struct creds c;
	bool hopeless;

	config("");
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&soon));
	snprintf(body, sizeof body, JSON(",\"Expiration\":\"%s\""), when);
	answers_begin(list);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", answers.url, 1);
	s = creds_new(NULL, NULL, &http);
	ok(creds_get(s, 0, &c, error, &hopeless) == 0 && c.expires == soon,
	    "credentials are found");
	creds_clear(&c);
	ok(creds_get(s, 0, &c, error, &hopeless) == 0 && c.expires == soon,
	    "those that end soon count while there are no new ones");
	ok(creds_expired(s, &c), "others may be had");
	ok(creds_expired(s, &c), "also when there are none now");
	creds_clear(&c);
	ok(creds_get(s, 0, &c, error, &hopeless) == 0 && c.expires == 0 &&
	    strcmp(c.token, "new") == 0, "then they are asked for");
	c.id[0] = 'x';
	ok(creds_expired(s, &c), "those of before may have expired");
	creds_clear(&c);
	answers_end();
	ok(creds_get(s, 0, &c, error, &hopeless) == 0 &&
	    strcmp(c.token, "new") == 0, "the new ones are kept all the same");
	creds_clear(&c);
	creds_free(s);
	creds_free(NULL);
}

/* What the agent of a container needs; nothing leaves this machine. */
static void
agents(void)
{
	static const struct { const char *name, *value, *error; } t[] = {
		{ "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x",
		    "the container's agent: " },
		{ "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		    "http://169.254.170.23/x", "the container's agent: " },
		{ "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		    "http://[fd00:ec2::23]/x", "the container's agent: " },
		{ "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		    "http://169.254.170.24/x",
		    "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither" },
		{ "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		    "http://169.254.170.2.example.com/x",
		    "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither" },
	};
	struct http_options http = { .guarded = true };
	struct creds_where w = { .profile = "p", .http = &http };
	struct creds c = { 0 };
	char error[256];
	bool hopeless;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
		setenv(t[i].name, t[i].value, 1);
		w.end_ms = units_now_ms() + 20;
		ok(creds_from_container(&w, &c, error, &hopeless) < 0 &&
		    strncmp(error, t[i].error, strlen(t[i].error)) == 0,
		    "%s may%s be an agent", t[i].value,
		    t[i].error[0] == 't' ? "" : " not");
		unsetenv(t[i].name);
	}
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1", 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nonexistent", 1);
	ok(creds_from_container(&w, &c, error, &hopeless) < 0 && hopeless &&
	    strcmp(error, "/nonexistent: No such file or directory") == 0,
	    "a token that cannot be read is told");
	unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\nb", 1);
	ok(creds_from_container(&w, &c, error, &hopeless) < 0,
	    "a token has one line");
	unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	ok(creds_from_container(&w, &c, error, &hopeless) == 0,
	    "there may be no agent");
}

static void
nowhere(void)
{
	struct http_options http = { 0 };
	struct creds_source *s = creds_new("p", NULL, &http);
	struct passwd *pw = getpwuid(geteuid());
	struct buf path = { 0 };
	struct creds c;
	char error[256], want[400];
	bool hopeless = false;
	const char *got;

	config("[profile p]\nx = y\n");
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	snprintf(want, sizeof want, "no credentials found: not in profile p of "
	    "%s/.aws/credentials, nor from a role of this machine", folder);
	ok(creds_get(s, 0, &c, error, &hopeless) < 0 && hopeless &&
	    strcmp(error, want) == 0, "where there are none is told");
	creds_free(s);
	unsetenv("HOME");
	snprintf(want, sizeof want, "%s/.aws/x", pw != NULL ? pw->pw_dir : "");
	got = aws_config_path(&path, "x");
	ok(pw == NULL ? got == NULL : strcmp(got, want) == 0,
	    "without HOME it is the user's folder that counts");
	buf_free(&path);
}

int
main(void)
{
	char path[256], command[300];
	static const char *const unset[] = { "AWS_PROFILE",
		"AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_REGION",
		"AWS_SHARED_CREDENTIALS_FILE", "AWS_DEFAULT_REGION",
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"AWS_EC2_METADATA_DISABLED", "AWS_ROLE_ARN",
		"AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_ENDPOINT_URL_STS" };

	for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
		unsetenv(unset[i]);
	if (mkdtemp(folder) == NULL)
		return 1;
	setenv("HOME", folder, 1);
	snprintf(path, sizeof path, "%s/.aws", folder);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/.aws/sso", folder);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/.aws/sso/cache", folder);
	mkdir(path, 0700);
	settings();
	values();
	endpoints();
	log_in("u");
	for (size_t i = 0; i < sizeof askings / sizeof *askings; i++)
		ask(&askings[i]);
	unsetenv("AWS_ENDPOINT_URL");
	renewals();
	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	agents();
	nowhere();
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command) != 0 || done_testing();
}
