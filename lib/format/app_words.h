/*
 * app_words - recognises the words in front of a log message
 */
#ifndef FORMAT_APP_WORDS_H
#define FORMAT_APP_WORDS_H

#include "base/bytes.h"

/* Returns the text from p to the next blank or tab, or to end. */
static inline struct span
word_at(const char *p, const char *end)
{
	return span_to(p, find_either(p, end, ' ', '\t'));
}
/*
 * Reads the text inside of the bracket, of any kind, that opens at p, with the
 * brackets in it.  Returns where the text goes on, or NULL when the bracket is
 * not closed or too long.
 */
const char *bracket_at(const char *p, const char *end, struct span *inside);

/* Whether word is a level in any case: INFO, Warning, err, FTL, System. */
bool is_level_name(struct span word);
/* Whether word is a level in capitals, of three letters at least. */
bool is_upper_level(struct span word);
/* Whether c is the letter of a level: D, I, W, E, F and the like. */
bool is_level_letter(char c);
/* Whether words are a level of PHP: Fatal error, Parse error, Notice ... */
bool is_php_level(struct span words);

/*
 * Whether word may name a logger: c.e.App$1, my_crate::module,
 * hudson.WebAppMain#start.
 */
bool is_logger_name(struct span word);
/* Whether word is a name with dots: c.e.App, o.e.n.Node. */
bool has_dots(struct span word);
/* Whether word is a name and a pid: hostd[2099]: */
bool is_name_and_pid(struct span word);
/* Whether word is an error code of MySQL: MY-010116 */
bool is_error_code(struct span word);
/* Whether word is a pid of Erlang: 0.222.0 */
bool is_erlang_pid(struct span word);
/*
 * Whether word is a database, which Odoo writes before the logger next: "db
 * odoo.http:".
 */
bool is_odoo_database(struct span word, struct span next);
/* Splits main.go:42: or x/router.go:102:func1() into its file and line. */
bool split_file_line(struct span word, struct span *file, struct span *line,
    struct span *function);

/*
 * Whether the time at at stands in another format's line that broke off.  CLF's
 * has its own form, and pairs and objects are cut in two by it.
 */
bool is_time_of_other(struct span text, const char *at);

/*
 * Returns where the text goes on after " CEST" or the like at p; p when there
 * is none.
 */
const char *skip_zone_abbreviation(const char *p, const char *end);

#endif
