/*
 * The formats there are, in the order they are tried.  Each is defined in a
 * scan_*.c; this is the only list of them.
 */
#include "format/format.h"

#define FORMATS(FORMAT)							\
	FORMAT(sls)							\
	FORMAT(cri)							\
	FORMAT(kubectl)							\
	FORMAT(envoy)							\
	FORMAT(npm)							\
	FORMAT(home_assistant)						\
	FORMAT(clf)							\
	FORMAT(combined)						\
	FORMAT(sogo)							\
	FORMAT(nginx_error)						\
	FORMAT(apache_error)						\
	FORMAT(uwsgi)							\
	FORMAT(haproxy)							\
	FORMAT(alb)							\
	FORMAT(elb)							\
	FORMAT(s3_access)						\
	FORMAT(squid)							\
	FORMAT(php_fpm)							\
	FORMAT(gin)							\
	FORMAT(fiber)							\
	FORMAT(chi)							\
	FORMAT(gitea)							\
	FORMAT(rails)							\
	FORMAT(spring_answer)						\
	FORMAT(morgan)							\
	FORMAT(koa)							\
	FORMAT(kestrel)							\
	FORMAT(serilog)							\
	FORMAT(phoenix)							\
	FORMAT(couchdb)							\
	FORMAT(thehive)							\
	FORMAT(vaultwarden)						\
	FORMAT(rocket)							\
	FORMAT(uvicorn)							\
	FORMAT(tornado)							\
	FORMAT(klog)							\
	FORMAT(compose)							\
	FORMAT(romm)							\
	FORMAT(cef)							\
	FORMAT(leef)							\
	FORMAT(mikrotik)						\
	FORMAT(w3c)							\
	FORMAT(syslog)							\
	FORMAT(postgres)						\
	FORMAT(spring)							\
	FORMAT(supervisor)						\
	FORMAT(python)							\
	FORMAT(app)							\
	FORMAT(journal)							\
	FORMAT(kube)							\
	FORMAT(docker_json)						\
	FORMAT(gelf)							\
	FORMAT(json)							\
	FORMAT(ltsv)							\
	FORMAT(logfmt)							\
	FORMAT(akkeris)

#define DECLARE(name) extern const struct format format_##name;
#define ADDRESS(name) &format_##name,

FORMATS(DECLARE)

const struct format *const formats[] = { FORMATS(ADDRESS) NULL };

const struct format *
format_named(struct span name)
{
	for (size_t i = 0; formats[i] != NULL && name.len > 0; i++)
		if (*name.p == *formats[i]->name &&
		    span_is(name, formats[i]->name))
			return formats[i];
	return NULL;
}
