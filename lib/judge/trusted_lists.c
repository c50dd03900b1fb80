#include "judge/trusted_lists.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "judge/list_id.h"

#define FIRST_LINE "signet-lists 1"

static int
compare(const void *a, const void *b)
{
	const struct trusted_list *one = a, *two = b;
	int order = text_compare(one->id, two->id);

	return order != 0 ? order
			  : text_compare(one->domain.name, two->domain.name);
}

/* The next line that is no comment. */
static bool
next_line(struct scan *in, struct text *line)
{
	while (!scan_at_end(in)) {
		*line = scan_until(in, '\n');
		if (line->len > 0 && line->at[0] != '#')
			return true;
	}
	return false;
}

static bool
read_list(struct arena *arena, struct text line, struct trusted_list *list,
	  struct why *why)
{
	struct scan in;
	struct text id, name;

	scan_init(&in, line);
	id = scan_until(&in, ' ');
	name = scan_until(&in, ' ');
	if (!list_id_parse(arena, id, &list->id, why))
		return false;
	if (!text_equal(list->id, id))
		return why_set(why, "no identifier in lower case");
	if (!domain_parse(arena, name, &list->domain, why))
		return false;
	if (!text_equal(list->domain.name, name) ||
	    domain_labels(list->domain) < 2 ||
	    !list_id_is_within(id, list->domain))
		return why_set(why, "not a domain that the list ends in");
	return text_to_u64(scan_rest(&in), UINT32_MAX, &list->accounts) ||
	       why_set(why, "no number of accounts");
}

static bool
is_end(struct text line, size_t count)
{
	uint64_t number;

	return text_starts(line, TEXT("end ")) &&
	       text_to_u64(text_skip(line, 4), SIZE_MAX, &number) &&
	       number == count;
}

static bool
is_sorted_once(const struct trusted_lists *lists, struct why *why)
{
	size_t i;

	for (i = 1; i < lists->count; i++)
		if (compare(&lists->values[i - 1], &lists->values[i]) >= 0)
			return why_set(why,
				       "list %zu is not behind the one before",
				       i + 1);
	return true;
}

static size_t
count_lines(struct text text)
{
	struct text line;
	struct scan in;
	size_t count = 0;

	scan_init(&in, text);
	while (next_line(&in, &line))
		count++;
	return count;
}

bool
trusted_lists_parse(struct arena *arena, struct text text,
		    struct trusted_lists *lists, struct why *why)
{
	size_t lines = count_lines(text), i;
	struct text line;
	struct scan in;

	*lists = (struct trusted_lists){NULL, 0};
	scan_init(&in, text);
	if (!next_line(&in, &line) || !text_equal(line, TEXT(FIRST_LINE)))
		return why_set(why, "it does not begin with " FIRST_LINE);
	if (text.at[text.len - 1] != '\n' || lines < 2)
		return why_set(why, "it has no end");
	lists->count = lines - 2;
	if (lists->count > LIMIT_TRUSTED_LISTS)
		return why_set(why, "it has %zu lists", lists->count);
	lists->values =
	    arena_new_array(arena, struct trusted_list, lists->count);
	for (i = 0; i < lists->count; i++)
		if (!next_line(&in, &line) ||
		    !read_list(arena, line, &lists->values[i], why))
			return why_prefix(why, "list %zu", i + 1);
	if (!next_line(&in, &line) || !is_end(line, lists->count))
		return why_set(why, "it has no end");
	return is_sorted_once(lists, why);
}

void
trusted_lists_write(struct trusted_lists *lists, struct buf *to)
{
	size_t i;

	if (lists->count > 1)
		qsort(lists->values, lists->count, sizeof(*lists->values),
		      compare);
	buf_string(to, FIRST_LINE "\n");
	for (i = 0; i < lists->count; i++) {
		buf_text(to, lists->values[i].id);
		buf_char(to, ' ');
		buf_text(to, lists->values[i].domain.name);
		buf_printf(to, " %" PRIu64 "\n", lists->values[i].accounts);
	}
	buf_printf(to, "end %zu\n", lists->count);
}

const struct trusted_list *
trusted_lists_find(const struct trusted_lists *lists, struct text id,
		   struct domain verified)
{
	size_t low = 0, high = lists->count;

	if (id.len == 0 || !domain_is_set(verified))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (text_compare(lists->values[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < lists->count && text_equal(lists->values[low].id, id);
	     low++)
		if (domain_is_within(verified, lists->values[low].domain))
			return &lists->values[low];
	return NULL;
}
