/*
 * logpush - deliver files and streams to where they are kept
 */
#include "logpush.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/prctl.h>

#include "base/status.h"
#include "base/stdout.h"
#include "base/termination.h"
#include "file/path.h"
#include "input/lines.h"
#include "net/url.h"
#include "store/append_log.h"
#include "store/receipt.h"

enum {
	BATCH_LINES = 1000, BATCH_BYTES = 1 << 20, BATCH_MS = 1000,
	BATCH_BYTES_MAX = 64 << 20, LINE_MAX_MAX = 32 << 20,
	MESSAGE_MIN = 480,	/* all receivers take so much, RFC 5424 */
	SPOOL_MIN = 64 << 10, SPOOL_MAX = 1 << 30,
};
enum {
	OPT_ABORT_STALE = OPT_LONG, OPT_ACL, OPT_ADDRESSING_STYLE, OPT_ALSO,
	OPT_APPNAME, OPT_AUTH_FILE, OPT_AWS_SIGV4, OPT_BATCH_BYTES,
	OPT_BATCH_LINES, OPT_BATCH_TIME, OPT_BODY, OPT_CACERT, OPT_CERT,
	OPT_CONFIRM, OPT_CONNECT_TIMEOUT, OPT_CONTENT_TYPE, OPT_DCOPYLOGS,
	OPT_DEADLINE, OPT_DEAD_LETTER, OPT_DRAINS, OPT_DRAINS_STATUS, OPT_ENDPOINT_URL, OPT_ES_ACTION,
	OPT_FRAMING, OPT_GZIP, OPT_GZIP_AS, OPT_HOSTNAME, OPT_IF_EXISTS,
	OPT_INSECURE_HTTP, OPT_INSTANCE, OPT_KAFKA_CONFIG, OPT_KEY, OPT_LABELS, OPT_LIMIT_RATE,
	OPT_LIST, OPT_MAX_LINE, OPT_MAX_MESSAGE, OPT_METADATA, OPT_MOVE_TO,
	OPT_PROFILE, OPT_RECEIPTS, OPT_REGION, OPT_RESPOOL, OPT_RM, OPT_SINCE,
	OPT_SPOOL, OPT_SPOOL_FULL, OPT_SPOOL_MAX, OPT_SSE, OPT_STALL_TIMEOUT,
	OPT_STATUS, OPT_STORAGE_CLASS, OPT_TAG, OPT_UNSIGNED_PAYLOAD,
	OPT_UNTIL,
};

