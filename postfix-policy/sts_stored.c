#include "postfix-policy/sts_stored.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/scan.h"
#include "base/why.h"
#include "mailtls/sts_record.h"

/* seconds: until the year 2106, as entries in memory have it */
#define TIME_MOST UINT32_MAX

static uint64_t
sum_of(struct text bytes)
{
	uint64_t sum = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < bytes.len; i++)
		sum = (sum ^ (unsigned char)bytes.at[i]) * 0x100000001b3u;
	return sum;
}

/* --- writing --- */

static bool
is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '%';
}

static void
write_escaped(struct buf *to, struct text bytes)
{
	size_t i;

	for (i = 0; i < bytes.len; i++)
		if (is_plain(bytes.at[i]))
			buf_char(to, bytes.at[i]);
		else
			buf_printf(to, "%%%02X", (unsigned char)bytes.at[i]);
}

static void
write_values(struct buf *to, const struct sts_stored *stored)
{
	buf_string(to, stored->gone ? "-\t" : "+\t");
	buf_text(to, stored->domain.name);
	if (stored->gone)
		return;
	buf_char(to, '\t');
	buf_text(to, stored->id);
	buf_printf(to, "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t",
		   stored->fetched_s, stored->checked_s, stored->used_s);
	write_escaped(to, stored->file);
}

void
sts_stored_write(struct buf *to, const struct sts_stored *stored)
{
	struct buf values;

	buf_init(&values, to->arena, STS_STORED_LINE_BYTES);
	write_values(&values, stored);
	buf_printf(to, "%016" PRIx64 "\t", sum_of(buf_view(&values)));
	buf_text(to, buf_view(&values));
	buf_char(to, '\n');
}

/* --- reading --- */

static bool
read_sum(struct text hex, uint64_t *sum)
{
	size_t i;

	*sum = 0;
	for (i = 0; i < hex.len; i++) {
		if (!ascii_is_hex(hex.at[i]))
			return false;
		*sum = *sum << 4 | (uint64_t)ascii_hex_value(hex.at[i]);
	}
	return hex.len == 16;
}

static bool
read_escaped(struct arena *arena, struct text escaped, struct text *bytes)
{
	char *to = arena_bytes(arena, escaped.len + 1);
	size_t i, n = 0;

	for (i = 0; i < escaped.len; i++) {
		if (escaped.at[i] != '%') {
			to[n++] = escaped.at[i];
			continue;
		}
		if (escaped.len - i < 3 || !ascii_is_hex(escaped.at[i + 1]) ||
		    !ascii_is_hex(escaped.at[i + 2]))
			return false;
		to[n++] = (char)(ascii_hex_value(escaped.at[i + 1]) << 4 |
				 ascii_hex_value(escaped.at[i + 2]));
		i += 2;
	}
	*bytes = text_of(to, n);
	return true;
}

static bool
read_time(struct scan *in, int64_t *time_s)
{
	uint64_t number;

	if (!text_to_u64(scan_until(in, '\t'), TIME_MOST, &number))
		return false;
	*time_s = (int64_t)number;
	return true;
}

bool
sts_stored_parse(struct arena *arena, struct text line,
		 struct sts_stored *stored, struct why *why)
{
	struct text name;
	struct scan in;
	uint64_t sum;

	*stored = (struct sts_stored){.gone = false};
	scan_init(&in, line);
	if (!read_sum(scan_until(&in, '\t'), &sum) ||
	    sum != sum_of(scan_rest(&in)))
		return why_set(why, "the sum is wrong");
	stored->gone = scan_string(&in, "-\t");
	if (!stored->gone && !scan_string(&in, "+\t"))
		return why_set(why, "neither '+' nor '-'");
	name = scan_until(&in, '\t');
	if (!domain_parse(arena, name, &stored->domain, why))
		return false;
	if (stored->gone)
		return true;
	stored->id = text_copy(arena, scan_until(&in, '\t'));
	if (!read_time(&in, &stored->fetched_s) ||
	    !read_time(&in, &stored->checked_s) ||
	    !read_time(&in, &stored->used_s))
		return why_set(why, "a time is no number");
	if (!read_escaped(arena, scan_rest(&in), &stored->file))
		return why_set(why,
			       "the policy is not escaped as it should be");
	return true;
}

static bool
is_id(struct arena *arena, struct text id)
{
	struct sts_record record = {.id = id};
	struct buf to;

	buf_init(&to, arena, 100);
	return id.len == 0 || sts_record_write(&to, &record);
}

bool
sts_stored_check(struct arena *arena, struct sts_stored *stored, int64_t now_s,
		 struct sts_policy *policy, struct why *why)
{
	if (!is_id(arena, stored->id))
		return why_set(why, "the id is none");
	if (stored->file.len > LIMIT_STS_FILE_BYTES)
		return why_set(why, "a policy of %zu bytes", stored->file.len);
	if (!sts_policy_parse(arena, stored->file, policy, why))
		return false;
	if (stored->checked_s > now_s)
		stored->checked_s = now_s;
	if (stored->fetched_s > stored->checked_s)
		stored->fetched_s = stored->checked_s;
	if (stored->used_s > now_s)
		stored->used_s = now_s;
	return true;
}
