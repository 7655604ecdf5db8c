#include "store/url_options.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "aws/s3_list.h"
#include "net/kafka.h"
#include "net/url.h"

static const char *
after_scheme(const char *url, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(url, scheme, n) == 0 ? url + n : NULL;
}

const char *
url_after_s3(const char *url)
{
	return after_scheme(url, "s3://");
}

bool
url_is_operand(const char *operand)
{
	return url_after_s3(operand) != NULL ||
	    after_scheme(operand, "http://") != NULL ||
	    after_scheme(operand, "https://") != NULL ||
	    kafka_is_url(operand);
}

/* Returns the key of an s3:// URL without its scheme, or "". */
const char *
url_key(const char *bucket)
{
	const char *slash = strchr(bucket, '/');

	return slash != NULL ? slash + 1 : "";
}

static bool
is_prefix(const char *key)
{
	return *key == '\0' || key[strlen(key) - 1] == '/';
}

bool
url_is_many(const char *operand)
{
	const char *bucket = url_after_s3(operand), *key;

	if (bucket == NULL)
		return false;
	key = url_key(bucket);
	return is_prefix(key) || s3_is_pattern(key);
}

bool
url_hide(char **operands)
{
	bool any = false;
	char *copy;

	for (; *operands != NULL; operands++) {
		if (!url_is_operand(*operands))
			continue;
		any = true;
		if ((copy = strdup(*operands)) == NULL)
			continue;
		url_blot(*operands);
		*operands = copy;
	}
	return any;
}

bool
url_option(const struct cmd *cmd, struct url_options *o, int nth)
{
	switch (nth) {
	case 0: o->s3.endpoint = optarg; return true;
	case 1: o->s3.profile = optarg; return true;
	case 2:
		if (access(optarg, R_OK) < 0)
			opt_misuse(cmd, "%s: %s", optarg, strerror(errno));
		o->http.cacert = optarg;
		return true;
	case 3: o->connections = (unsigned)opt_number(cmd, 1, 64); return true;
	case 4: o->deadline_ms = opt_duration_ms(cmd); return true;
	case 5: o->http.insecure = true; return true;
	case 6: o->stats = true; return true;
	case 7: o->kafka_config = optarg; return true;
	default: return false;
	}
}
