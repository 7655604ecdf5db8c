/* priority: names and numbers of severities and facilities */
#include "record/syslog_priority.h"
#include "tap.h"

static int
level(const char *word)
{
	return syslog_priority_severity(span_str(word), false);
}

static int
number(const char *digits)
{
	return syslog_priority_severity(span_str(digits), true);
}

int
main(void)
{
	for (int i = 0; i < PRIORITY_SEVERITIES; i++)
		ok(level(priority_severities[i]) == i, "severity %s is %d",
		    priority_severities[i], i);
	for (int i = 0; i < PRIORITY_FACILITIES; i++)
		ok(syslog_priority_facility(
		       span_str(priority_facilities[i]), false) == i,
		    "facility %s is %d", priority_facilities[i], i);
	ok(level("ERROR") == 3 && level("Warning") == 4 && level("FATAL") == 2,
	    "words for levels that applications use");
	ok(level("E") == 3 && level("w") == 4 && level("I") == 6,
	    "a letter for a level, as glog's");
	ok(level("Exit") < 0 && level("") < 0 && level("7") < 0,
	    "other words are no levels, nor are digits in a text");
	ok(number("3") == 3 && number("0") == 0, "GELF's numbers are syslog's");
	ok(number("10") == 7 && number("20") == 7 && number("30") == 6 &&
	    number("40") == 4 && number("50") == 3 && number("60") == 2,
	    "pino's numbers are levels, too");
	ok(number("8") < 0 && number("55") < 0 && number("70") < 0 &&
	    number("-1") < 0 && number("300") < 0 && number("") < 0 &&
	    number("3:") < 0,
	    "numbers that nobody uses are no levels");
	ok(syslog_priority_facility(span_str("23"), true) == 23 &&
		syslog_priority_facility(span_str("24"), true) < 0,
	    "a facility by its number");
	return done_testing();
}
