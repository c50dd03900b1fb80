#include "unit.h"

#include <unistd.h>

#include "base/why.h"
#include "io/config.h"

static char path[64];

static int
make_file(void **state)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/config_test.XXXXXX");
	fd = mkstemp(path);
	close(fd);
	return fd < 0 ? -1 : unit_arena_new(state);
}

static int
remove_file(void **state)
{
	unlink(path);
	return unit_arena_free(state);
}

static void
write_file(const char *contents, size_t length)
{
	FILE *file = fopen(path, "w");

	fwrite(contents, 1, length, file);
	fclose(file);
}

struct settings {
	const char *string;
	struct config_strings strings;
	bool flag;
	uint64_t count, seconds, bytes;
	int word;
	unsigned words;
	struct config_networks networks;
};

static const char *const colours[] = {"red", "green", "blue", NULL};

#define ROW(member, kind, value)                                               \
	.section = "milter", .name = #member, .type = kind,                    \
	.offset = offsetof(struct settings, member), .otherwise = value

static const struct config_option table[] = {
    {ROW(string, CONFIG_STRING, "default")},
    {ROW(strings, CONFIG_STRINGS, "a b")},
    {ROW(flag, CONFIG_BOOL, "no")},
    {ROW(count, CONFIG_UINT, "5"), .least = 2, .most = 10,
     .help = "fingers of one hand are enough"},
    {ROW(seconds, CONFIG_SECONDS, "20s")},
    {ROW(bytes, CONFIG_BYTES, "64K")},
    {ROW(word, CONFIG_WORD, "green"), .words = colours},
    {ROW(words, CONFIG_WORDS, "red, blue"), .words = colours},
    {ROW(networks, CONFIG_NETWORKS, NULL)},
    {.section = NULL},
};

static const char *const known[] = {"common", "milter", "load", NULL};

/* Reads, fills and checks; false with the reason, which names the file by
 * "F". */
static bool
load(struct arena *arena, const char *contents, const char *name,
     struct settings *settings, struct why *why)
{
	struct config_source *source;
	char *at;

	write_file(contents, strlen(contents));
	source = config_read(arena, path, why);
	if (source != NULL &&
	    config_fill(source, table, "milter", name, settings, why) &&
	    config_check(source, known, why))
		return true;
	at = strstr(why->text, path);
	if (at != NULL) {
		size_t rest = strlen(at + strlen(path)) + 1;

		*at = 'F';
		memmove(at + 1, at + strlen(path), rest);
	}
	return false;
}

static struct settings
loaded(struct arena *arena, const char *contents, const char *name)
{
	struct settings settings;
	struct why why;

	if (!load(arena, contents, name, &settings, &why))
		fail_msg("%s", why.text);
	return settings;
}

static void
refused(struct arena *arena, const char *contents, const char *reason)
{
	struct settings settings;
	struct why why;

	assert_false(load(arena, contents, NULL, &settings, &why));
	assert_string_equal(why.text, reason);
}

static void
defaults(void **state)
{
	struct settings settings = loaded(*state, "", NULL);

	assert_string_equal(settings.string, "default");
	assert_int_equal(settings.strings.count, 2);
	assert_string_equal(settings.strings.values[1], "b");
	assert_false(settings.flag);
	assert_int_equal(settings.count, 5);
	assert_int_equal(settings.seconds, 20);
	assert_int_equal(settings.bytes, 65536);
	assert_int_equal(settings.word, 1);
	assert_int_equal(settings.words, 5);
	assert_int_equal(settings.networks.count, 0);
}

static void
every_type(void **state)
{
	struct settings settings =
	    loaded(*state,
		   "\xef\xbb\xbf# comment\r\n"
		   "; comment\n"
		   "  [milter]\n"
		   "string = with spaces = and more ; comment\n"
		   "   strings = x,y  z\n"
		   "strings=w\n"
		   "flag: YES\n"
		   "count = 10\n"
		   "seconds = 2h\n"
		   "bytes = 3 G\n"
		   "word = Blue\n"
		   "words = none\n"
		   "networks = 192.0.2.0/24, 2001:db8::/32\n"
		   "networks = 10.0.0.1\n"
		   "[load]\n"
		   "whatever = others read this\n",
		   NULL);

	assert_string_equal(settings.string, "with spaces = and more");
	assert_int_equal(settings.strings.count, 4);
	assert_string_equal(settings.strings.values[3], "w");
	assert_true(settings.flag);
	assert_int_equal(settings.count, 10);
	assert_int_equal(settings.seconds, 7200);
	assert_int_equal(settings.bytes, 3ull << 30);
	assert_int_equal(settings.word, 2);
	assert_int_equal(settings.words, 0);
	assert_int_equal(settings.networks.count, 3);
	assert_int_equal(settings.networks.values[2].bits, 32);
}

