/* answers of stores: elements, blocks and entities */
#include <stdint.h>

#include "aws/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span at = span_of((const char *)p, n), inside;
	char out[64];

	while (xml_block(&at, "Upload", &inside))
		while (xml_element(&inside, "Key", out, sizeof out))
			;
	at = span_of((const char *)p, n);
	while (xml_element(&at, "ETag", out, sizeof out))
		;
	return 0;
}
