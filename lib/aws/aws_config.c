#include "aws/aws_config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/bytes.h"

enum { CONFIG_MAX = 1 << 20, STEP = 4096 };

static const char blanks[] = " \t\r\n\v\f";

const char *
aws_config_env(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && *v != '\0' ? v : NULL;
}

const char *
aws_config_profile(const char *name)
{
	if (name == NULL)
		name = aws_config_env("AWS_DEFAULT_PROFILE");
	if (name == NULL)
		name = aws_config_env("AWS_PROFILE");
	return name != NULL ? name : "default";
}

const char *
aws_config_path(struct buf *out, const char *base)
{
	const char *home = aws_config_env("HOME");
	struct passwd *pw;

	if (home == NULL && (pw = getpwuid(geteuid())) != NULL)
		home = pw->pw_dir;
	if (home == NULL)
		return NULL;
	buf_printf(out, "%s/.aws/%s", home, base);
	return buf_str(out);
}

int
aws_config_read(const char *path, size_t max, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = fd < 0 ? -1 : 1;
	size_t end = out->len + max, want;

	while (got > 0 && out->len < end) {
		want = end - out->len < STEP ? end - out->len : STEP;
		if (buf_reserve(out, want) < 0)
			got = -1;
		else if ((got = read(fd, out->p + out->len, want)) > 0)
			out->len += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (fd >= 0)
		close(fd);
	while (out->len > 0 && strchr("\r\n", out->p[out->len - 1]) != NULL)
		out->len--;
	return got < 0 ? -1 : 0;
}

/* Read the file that variable names, or base in ~/.aws, as far as it can be. */
static void
read_config(const char *variable, const char *base, struct buf *text)
{
	const char *path = aws_config_env(variable);
	struct buf own = { 0 };

	if (path == NULL)
		path = aws_config_path(&own, base);
	if (path != NULL)
		aws_config_read(path, CONFIG_MAX, text);
	buf_free(&own);
}

/* What is looked for in a file. */
struct wanted {
	const char *kind, *name;	/* of the section */
	struct span key;		/* empty: any, if there is the section */
	struct span inner;		/* the key in the block of key, or empty */
};

/* Split "key = value", or also "key: value", at the first of these. */
static bool
split_entry(struct span line, const char *marks, struct span *key,
    struct span *value)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.p[i] != '\0' && strchr(marks, line.p[i]) != NULL) {
			*key = span_trim(span_of(line.p, i));
			*value = span_trim(span_of(line.p + i + 1,
			    line.len - i - 1));
			return true;
		}
	return false;
}

static bool
same_key(struct span a, struct span b)
{
	return a.len > 0 && a.len == b.len &&
	    strncasecmp(a.p, b.p, a.len) == 0;
}

/*
 * Whether line is the head of the section: [name] or [kind name], where the
 * name may have quotes.  The kind "profile" may be left out.
 */
static bool
is_section(struct span line, const struct wanted *w)
{
	const char *end = memrchr(line.p, ']', line.len);
	size_t n = strlen(w->kind);
	struct span head;

	if (end == NULL)
		return false;
	head = span_trim(span_of(line.p + 1, (size_t)(end - line.p) - 1));
	if (strcmp(w->kind, "profile") == 0 && span_is(head, w->name))
		return true;
	if (head.len <= n || memcmp(head.p, w->kind, n) != 0 ||
	    (head.p[n] != ' ' && head.p[n] != '\t'))
		return false;
	head = span_trim(span_of(head.p + n, head.len - n));
	if (head.len >= 2 && (head.p[0] == '"' || head.p[0] == '\'') &&
	    head.p[head.len - 1] == head.p[0])
		head = span_of(head.p + 1, head.len - 2);
	return span_is(head, w->name);
}

/* The entry that lines are looked at in, and where it stands. */
struct place {
	bool inside;		/* the section is the wanted one */
	bool entry;		/* an entry was begun in it */
	bool block;		/* and that is the block that is wanted */
	size_t indent;		/* of the last head or entry */
};

