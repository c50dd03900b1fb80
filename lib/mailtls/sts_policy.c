#include "mailtls/sts_policy.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "base/why.h"

struct policy_reader {
	struct arena *arena;
	struct sts_policy *policy;
	struct sts_mx *mx;
	bool has_version, has_age;
	struct why *why;
};

static const char *const mode_names[] = {NULL, "none", "testing", "enforce"};

const char *
sts_mode_name(enum sts_mode mode)
{
	return mode_names[mode];
}

static bool
take_version(struct policy_reader *reader, struct text value)
{
	if (reader->has_version)
		return true;
	reader->has_version = true;
	return text_equal(value, TEXT("STSv1")) ||
	       why_set(reader->why, "version is not STSv1");
}

static bool
take_mode(struct policy_reader *reader, struct text value)
{
	int mode;

	if (reader->policy->mode != STS_MODE_UNSET)
		return true;
	for (mode = STS_MODE_NONE; mode <= STS_MODE_ENFORCE; mode++)
		if (text_equal(value, text_from(mode_names[mode]))) {
			reader->policy->mode = (enum sts_mode)mode;
			return true;
		}
	return why_set(reader->why, "mode is not enforce, testing or none");
}

static bool
take_age(struct policy_reader *reader, struct text value)
{
	uint64_t age;

	if (reader->has_age)
		return true;
	reader->has_age = true;
	if (value.len > 10 || !text_to_u64(value, UINT64_MAX, &age))
		return why_set(reader->why, "max_age is no number of seconds");
	reader->policy->max_age_s =
	    age > STS_AGE_MOST_S ? STS_AGE_MOST_S : (uint32_t)age;
	return true;
}

static bool
take_mx(struct policy_reader *reader, struct text value)
{
	struct sts_policy *policy = reader->policy;
	struct sts_mx *mx;

	if (reader->mx == NULL)
		reader->mx =
		    arena_new_array(reader->arena, struct sts_mx, LIMIT_STS_MX);
	policy->mx = reader->mx;
	if (policy->count == LIMIT_STS_MX)
		return why_set(reader->why, "more than %d mx", LIMIT_STS_MX);
	mx = &reader->mx[policy->count];
	mx->wildcard = text_starts(value, TEXT("*."));
	if (!domain_parse(reader->arena, text_skip(value, mx->wildcard ? 2 : 0),
			  &mx->domain, reader->why))
		return why_prefix(reader->why, "mx");
	policy->count++;
	return true;
}

static bool
is_name(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static bool
take_line(struct policy_reader *reader, struct text line)
{
	static const struct {
		struct text name;
		bool (*take)(struct policy_reader *reader, struct text value);
	} fields[] = {{TEXT_INIT("version"), take_version},
		      {TEXT_INIT("mode"), take_mode},
		      {TEXT_INIT("max_age"), take_age},
		      {TEXT_INIT("mx"), take_mx}};
	struct text name, value;
	struct scan in;
	size_t i;

	scan_init(&in, line);
	name = scan_while(&in, is_name);
	if (name.len == 0 || !scan_char(&in, ':'))
		return why_set(reader->why, "a line is not NAME: VALUE");
	value = text_trim(scan_rest(&in));
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (text_equal(name, fields[i].name))
			return fields[i].take(reader, value);
	return true;
}

static bool
is_complete(const struct policy_reader *reader)
{
	const struct sts_policy *policy = reader->policy;

	if (!reader->has_version)
		return why_set(reader->why, "there is no version");
	if (policy->mode == STS_MODE_UNSET)
		return why_set(reader->why, "there is no mode");
	if (!reader->has_age)
		return why_set(reader->why, "there is no max_age");
	return policy->count > 0 || policy->mode == STS_MODE_NONE ||
	       why_set(reader->why, "there is no mx");
}

bool
sts_policy_parse(struct arena *arena, struct text file,
		 struct sts_policy *policy, struct why *why)
{
	struct policy_reader reader = {
	    .arena = arena, .policy = policy, .why = why};
	struct text line;
	struct scan in;

	*policy = (struct sts_policy){0};
	if (file.len > LIMIT_STS_POLICY_BYTES)
		return why_set(why, "the file is above %u bytes",
			       LIMIT_STS_POLICY_BYTES);
	if (!utf8_is_valid(file) || text_has(file, '\0'))
		return why_set(why, "the file is no text");
	scan_init(&in, file);
	while (!scan_at_end(&in)) {
		line = text_trim(scan_until(&in, '\n'));
		if (line.len == 0 && scan_at_end(&in))
			break;
		if (!take_line(&reader, line))
			return false;
	}
	return is_complete(&reader);
}

void
sts_policy_write(struct buf *to, const struct sts_policy *policy)
{
	size_t i;

	buf_printf(to, "version: STSv1\r\nmode: %s\r\n",
		   mode_names[policy->mode]);
	for (i = 0; i < policy->count; i++)
		buf_printf(to, "mx: %s" TEXT_FMT "\r\n",
			   policy->mx[i].wildcard ? "*." : "",
			   TEXT_ARG(policy->mx[i].domain.name));
	buf_printf(to, "max_age: %u\r\n", (unsigned)policy->max_age_s);
}

bool
sts_policy_match(const struct sts_policy *policy, struct domain host)
{
	const struct sts_mx *mx;
	size_t i;

	for (i = 0; i < policy->count; i++) {
		mx = &policy->mx[i];
		if (domain_equal(mx->domain,
				 mx->wildcard ? domain_parent(host) : host))
			return true;
	}
	return false;
}
