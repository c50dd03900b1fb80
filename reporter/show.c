#include "reporter/show.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/utf8.h"
#include "io/clock.h"

#define DAY_MS (86400 * (int64_t)1000)

void
show_pair(struct arena *arena, const char *name, struct text value)
{
	printf("  %-12s " TEXT_FMT "\n", name,
	       TEXT_ARG(utf8_for_log(arena, value, 1000)));
}

static void
show_destination(struct arena *arena, const struct destination *one)
{
	const char *state = one->state == DESTINATION_WAITING
				? "would be sent"
				: destination_state_name(one->state);

	show_pair(
	    arena, "rua",
	    text_from(arena_printf(
		arena, TEXT_FMT ": %s%s%s%s%s%s", TEXT_ARG(one->uri), state,
		one->consent != NULL ? ", consent " : "",
		one->consent != NULL ? one->consent : "",
		one->consent_name.len > 0 ? " at " : "",
		one->consent_name.len > 0
		    ? text_string(arena, one->consent_name)
		    : "",
		one->reason != NULL ? arena_printf(arena, ": %s", one->reason)
				    : "")));
}

void
show_destinations(struct arena *arena, const struct destinations *found)
{
	const struct destination *one;

	if (found->record.len > 0)
		show_pair(arena, "record", found->record);
	if (found->reason != NULL)
		show_pair(arena,
			  found->found == DESTINATIONS_TEMPERROR ? "delayed"
								 : "nobody",
			  text_from(found->reason));
	for (one = found->first; one != NULL; one = one->next)
		show_destination(arena, one);
}

const char *
show_yesterday(struct arena *arena)
{
	char day[DATE_STRING_BYTES];

	date_write_iso(clock_unix_ms() - DAY_MS, day);
	return arena_printf(arena, "%.10s", day);
}