const struct cmd logpush_cmd = {
	.name = "logpush",
	.what = "deliver files and streams to where they are kept",
	.operands = "URL [file ...]",
	.opts =
	    (const struct opt[]){
		{ OPT_GROUP, NULL, NULL, "What is delivered, and what becomes of it" },
		OPT_FILES_FROM,
		OPT_NULL_LIST,
		{ OPT_RM, "rm", NULL, "remove each file once it is delivered" },
		{ OPT_MOVE_TO, "move-to", "dir",
		    "move each delivered file there" },
		{ OPT_IF_EXISTS, "if-exists", "what",
		    "when other contents are there: suffix, refuse, "
		    "overwrite" },
		{ OPT_INSTANCE, "instance", "id",
		    "what {instance} stands for" },
		{ OPT_RECEIPTS, "receipts", "file",
		    "append a JSON line for each delivery" },
		{ 'n', "dry-run", NULL, "print the URLs that there would be" },
		{ 'j', "jobs", "n",
		    "deliver n files at a time (4); connections of a stream "
		    "(1)" },
		{ OPT_LIMIT_RATE, "limit-rate", "size",
		    "send at most so much in a second" },
		{ OPT_DEADLINE, "deadline", "time",
		    "give a file up after it (5m)" },
		{ 'q', "quiet", NULL, "no summary" },
		{ 'v', "verbose", NULL, "say what went where" },
		{ OPT_GROUP, NULL, NULL, "Streams" },
		{ OPT_BATCH_BYTES, "batch-bytes", "size",
		    "bytes in one delivery (1M)" },
		{ OPT_BATCH_LINES, "batch-lines", "n",
		    "lines of a stream in one delivery (1000)" },
		{ OPT_BATCH_TIME, "batch-time", "time",
		    "a line waits for others so long (1s)" },
		{ OPT_CONFIRM, "confirm", NULL,
		    "answer each line, for rsyslog's omprog" },
		{ OPT_DEAD_LETTER, "dead-letter", "file",
		    "append what the receiver refuses" },
		{ OPT_MAX_LINE, "max-line", "size", "cut longer lines (1M)" },
		{ OPT_RESPOOL, "respool", NULL,
		    "what the spool holds is for this URL now" },
		{ OPT_SPOOL, "spool", "dir",
		    "keep a stream there until it is delivered" },
		{ OPT_SPOOL_FULL, "spool-full", "what",
		    "then: block, drop (the oldest)" },
		{ OPT_SPOOL_MAX, "spool-max", "size",
		    "what the spool may take (1G)" },
		{ OPT_STATUS, "status", "[form]",
		    "print what the spool holds: text, json" },
		{ OPT_GROUP, NULL, NULL, "Many receivers of one stream" },
		{ OPT_DRAINS, "drains", "dir",
		    "instead of URL: each file there is one, for some lines" },
		{ OPT_DRAINS_STATUS, "drains-status", "dir",
		    "print how these drains are" },
		{ 'f', "format", "format,...",
		    "of the lines; drains get records" },
		{ OPT_GROUP, NULL, NULL, "Receivers of streams" },
		{ OPT_ALSO, "also", "url",
		    "another server for a stream over HTTP, when one fails" },
		{ OPT_APPNAME, "appname", "template", "of syslog, likewise" },
		{ OPT_AUTH_FILE, "auth-file", "file",
		    "it holds user:password, ApiKey key or Bearer token" },
		{ OPT_AWS_SIGV4, "aws-sigv4", "service",
		    "sign a stream over HTTP for AWS: es, aoss" },
		{ OPT_BODY, "body", "kind",
		    "of requests over HTTP: ndjson, array, single" },
		{ OPT_ES_ACTION, "es-action", "action",
		    "of documents: create, index" },
		{ OPT_FRAMING, "framing", "kind",
		    "of syslog over TCP and TLS: octet, lf" },
		{ OPT_GZIP, "gzip", NULL, "compress the bodies of requests" },
		{ OPT_HOSTNAME, "hostname", "template",
		    "of syslog, from {fields} of the record" },
		{ OPT_KAFKA_CONFIG, "kafka-config", "file",
		    "settings of librdkafka: TLS, SASL, ..." },
		{ OPT_LABELS, "labels", "field,...",
		    "of streams of Loki (appname,hostname,level)" },
		{ OPT_MAX_MESSAGE, "max-message", "size",
		    "cut longer syslog messages (8096)" },
		{ OPT_GROUP, NULL, NULL, "HTTP and TLS" },
		{ 'H', "header", "line", "add a header; @file: those in file" },
		{ OPT_CONTENT_TYPE, "content-type", "type",
		    "of all files, or of requests" },
		{ OPT_GZIP_AS, "gzip-as", "what",
		    "what a .gz is: file, encoding (of text)" },
		{ OPT_CACERT, "cacert", "file", "the certificates to trust" },
		{ OPT_CERT, "cert", "file", "our own certificate" },
		{ OPT_KEY, "key", "file", "its key" },
		{ OPT_CONNECT_TIMEOUT, "connect-timeout", "time",
		    "for a connection (10)" },
		{ OPT_STALL_TIMEOUT, "stall-timeout", "time",
		    "without a byte moving (30)" },
		{ OPT_INSECURE_HTTP, "insecure-http", NULL,
		    "credentials may go over http://" },
		{ OPT_GROUP, NULL, NULL, "S3" },
		{ OPT_ENDPOINT_URL, "endpoint-url", "url",
		    "the S3 store to talk to" },
		{ OPT_REGION, "region", "name", "its region" },
		{ OPT_PROFILE, "profile", "name", "the profile in ~/.aws" },
		{ OPT_ADDRESSING_STYLE, "addressing-style", "style",
		    "of S3 URLs: auto, path, virtual" },
		{ OPT_STORAGE_CLASS, "storage-class", "class",
		    "of S3 objects" },
		{ OPT_SSE, "sse", "how",
		    "S3 encrypts: AES256, aws:kms (or aws:kms:key-id)" },
		{ OPT_ACL, "acl", "name", "of S3 objects, such as private" },
		{ OPT_TAG, "tag", "key=value", "of S3 objects" },
		{ OPT_METADATA, "metadata", "key=value", "of S3 objects" },
		{ OPT_LIST, "list", NULL,
		    "list the objects below URL: time, size, URL" },
		{ OPT_SINCE, "since", "time", "list those changed since" },
		{ OPT_UNTIL, "until", "time", "list those changed before" },
		{ OPT_UNSIGNED_PAYLOAD, "unsigned-payload", NULL,
		    "do not sign what S3 objects hold" },
		{ OPT_DCOPYLOGS, "dcopylogs", NULL,
		    "name and type S3 objects as dcopylogs does" },
		{ OPT_ABORT_STALE, "abort-stale", "age",
		    "abort S3 uploads that were begun before" },
		{ 0 },
	    },
};

int
open_append(const char *path, mode_t mode, const char *const *ours)
{
	int fd;

	if (path == NULL)
		return -1;
	if ((fd = append_log_open(path, mode, ours)) >= 0)
		return fd;
	if (errno == EEXIST)
		diex("%s: holds something else", path);
	die("%s", path);
}

