/* ~/.aws/credentials and ~/.aws/config */
#include "aws/aws_config.h"
#include "memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char path[32];
	int fd = memory_file(p, n, path);

	setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
	setenv("AWS_CONFIG_FILE", path, 1);
	free(aws_config_get("default", "aws_access_key_id"));
	free(aws_config_get("p", "region"));
	free(aws_config_get("p", "s3.addressing_style"));
	free(aws_config_section("services", "s", "s3.endpoint_url"));
	aws_config_has("p");
	close(fd);
	return 0;
}
