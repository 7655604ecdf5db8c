#include "aws/aws_endpoint.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws/aws_config.h"
#include "net/url.h"

char *
aws_endpoint_region(const char *name, const char *profile)
{
	if (name == NULL)
		name = aws_config_env("AWS_REGION");
	if (name == NULL)
		name = aws_config_env("AWS_DEFAULT_REGION");
	return name != NULL ? strdup(name) : aws_config_get(profile, "region");
}

/* The URL of a service in the section of services that the profile names. */
static char *
from_services(const char *profile, const char *service)
{
	char *section = aws_config_get(profile, "services"), *v = NULL;
	char key[32];

	snprintf(key, sizeof key, "%s.endpoint_url", service);
	if (section != NULL)
		v = aws_config_section("services", section, key);
	free(section);
	return v;
}

char *
aws_endpoint_configured(const char *profile, const char *service)
{
	char name[64];
	const char *url;
	char *v;

	if (aws_config_flag(profile, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	    "ignore_configured_endpoint_urls"))
		return NULL;
	snprintf(name, sizeof name, "AWS_ENDPOINT_URL_%s", service);
	for (char *p = name; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	if ((url = aws_config_env(name)) == NULL)
		url = aws_config_env("AWS_ENDPOINT_URL");
	if (url != NULL)
		return strdup(url);
	v = from_services(profile, service);
	return v != NULL ? v : aws_config_get(profile, "endpoint_url");
}

struct aws_variant
aws_endpoint_variant(const char *profile)
{
	return (struct aws_variant){
		.fips = aws_config_flag(profile, "AWS_USE_FIPS_ENDPOINT",
		    "use_fips_endpoint"),
		.dualstack = aws_config_flag(profile,
		    "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
	};
}

void
aws_endpoint_host(struct buf *out, const char *service, const char *region,
    struct aws_variant v)
{
	bool s3 = strcmp(service, "s3") == 0;
	bool china = strncmp(region, "cn-", 3) == 0;
	const char *domain = china ? "amazonaws.com.cn" : "amazonaws.com";

	if (v.dualstack && !s3)
		domain = china ? "api.amazonwebservices.com.cn" : "api.aws";
	buf_printf(out, "%s%s%s%s.%s.%s",
	    strcmp(service, "sso") == 0 ? "portal." : "", service,
	    v.fips ? "-fips" : "", v.dualstack && s3 ? ".dualstack" : "",
	    region, domain);
}

const char *
aws_endpoint_url(struct buf *out, const char *profile, const char *service,
    const char *region, bool insecure)
{
	char *given = aws_endpoint_configured(profile, service);

	if (given != NULL) {
		buf_adds(out, given);
		while (out->len > 0 && out->p[out->len - 1] == '/')
			out->len--;
	} else {
		buf_adds(out, "https://");
		aws_endpoint_host(out, service, region,
		    aws_endpoint_variant(profile));
	}
	free(given);
	buf_addc(out, '/');
	if (buf_str(out) == NULL)
		return "out of memory";
	if (strncasecmp(out->p, "https://", 8) == 0 ||
	    (strncasecmp(out->p, "http://", 7) == 0 &&
		(insecure || url_is_loopback(out->p))))
		return NULL;
	return URL_SECRETS_STAY;
}
