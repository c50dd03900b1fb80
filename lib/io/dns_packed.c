#include "io/dns_packed.h"

#include "base/arena.h"
#include "base/xalloc.h"

size_t
dns_packed_size(const struct dns_answer *answer)
{
	size_t size = sizeof(struct dns_packed), i;

	size += answer->count * sizeof(struct dns_record);
	for (i = 0; i < answer->count; i++)
		size +=
		    answer->records[i].text.len + answer->records[i].name.len;
	if (answer->reason != NULL)
		size += strlen(answer->reason) + 1;
	return size;
}

static struct text
put(char **at, struct text text)
{
	struct text kept = text_of(*at, text.len);

	if (text.len > 0)
		memcpy(*at, text.at, text.len);
	*at += text.len;
	return kept;
}

void
dns_packed_init(struct dns_packed *to, size_t size,
		const struct dns_answer *answer)
{
	char *at = (char *)&to->records[answer->count];
	size_t i;

	to->size = size;
	to->answer = *answer;
	to->answer.records = to->records;
	for (i = 0; i < answer->count; i++) {
		to->records[i] = answer->records[i];
		to->records[i].text = put(&at, answer->records[i].text);
		to->records[i].name = put(&at, answer->records[i].name);
	}
	if (answer->reason != NULL)
		to->answer.reason =
		    put(&at,
			text_of(answer->reason, strlen(answer->reason) + 1))
			.at;
}

struct dns_packed *
dns_packed_new(const struct dns_answer *answer)
{
	size_t size = dns_packed_size(answer);
	struct dns_packed *packed = xcalloc(1, size);

	dns_packed_init(packed, size, answer);
	return packed;
}

void
dns_packed_copy(const struct dns_packed *packed, struct arena *arena,
		struct dns_answer *answer)
{
	struct dns_packed *copy;
	ptrdiff_t at;
	size_t i;

	copy = arena_copy(arena, packed, packed->size);
	for (i = 0; i < copy->answer.count; i++) {
		at = packed->records[i].text.at - (const char *)packed;
		copy->records[i].text.at = (char *)copy + at;
		at = packed->records[i].name.at - (const char *)packed;
		copy->records[i].name.at = (char *)copy + at;
	}
	*answer = copy->answer;
	answer->records = copy->records;
	if (packed->answer.reason != NULL) {
		at = packed->answer.reason - (const char *)packed;
		answer->reason = (char *)copy + at;
	}
}