/* Take an option of stores that speak HTTP; false when ch is none of them. */
static bool
http_option(struct push *push, int ch)
{
	static const char *const styles[] = {
		"auto", "path", "virtual", NULL,
	};
	static const char *const gzip[] = { "file", "encoding", NULL };
	struct store *s = &push->store;

	switch (ch) {
	case 'H': add_header(push, optarg); break;
	case OPT_ACL: add_own(push, "acl", "x-amz-acl", optarg); break;
	case OPT_ADDRESSING_STYLE:
		s->s3_options.style = S3_AUTO +
		    (enum s3_style)opt_word(&logpush_cmd, styles);
		break;
	case OPT_CACERT: s->http.cacert = optarg; break;
	case OPT_CERT: s->http.cert = optarg; break;
	case OPT_CONNECT_TIMEOUT:
		s->http.connect_ms = opt_duration_ms(&logpush_cmd);
		break;
	case OPT_CONTENT_TYPE: s->content_type = optarg; break;
	case OPT_ENDPOINT_URL: s->s3_options.endpoint = optarg; break;
	case OPT_GZIP_AS: s->gzip_encoding = opt_word(&logpush_cmd, gzip) == 1; break;
	case OPT_INSECURE_HTTP: s->http.insecure = true; break;
	case OPT_KEY: s->http.key = optarg; break;
	case OPT_LIMIT_RATE:
		s->http.max_rate = opt_size(&logpush_cmd, 1, INT64_MAX);
		break;
	case OPT_METADATA: add_metadata(push, optarg); break;
	case OPT_PROFILE: s->s3_options.profile = optarg; break;
	case OPT_REGION: s->s3_options.region = optarg; break;
	case OPT_SSE: add_sse(push, optarg); break;
	case OPT_STALL_TIMEOUT: s->http.stall_ms = opt_duration_ms(&logpush_cmd); break;
	case OPT_STORAGE_CLASS:
		add_own(push, "storage-class", "x-amz-storage-class", optarg);
		break;
	case OPT_TAG: add_tag(push, optarg); break;
	case OPT_UNSIGNED_PAYLOAD: s->s3_options.unsigned_payload = true; break;
	default: return false;
	}
	return true;
}

/* Take an option of the receivers of streams; false when ch is none of them. */
static bool
receiver_option(struct push *push, int ch)
{
	static const char *const bodies[] = {
		"ndjson", "array", "single", NULL,
	};
	static const char *const services[] = { "es", "aoss", NULL };
	static const char *const actions[] = { "create", "index", NULL };
	static const char *const framings[] = { "octet", "lf", NULL };
	struct receiver_options *r = &push->receiver;

	switch (ch) {
	case OPT_ALSO: add_also(push, optarg); break;
	case OPT_AUTH_FILE: push->auth_file = optarg; break;
	case OPT_AWS_SIGV4:
		r->aws_service =
		    services[opt_word(&logpush_cmd, services)];
		break;
	case OPT_BODY:
		r->body = (enum body)opt_word(&logpush_cmd, bodies);
		break;
	case OPT_ES_ACTION:
		r->es_index = opt_word(&logpush_cmd, actions) == 1;
		break;
	case OPT_KAFKA_CONFIG: r->kafka_config = optarg; break;
	case OPT_LABELS: r->labels = optarg; break;
	case OPT_FRAMING:
		r->framing = (enum framing)opt_word(&logpush_cmd, framings);
		break;
	case OPT_GZIP: r->gzip = true; break;
	case OPT_HOSTNAME: r->hostname = optarg; break;
	case OPT_APPNAME: r->appname = optarg; break;
	case OPT_MAX_MESSAGE:
		r->max_message =
		    opt_size(&logpush_cmd, MESSAGE_MIN, LINE_MAX_MAX);
		break;
	default: return false;
	}
	return true;
}