static void
named_section_wins(void **state)
{
	static const char file[] = "[milter]\n"
				   "string = all\n"
				   "strings = one\n"
				   "count = 3\n"
				   "[milter in]\n"
				   "strings = two\n"
				   "count = 4\n"
				   "[milter out]\n";
	struct settings settings = loaded(*state, file, "in");
	struct config_source *source;
	const char *const *names;

	assert_string_equal(settings.string, "all");
	assert_int_equal(settings.count, 4);
	assert_int_equal(settings.strings.count, 1);
	assert_string_equal(settings.strings.values[0], "two");
	source = config_read(*state, path, NULL);
	assert_int_equal(config_names(source, "milter", &names), 2);
	assert_string_equal(names[0], "in");
	assert_string_equal(names[1], "out");
	assert_int_equal(config_names(source, "load", &names), 0);
}

static void
errors_name_line_and_remedy(void **state)
{
	refused(*state, "[milter]\ncount = 1\n",
		"F:2: count: \"1\" is too little; write at least 2; fingers "
		"of one hand are enough");
	refused(*state, "[milter]\n\ncount = 11\n",
		"F:3: count: \"11\" is too much; write at most 10; fingers of "
		"one hand are enough");
	refused(*state, "[milter]\nseconds = 20x\n",
		"F:2: seconds: \"20x\" is no time; write a number with s, m, h "
		"or d, such as 20s");
	refused(*state, "[milter]\nbytes = 99999999999999999999\n",
		"F:2: bytes: \"99999999999999999999\" is no size; write a "
		"number with K, M or G, such as 10M");
	refused(*state, "[milter]\nflag = maybe\n",
		"F:2: flag: \"maybe\" is neither yes nor no; write yes or no");
	refused(*state, "[milter]\nword = yellow\n",
		"F:2: word: \"yellow\" is not known here; write red, green or "
		"blue");
	refused(*state, "[milter]\nwords = red yellow\n",
		"F:2: words: \"yellow\" is not known here; write red, green "
		"or blue");
	refused(*state, "[milter]\nnetworks = 192.0.2.1/24\n",
		"F:2: networks: \"192.0.2.1/24\" is no network; write "
		"ADDRESS/BITS with all host bits zero, such as 192.0.2.0/24 "
		"or 2001:db8::/32");
	refused(*state, "[milter]\nflag =\n", "F:2: flag: there is no value");
	refused(*state, "[milter]\nflag = yes\n\nflag = no\n",
		"F:4: flag stands in line 2 already; write it once");
}

static void
nearest_name_is_told(void **state)
{
	refused(*state, "[milter]\ncolour = 1\nconut = 3\n",
		"F:2: there is no option \"colour\" in [milter]; write count");
	refused(*state, "[milter]\nsecnods = 3\n",
		"F:2: there is no option \"secnods\" in [milter]; write "
		"seconds");
	refused(*state, "[miltre]\ncount = 3\n",
		"F:1: no program knows section [miltre]; write [milter]");
	refused(*state, "[milter in]\ncount = 3\n",
		"F:2: section [milter in] takes no name; write [milter]");
}

static void
prints_what_differs(void **state)
{
	char printed[512] = "";
	struct config_source *source;
	int kept = dup(STDOUT_FILENO), ends[2];
	struct settings settings;

	loaded(*state,
	       "[milter]\nstring = default\ncount = 7\nseconds = 1200\n"
	       "bytes = 65536\n[milter in]\nstrings = b\nstrings = a\n"
	       "words = blue red\n",
	       "in");
	source = config_read(*state, path, NULL);
	assert_true(
	    config_fill(source, table, "milter", "in", &settings, NULL));
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	config_print_changed(source, table);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(ends[1]);
	assert_true(read(ends[0], printed, sizeof(printed) - 1) > 0);
	close(ends[0]);
	assert_string_equal(printed, "[milter]\ncount = 7\nseconds = 1200\n"
				     "[milter in]\nstrings = b\nstrings = "
				     "a\n");
}

#define file_test(f) cmocka_unit_test_setup_teardown(f, make_file, remove_file)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    file_test(defaults),
	    file_test(every_type),
	    file_test(named_section_wins),
	    file_test(errors_name_line_and_remedy),
	    file_test(nearest_name_is_told),
	    file_test(prints_what_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
