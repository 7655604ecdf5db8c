/* name_time: the last moment that the lines of a log can be of */
#include <time.h>

#include "rotate/name_time.h"
#include "tap.h"

enum { H = 3600, D = 24 * H, DATE = 2 * D + 12 * H + H, HOUR = H + 12 * H + H };

static const struct {
	const char *name;
	const char *from;	/* NULL: no time is known */
	int more;		/* how much later the last line may be */
} names[] = {
	{ "app.log", NULL, 0 },
	{ "app.log.1", NULL, 0 },
	{ "", NULL, 0 },
	{ "logs/h/docker.log-1624977000.gz", "2021-06-29T14:30:00", H },
	{ "docker.log-1624977000_01.gz", "2021-06-29T14:30:00", H },
	{ "docker.log-1624977000x", NULL, 0 },
	{ "order1624977000", NULL, 0 },
	{ "a.log-20210629.gz", "2021-06-29T00:00:00", DATE },
	{ "a.log-20210229.gz", NULL, 0 },
	{ "a.log-2021062910", "2021-06-29T10:00:00", HOUR },
	{ "a.log-202106291005", "2021-06-29T10:05:00", 60 + 12 * H + H },
	{ "a.log-2021-06-29.xz", "2021-06-29T00:00:00", DATE },
	{ "prog.host.log.INFO.20210629-101112.77", NULL, 0 },
	{ "20261129T065410Z-host-0001.gz", "2026-11-29T06:54:10", H },
	{ "s/20261129T065410.123Z-000000000001.log.gz", "2026-11-29T06:54:10",
	    H },
	{ "x/20261129T065410Z", "2026-11-29T06:54:10", H },
	{ "logs/2026/11/28/app.log", "2026-11-28T00:00:00", DATE },
	{ "logs/2026/11/28/13/app.log", "2026-11-28T13:00:00", HOUR },
	{ "logs/2026/11/app.log", NULL, 0 },
	{ "logs/2026/13/28/app.log", NULL, 0 },
	{ "logs/2026/app/28/app.log", NULL, 0 },
	{ "logs/2026-11-28/app.log", "2026-11-28T00:00:00", DATE },
	{ "logs/x2026-11-28/app.log", NULL, 0 },
	{ "dt=2026-11-28/part", "2026-11-28T00:00:00", DATE },
	{ "year=2026/month=11/day=28/x", "2026-11-28T00:00:00", DATE },
	{ "year=2026/month=11/day=28/hour=07/x", "2026-11-28T07:00:00", HOUR },
	{ "cdn/EMLARXS9EXAMPLE.2019-11-14-20.RT4KCN4SGK9.gz",
	    "2019-11-14T20:00:00", H + H },
	{ "1_elasticloadbalancing_us-east-2_app.lb.12_20220215T2340Z_1.2_x.log",
	    "2022-02-15T23:40:00", 60 + H },
	{ "s3/2013-11-01-00-15-10-0A1B2C3D", "2013-11-01T00:15:10", H },
	{ "2026/11/28/a.log-1624977000.gz", "2026-11-28T00:00:00", DATE },
	{ "2021/06/20/a.log-1624977000.gz", "2021-06-29T14:30:00", H },
	{ "docker.log-0624977000", NULL, 0 },
	{ "a.log-202106291005031", NULL, 0 },
	{ "a.log-2021062910050312", NULL, 0 },
	{ "a.log-202106291", NULL, 0 },
	{ "x/20261129T246010Z", NULL, 0 },
	{ "x/20261129T066010Z", NULL, 0 },
	{ "x/20261129T065461Z", NULL, 0 },
	{ "x/20261231T235960Z", "2026-12-31T23:59:60", H },
	{ "x/19701231T235959Z", NULL, 0 },
	{ "logs/2026/11/28/24/app.log", NULL, 0 },
	{ "logs/2026/11/28/13/14/app.log", "2026-11-28T13:00:00", HOUR },
	{ "logs/2026/11/x/app.log", NULL, 0 },
	{ "dt=20261128/part", "2026-11-28T00:00:00", DATE },
	{ "date=2026-11-28/part", "2026-11-28T00:00:00", DATE },
	{ "dt:2026-11-28/part", NULL, 0 },
	{ "dt=2026-11-2x/part", NULL, 0 },
	{ "dt=2026-11-28/2020/01/01/x", "2026-11-28T00:00:00", DATE },
	{ "logs/1971/01/02/app.log", "1971-01-02T00:00:00", DATE },
	{ "logs/1970/12/31/app.log", NULL, 0 },
	{ "logs/2026/11/01/13/app.log", "2026-11-01T13:00:00", HOUR },
	{ "logs/2026/01/28/app.log", "2026-01-28T00:00:00", DATE },
	{ "logs/2026/11/28/00/app.log", "2026-11-28T00:00:00", HOUR },
	{ "logs/2026/11/28/00/14/app.log", "2026-11-28T00:00:00", HOUR },
	{ "logs/2026/11/28/5/13/app.log", "2026-11-28T00:00:00", DATE },
	{ "x/20261129T060000Z", "2026-11-29T06:00:00", H },
	{ "app.lb_20261129T0600Z_1", "2026-11-29T06:00:00", 60 + H },
	{ "cdn/E.2019-11-14-00.X.gz", "2019-11-14T00:00:00", H + H },
	{ "a.log-20210629100503", "2021-06-29T10:05:03", 12 * H + H },
	{ "s/120261129T065410.123Z-1", NULL, 0 },
	{ "s/x20261129T065410Z", NULL, 0 },
	{ "s/-1624977000", "2021-06-29T14:30:00", H },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct tm tm = { 0 };
		int64_t want = INT64_MAX, got = name_time_last(names[i].name);

		if (names[i].from != NULL) {
			strptime(names[i].from, "%Y-%m-%dT%H:%M:%S", &tm);
			want = (int64_t)timegm(&tm) + names[i].more;
		}
		ok(got == want, "%s ends as it says: %lld, %lld",
		    names[i].name, (long long)got, (long long)want);
	}
	return done_testing();
}
