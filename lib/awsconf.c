#include "awsconf.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
awsconf_env(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && *v != '\0' ? v : NULL;
}

const char *
awsconf_profile(const char *name)
{
	if (name == NULL)
		name = awsconf_env("AWS_PROFILE");
	return name != NULL ? name : "default";
}

/* The file that variable names, or base in ~/.aws; NULL when it can't be read. */
static FILE *
open_file(const char *variable, const char *base)
{
	const char *path = awsconf_env(variable), *home = awsconf_env("HOME");
	struct passwd *pw;
	char *own;
	FILE *f;

	if (path != NULL)
		return fopen(path, "re");
	if (home == NULL && (pw = getpwuid(geteuid())) != NULL)
		home = pw->pw_dir;
	if (home == NULL || asprintf(&own, "%s/.aws/%s", home, base) < 0)
		return NULL;
	f = fopen(own, "re");
	free(own);
	return f;
}

static char *
trim(char *s)
{
	char *end = s + strlen(s);

	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* Is line the head of the profile's section: [name] or [profile name]? */
static bool
is_section(char *line, const char *profile)
{
	char *close = strchr(line, ']');

	if (close == NULL)
		return false;
	*close = '\0';
	line = trim(line + 1);
	if (strncmp(line, "profile", 7) == 0 && isspace((unsigned char)line[7]))
		line = trim(line + 7);
	return strcmp(line, profile) == 0;
}

/* The key's value in the profile; of NULL: anything, if there is a profile. */
static char *
find(FILE *f, const char *profile, const char *key)
{
	char *line = NULL, *found = NULL, *equals, *p;
	bool inside = false;
	size_t cap = 0;

	if (f == NULL)
		return NULL;
	while (found == NULL && getline(&line, &cap, f) > 0) {
		if (isspace((unsigned char)*line))	/* part of a block */
			continue;
		p = trim(line);
		if (*p == '#' || *p == ';')
			continue;
		if (*p == '[') {
			inside = is_section(p, profile);
			if (inside && key == NULL)
				found = strdup(profile);
			continue;
		}
		if (!inside || (equals = strchr(p, '=')) == NULL)
			continue;
		*equals = '\0';
		if (strcmp(trim(p), key) == 0)
			found = strdup(trim(equals + 1));
	}
	if (line != NULL)
		explicit_bzero(line, cap);
	free(line);
	fclose(f);
	if (found != NULL && *found == '\0') {
		free(found);
		found = NULL;
	}
	return found;
}

char *
awsconf_get(const char *profile, const char *key)
{
	char *v;

	v = find(open_file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
	    profile, key);
	if (v == NULL)
		v = find(open_file("AWS_CONFIG_FILE", "config"), profile, key);
	return v;
}

bool
awsconf_has(const char *profile)
{
	char *v = awsconf_get(profile, NULL);
	bool has = v != NULL;

	free(v);
	return has;
}
