/*
 * xml - single elements out of the answers of S3 and AWS, which are flat enough
 */
#ifndef XML_H
#define XML_H

#include "buf.h"

/*
 * The text of the first element of that name in an answer's XML, with its
 * entities decoded, into out of size bytes.  *at is moved behind it.
 */
bool xml_element(struct span *at, const char *name, char *out, size_t size);

/* What the next element of that name holds; *at is moved behind it. */
bool xml_block(struct span *at, const char *name, struct span *inside);

#endif
