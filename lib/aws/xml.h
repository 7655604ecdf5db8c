/*
 * xml - single elements out of the answers of S3 and AWS, which are flat enough
 */
#ifndef AWS_XML_H
#define AWS_XML_H

#include "base/buf.h"

/*
 * Copy the text of the first element of that name in an answer's XML, with its
 * entities decoded, into out of size bytes.  *at is moved after the element.
 */
bool xml_element(struct span *at, const char *name, char *out, size_t size);

/*
 * Find the inside of the next element of that name; *at is moved after the
 * element.
 */
bool xml_block(struct span *at, const char *name, struct span *inside);

#endif
