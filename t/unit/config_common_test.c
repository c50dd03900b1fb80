#include "unit.h"

#include <unistd.h>

#include "base/why.h"
#include "io/config_common.h"

static bool
load(struct arena *arena, const char *contents, struct config_common *common,
     struct why *why)
{
	char path[] = "/tmp/config_common_test.XXXXXX";
	int fd = mkstemp(path);
	struct config_source *source;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, contents, strlen(contents)),
			 strlen(contents));
	close(fd);
	source = config_read(arena, path, why);
	unlink(path);
	return source != NULL &&
	       config_common_fill(arena, source, common, why) &&
	       config_check(source, config_known_sections, why);
}

static void
defaults_of_an_empty_file(void **state)
{
	struct config_common common;
	struct spool_options spool;
	struct why why;

	if (!load(*state, "", &common, &why))
		fail_msg("%s", why.text);
	assert_true(strlen(common.hostname) > 0);
	assert_string_equal(common.spool_directory, SIGNET_SPOOLDIR);
	assert_string_equal(config_common_log(&common), "auto");
	assert_int_equal(common.dns_timeout_s, 20);
	assert_int_equal(common.forward.count, 0);
	assert_string_equal(common.conninfo, "dbname=signet");
	spool = config_common_spool(&common, "prog");
	assert_int_equal(spool.sync, SPOOL_SYNC_SECOND);
	assert_int_equal(spool.most_bytes, 10ull << 30);
	assert_string_equal(spool.program, "prog");
	assert_string_equal(spool.host, common.hostname);
}

static void
what_is_written_counts(void **state)
{
	struct config_common common;
	struct why why;

	if (!load(*state,
		  "[common]\nhostname = MX1.Example.Org\nlog = journal\n"
		  "spool_sync = never\ndebug = on\n"
		  "[dns]\nforward = 127.0.0.1@5353 ::1\n"
		  "[database]\nconninfo = host=a,b dbname=x\n",
		  &common, &why))
		fail_msg("%s", why.text);
	assert_string_equal(common.hostname, "mx1.example.org");
	assert_string_equal(config_common_log(&common), "stderr-journal");
	assert_int_equal(common.spool_sync, SPOOL_SYNC_NEVER);
	assert_true(common.debug);
	assert_int_equal(common.forward.count, 2);
	assert_string_equal(common.conninfo, "host=a,b dbname=x");
}

static void
wrong_values(void **state)
{
	static const char *const forwards[] = {"dns.example", "127.0.0.1@",
					       "127.0.0.1@0", "@53",
					       "127.0.0.1@65536"};
	struct config_common common;
	char file[128];
	struct why why;

	for (size_t i = 0; i < sizeof(forwards) / sizeof(forwards[0]); i++) {
		snprintf(file, sizeof(file), "[dns]\nforward = %s\n",
			 forwards[i]);
		assert_false(load(*state, file, &common, &why));
		assert_non_null(strstr(why.text, "write ADDRESS"));
	}
	assert_false(load(*state, "[common]\nhostname = a b\n", &common, &why));
	assert_non_null(strstr(why.text, ":2: hostname: \"a b\" is no host name"));
	assert_false(load(*state, "[dns]\ntimeout = 10m\n", &common, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(defaults_of_an_empty_file),
	    arena_unit_test(what_is_written_counts),
	    arena_unit_test(wrong_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