/* Take an option of streams; false when ch is none of them. */
static bool
stream_option(struct push *push, int ch)
{
	static const char *const views[] = { "text", "json", NULL };
	static const char *const when_full[] = { "block", "drop", NULL };
	struct stream *st = &push->stream;

	switch (ch) {
	case OPT_BATCH_BYTES:
		st->batch_bytes = opt_size(&logpush_cmd, 1, BATCH_BYTES_MAX);
		break;
	case OPT_BATCH_LINES:
		st->batch_lines = opt_number(&logpush_cmd, 1, INT32_MAX);
		break;
	case OPT_BATCH_TIME: st->batch_ms = opt_duration_ms(&logpush_cmd); break;
	case OPT_CONFIRM: st->confirm = true; break;
	case OPT_DRAINS: push->drains = optarg; break;
	case OPT_DRAINS_STATUS: push->drains_status = optarg; break;
	case 'f': push->formats = optarg; break;
	case OPT_DEAD_LETTER: push->dead_letter = optarg; break;
	case OPT_MAX_LINE:
		st->max_line = opt_size(&logpush_cmd, 1, LINE_MAX_MAX);
		break;
	case OPT_RESPOOL: push->respool = true; break;
	case OPT_SPOOL: st->spool = optarg; break;
	case OPT_SPOOL_FULL: st->drop = opt_word(&logpush_cmd, when_full) == 1; break;
	case OPT_SPOOL_MAX:
		st->spool_max = opt_size(&logpush_cmd, SPOOL_MIN, INT64_MAX);
		break;
	case OPT_STATUS:
		push->print_status = true;
		push->status_json =
		    optarg != NULL && opt_word(&logpush_cmd, views) == 1;
		break;
	default: return false;
	}
	return true;
}

static void
option(struct push *push, int ch)
{
	static const char *const exists[] = {
		"suffix", "refuse", "overwrite", NULL,
	};
	struct store *s = &push->store;

	if (http_option(push, ch) || stream_option(push, ch) ||
	    receiver_option(push, ch))
		return;
	switch (ch) {
	case '0': push->nul = true; break;
	case 'T': push->list = optarg; break;
	case 'j': s->jobs = (unsigned)opt_number(&logpush_cmd, 1, 256); break;
	case 'n': push->dry_run = true; break;
	case 'q': push->quiet = true; break;
	case 'v': push->verbose = true; break;
	case OPT_ABORT_STALE:
		push->stale_ms = opt_duration_ms(&logpush_cmd);
		break;
	case OPT_DCOPYLOGS: push->dcopylogs = s->gzip_encoding = true; break;
	case OPT_DEADLINE: s->deadline_ms = opt_duration_ms(&logpush_cmd); break;
	case OPT_IF_EXISTS:
		s->if_exists = (enum if_exists)opt_word(&logpush_cmd, exists);
		break;
	case OPT_INSTANCE: s->common.instance = optarg; break;
	case OPT_LIST: push->print_list = true; break;
	case OPT_MOVE_TO: push->move_to = optarg; break;
	case OPT_RECEIPTS: push->receipts = optarg; break;
	case OPT_RM: push->rm = true; break;
	case OPT_SINCE: push->since = optarg; break;
	case OPT_UNTIL: push->until = optarg; break;
	}
}

/* Returns a copy of the URL; the secrets in it are hidden from ps(1) then. */
static char *
take_url(char *arg)
{
	char *url = strdup(arg);

	if (url == NULL)
		die("URL");
	url_blot(arg);
	return url;
}

/* A certificate that is missing would be tried for ever. */
static void
check_readable(const char *path)
{
	if (path != NULL && access(path, R_OK) < 0)
		die("%s", path);
}

int
main(int argc, char *argv[])
{
	struct push push = {
		.store.deadline_ms = -1,		/* not given */
		.stale_ms = -1,
		.stream = { .batch_lines = BATCH_LINES,
		    .batch_bytes = BATCH_BYTES, .batch_ms = BATCH_MS,
		    .max_line = LINE_MAX_DEFAULT, .spool_max = SPOOL_MAX },
	};
	static char host[256];
	int ch;

	prctl(PR_SET_DUMPABLE, 0);	/* no secrets in core files */
	while ((ch = opt_next(&logpush_cmd, argc, argv)) != -1)
		option(&push, ch);
	argv += optind;
	if (push.print_status) {
		print_spool_status(push.stream.spool, push.status_json);
		return out_finish(STATUS_OK);
	}
	if (push.drains_status != NULL) {
		print_drains_status(push.drains_status);
		return out_finish(STATUS_OK);
	}
	if (push.drains == NULL) {
		if (*argv == NULL)
			opt_misuse(&logpush_cmd, "no URL given");
		push.store.url = take_url(*argv++);
	}
	check_topics(&push, argv);
	push.store.common.host = gethostname(host, sizeof host - 1) == 0 ? host :
	    "localhost";
	push.receipts_fd = open_append(push.dry_run ? NULL : push.receipts,
	    0666, receipt_begin);
	check_readable(push.store.http.cacert);
	check_readable(push.store.http.cert);
	check_readable(push.store.http.key);
	signal(SIGPIPE, SIG_IGN);
	if (termination_on_signals() < 0)
		die("signals");

	path_report_folders(push.verbose);
	if (push.drains != NULL)
		push_to_drains(&push, argv);
	else if (push.print_list || push.since != NULL || push.until != NULL)
		list_objects(&push, argv);
	else if (is_stream(&push, argv))
		push_stream(&push, argv);
	else
		push_files(&push, argv);
	store_free(&push.store);
	buf_free(&push.tags);
	return out_finish(push.status);
}