/* Look at one line.  Returns true when it has the value. */
static bool
take_line(struct span line, const struct wanted *w, struct place *at,
    struct span *value)
{
	size_t indent = 0;
	struct span key;

	while (indent < line.len && strchr(blanks, line.p[indent]) != NULL &&
	    line.p[indent] != '\0')
		indent++;
	line = span_trim(line);
	if (line.len == 0 || line.p[0] == '#' || line.p[0] == ';')
		return false;
	if (at->entry && indent > at->indent)	/* it belongs to the entry */
		return at->block && split_entry(line, "=", &key, value) &&
		    same_key(key, w->inner);
	at->indent = indent;
	at->entry = at->block = false;
	if (line.p[0] == '[') {
		at->inside = is_section(line, w);
		*value = span_str(w->name);
		return at->inside && w->key.len == 0;
	}
	at->entry = split_entry(line, "=:", &key, value);
	if (!at->entry || !at->inside || !same_key(key, w->key))
		return false;
	at->block = w->inner.len > 0 && value->len == 0;
	return w->inner.len == 0;
}

/* Returns a copy of the value in the text of a file; NULL for none. */
static char *
find(struct span text, const struct wanted *w)
{
	struct place at = { 0 };
	struct span line, value = { 0 };
	const char *end;
	bool found = false;

	while (!found && text.len > 0) {
		end = memchr(text.p, '\n', text.len);
		line = span_of(text.p, end != NULL ? (size_t)(end - text.p) :
		    text.len);
		found = take_line(line, w, &at, &value);
		text = span_of(line.p + line.len + (end != NULL),
		    text.len - line.len - (end != NULL));
	}
	return found && value.len > 0 ? strndup(value.p, value.len) : NULL;
}

static struct wanted
wanted(const char *kind, const char *name, const char *key)
{
	size_t n = key != NULL ? strcspn(key, ".") : 0;
	struct wanted w = { .kind = kind, .name = name };

	w.key = span_of(key, n);
	if (n > 0 && key[n] == '.')
		w.inner = span_str(key + n + 1);
	return w;
}

static char *
find_in(const char *variable, const char *base, const struct wanted *w)
{
	struct buf text = { 0 };
	char *v;

	read_config(variable, base, &text);
	v = find(buf_span(&text), w);
	buf_wipe(&text);
	return v;
}

char *
aws_config_of(enum aws_file file, const char *profile, const char *key)
{
	struct wanted w = wanted("profile", profile, key);

	return file == AWS_CREDENTIALS ?
	    find_in("AWS_SHARED_CREDENTIALS_FILE", "credentials", &w) :
	    find_in("AWS_CONFIG_FILE", "config", &w);
}

char *
aws_config_get(const char *profile, const char *key)
{
	char *v = aws_config_of(AWS_CREDENTIALS, profile, key);

	return v != NULL ? v : aws_config_of(AWS_CONFIG, profile, key);
}

char *
aws_config_section(const char *kind, const char *name, const char *key)
{
	struct wanted w = wanted(kind, name, key);

	return find_in("AWS_CONFIG_FILE", "config", &w);
}

bool
aws_config_has(const char *profile)
{
	char *v = aws_config_get(profile, NULL);
	bool has = v != NULL;

	free(v);
	return has;
}

char *
aws_config_setting(const char *profile, const char *variable, const char *key)
{
	const char *v = variable != NULL ? aws_config_env(variable) : NULL;

	return v != NULL ? strdup(v) : aws_config_get(profile, key);
}

int64_t
aws_config_number(const char *profile, const char *variable, const char *key,
    int64_t max)
{
	char *text = aws_config_setting(profile, variable, key), *end;
	long long n = text != NULL ? strtoll(text, &end, 10) : 0;
	bool good = n >= 1 && n <= max && *end == '\0';

	free(text);
	return good ? n : 0;
}

bool
aws_config_flag(const char *profile, const char *variable, const char *key)
{
	char *text = aws_config_setting(profile, variable, key);
	bool on = text != NULL && strcasecmp(text, "true") == 0;

	free(text);
	return on;
}
