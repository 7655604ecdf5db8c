/*
 * json_object - a JSON object as a record, and which format it is of
 */
#ifndef FORMAT_JSON_OBJECT_H
#define FORMAT_JSON_OBJECT_H

#include "format/format.h"

/*
 * Scan text, which is an object and nothing else.  When the format is a guess,
 * the object is of the format whose keys it has.  When a format was asked for,
 * the last of that format's keys must be there.
 */
bool scan_object(struct scan *s, struct span text);

/*
 * Cut the LF off the end of the message, which is a line that a program wrote.
 */
void json_cut_newline(struct record *r);

/*
 * Add the rest of a line: the message, and the members of a JSON object at its
 * end, as in "started {"port": 80}".  A member never replaces a field that is
 * there already: it is called NAME_2.
 */
void add_message_and_object(struct scan *s, struct span text);

#endif
