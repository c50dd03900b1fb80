#include "base/arena.h"
#include "base/utf8.h"
#include "mailauth/dmarc_report_reader.h"

#define EXAMPLE_BYTES 100

/* A defect is known by the two texts that it is made of. */
struct found_defect {
	struct dmarc_report_defect shown;
	const char *what, *problem;
};

static const char further[] = "further defects";
static const char unlisted[] = "are not listed";

static bool
in_record(const struct dmarc_report_reader *reader)
{
	return reader->depth > 1 && reader->groups[1] == REPORT_RECORD;
}

static bool
count_again(struct dmarc_report_reader *reader, const char *what,
	    const char *problem)
{
	struct dmarc_report_defect *at;

	for (at = reader->head.defects; at != NULL; at = at->next) {
		const struct found_defect *found =
		    (const struct found_defect *)at;

		if (strcmp(found->what, what) == 0 &&
		    strcmp(found->problem, problem) == 0) {
			at->count++;
			return true;
		}
	}
	return false;
}

static void
add(struct dmarc_report_reader *reader, const char *what, const char *problem,
    struct text example)
{
	struct found_defect *found =
	    arena_new_value(reader->arena, struct found_defect);
	bool quoted = example.len > 0;

	example = utf8_for_log(reader->arena, example, EXAMPLE_BYTES);
	found->what = what;
	found->problem = problem;
	found->shown.text = text_from(arena_printf(
	    reader->arena, "%s %s%s" TEXT_FMT "%s", what, problem,
	    quoted ? ": \"" : "", TEXT_ARG(example), quoted ? "\"" : ""));
	found->shown.count = 1;
	if (in_record(reader))
		found->shown.record = reader->head.totals.records + 1;
	*reader->last_defect = &found->shown;
	reader->last_defect = &found->shown.next;
	reader->head.defect_count++;
}

/* The last place of the list counts all that have none. */
static bool
is_full(const struct dmarc_report_reader *reader)
{
	return reader->head.defect_count >= LIMIT_REPORT_DEFECTS - 1;
}

void
report_defect(struct dmarc_report_reader *reader, const char *what,
	      const char *problem, struct text example)
{
	if (count_again(reader, what, problem))
		return;
	if (!is_full(reader))
		add(reader, what, problem, example);
	else if (!count_again(reader, further, unlisted))
		add(reader, further, unlisted, text_of(NULL, 0));
}

void
report_missing(struct dmarc_report_reader *reader, const char *what)
{
	report_defect(reader, what, "is missing", text_of(NULL, 0));
}

void
report_xml_defect(struct dmarc_report_reader *reader, const char *text)
{
	static const char what[] = "XML:";
	struct text clean = text_from(text);
	char *kept;

	if (count_again(reader, what, text))
		return;
	if (is_full(reader)) {
		report_defect(reader, what, text, text_of(NULL, 0));
		return;
	}
	clean = utf8_for_log(reader->arena, clean, EXAMPLE_BYTES);
	kept = text_string(reader->arena, clean);
	report_defect(reader, what, kept, text_of(NULL, 0));
}
