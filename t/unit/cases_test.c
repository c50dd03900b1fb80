/* cases_test.c - runs the case files of t/cases (format: t/cases/README)
 *
 *	cases_test [FILE.case ...]
 *
 * Without arguments all of $SIGNET_SOURCE/t/cases.
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>

#include "base/dns_zone.h"
#include "base/why.h"
#include "t/unit/cases.h"

#define FILES_MAX 4000
#define FILE_BYTES_MAX 200000

static const struct case_area *const areas[] = {
    &case_area_dkim,
    &case_area_dmarc,
    &case_area_from,
    &case_area_iprev,
    &case_area_results,
    &case_area_rule,
    &case_area_spf,
    &case_area_tls,
};

static struct CMUnitTest tests[FILES_MAX];
static size_t test_count;

static struct text
read_file(struct arena *arena, const char *path)
{
	char *bytes = arena_bytes(arena, FILE_BYTES_MAX);
	FILE *file = fopen(path, "rb");
	size_t got;

	if (file == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	got = fread(bytes, 1, FILE_BYTES_MAX, file);
	assert_true(got < FILE_BYTES_MAX);
	fclose(file);
	return text_of(bytes, got);
}

/* The folder of a file names its area. */
static const struct case_area *
area_of(struct text path)
{
	struct text folder = text_first(path, text_find_last(path, '/'));
	size_t i, slash = text_find_last(folder, '/');

	if (slash < folder.len)
		folder = text_skip(folder, slash + 1);
	for (i = 0; i < sizeof(areas) / sizeof(*areas); i++)
		if (text_equal(folder, text_from(areas[i]->name)))
			return areas[i];
	fail_msg(TEXT_FMT ": no handler for this folder", TEXT_ARG(path));
	return NULL;
}

static void
check_keys(const struct case_area *area, const struct case_one *one,
	   const char *path)
{
	const struct case_pair *pair;
	size_t i;

	for (pair = one->ask; pair != NULL; pair = pair->next) {
		for (i = 0; area->keys[i] != NULL; i++)
			if (text_equal(pair->key, text_from(area->keys[i])))
				break;
		if (area->keys[i] == NULL)
			fail_msg("%s:%u: no key \"" TEXT_FMT "\" in ask", path,
				 one->line, TEXT_ARG(pair->key));
	}
}

/* Asks with question number `failing` in vain; -1 for none. */
static struct case_run
ask(struct arena *arena, const struct case_area *area, struct dns_zone *zone,
    const struct case_one *one, int failing)
{
	struct case_run run = {
	    .arena = arena,
	    .resolver = dns_zone_resolver(zone),
	    .ask = one->ask,
	};

	dns_zone_fail_question(zone, failing);
	area->run(&run);
	assert_non_null(run.result);
	return run;
}

static void
check_answer(const struct case_run *run, const struct case_one *one,
	     const char *path)
{
	const struct case_pair *want, *got;

	if (!text_equal(one->want, text_from(run->result)))
		fail_msg("%s:%u: got %s, want " TEXT_FMT, path, one->line,
			 run->result, TEXT_ARG(one->want));
	for (want = one->details; want != NULL; want = want->next) {
		got =
		    case_find(run->details, text_string(run->arena, want->key));
		if (got == NULL)
			fail_msg("%s:%u: no \"" TEXT_FMT "\" is told", path,
				 one->line, TEXT_ARG(want->key));
		if (!text_equal(got->value, want->value))
			fail_msg("%s:%u: got " TEXT_FMT "=\"" TEXT_FMT
				 "\", want \"" TEXT_FMT "\"",
				 path, one->line, TEXT_ARG(want->key),
				 TEXT_ARG(got->value), TEXT_ARG(want->value));
	}
}

/* No failing question makes anything better. */
static void
fail_each_question(const struct case_area *area, struct dns_zone *zone,
		   const struct case_one *one, unsigned questions,
		   const char *before, const char *path)
{
	struct arena *arena = arena_new();
	const char *now;
	unsigned i;

	for (i = 0; i < questions; i++) {
		now = ask(arena, area, zone, one, (int)i).result;
		if (strcmp(now, before) != 0 && strcmp(now, "temperror") != 0 &&
		    area->is_better(now, before))
			fail_msg("%s:%u: %s is %s when question %u fails", path,
				 one->line, before, now, i);
		arena_reset(arena);
	}
	arena_free(arena);
}

static void
run_case_file(void **state)
{
	const char *path = *state;
	const struct case_area *area = area_of(text_from(path));
	struct arena *arena = arena_new();
	struct case_file file;
	struct case_one *one;
	struct case_run run;
	struct dns_zone *zone;
	struct why why;

	if (!case_file_read(arena, read_file(arena, path), &file, &why))
		fail_msg("%s: %s", path, why.text);
	zone = dns_zone_parse(arena, file.zone, &why);
	if (zone == NULL)
		fail_msg("%s: zone: %s", path, why.text);
	for (one = file.first; one != NULL; one = one->next) {
		check_keys(area, one, path);
		run = ask(arena, area, zone, one, -1);
		check_answer(&run, one, path);
		fail_each_question(area, zone, one, dns_zone_questions(zone),
				   run.result, path);
	}
	arena_free(arena);
}

static void
add_file(struct arena *arena, const char *path)
{
	struct CMUnitTest *test = &tests[test_count++];

	assert_true(test_count < FILES_MAX);
	test->name = arena_printf(arena, "%s", path);
	test->test_func = run_case_file;
	test->initial_state = (void *)(uintptr_t)test->name;
}

static void
add_area(struct arena *arena, const char *top, const char *name)
{
	const char *folder = arena_printf(arena, "%s/t/cases/%s", top, name);
	size_t before = test_count;
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (text_ends_nocase(text_from(entry->d_name), TEXT(".case")))
			add_file(arena, arena_printf(arena, "%s/%s", folder,
						     entry->d_name));
	if (dir != NULL)
		closedir(dir);
	if (test_count > before)
		return;
	fprintf(stderr, "%s: no case files\n", folder);
	exit(1);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct CMUnitTest *)a)->name,
		      ((const struct CMUnitTest *)b)->name);
}

int
main(int argc, char **argv)
{
	const char *top = getenv("SIGNET_SOURCE");
	struct arena *arena = arena_new();
	int failed, i;

	for (i = 1; i < argc; i++)
		add_file(arena, argv[i]);
	for (i = 0; argc < 2 && i < (int)(sizeof(areas) / sizeof(*areas)); i++)
		add_area(arena, top != NULL ? top : ".", areas[i]->name);
	qsort(tests, test_count, sizeof(*tests), by_name);
	failed =
	    _cmocka_run_group_tests("cases", tests, test_count, NULL, NULL);
	arena_free(arena);
	return failed;
}
