#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "admin/key_publish.h"
#include "base/why.h"

static const struct text name = TEXT_INIT("s._domainkey.example.org");

static void
what_nsupdate_reads(void **state)
{
	struct config_keys settings = {.nsupdate_server = "192.0.2.53@5353",
				       .nsupdate_zone = "example.org",
				       .ttl_s = 3600};
	struct text text = TEXT("v=DKIM1; p=\"\n;");

	assert_text(key_publish_script(*state, &settings, name, &text),
		    "server 192.0.2.53 5353\n"
		    "zone example.org\n"
		    "update delete s._domainkey.example.org. TXT\n"
		    "update add s._domainkey.example.org. 3600 TXT "
		    "\"v=DKIM1; p=\\\"\\010;\"\n"
		    "send\n");
	settings.nsupdate_server = "::1";
	settings.nsupdate_zone = NULL;
	assert_text(key_publish_script(*state, &settings, name, NULL),
		    "server ::1\n"
		    "update delete s._domainkey.example.org. TXT\n"
		    "send\n");
	settings.nsupdate_server = NULL;
	assert_text(key_publish_script(*state, &settings, name, NULL),
		    "update delete s._domainkey.example.org. TXT\nsend\n");
}

/* A hook that says this and ends. */
static struct config_keys
hook(struct arena *arena, const char *body)
{
	char *path = arena_printf(arena, "/tmp/key_publish_test.XXXXXX");
	int fd = mkstemp(path);
	const char *text = arena_printf(arena, "#!/bin/sh\n%s\n", body);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	fchmod(fd, 0700);
	close(fd);
	return (struct config_keys){.publish = KEYS_PUBLISH_HOOK,
				    .ttl_s = 60,
				    .publish_timeout_s = 20,
				    .hook = path};
}

static void
a_hook_gets_arguments_and_no_shell(void **state)
{
	struct config_keys settings =
	    hook(*state, "test $# = 4 && test \"$1\" = add && test \"$2\" = "
			 "s._domainkey.example.org && test \"$3\" = 60 && "
			 "test \"$4\" = 'v=DKIM1; p=$(id) `id`'");
	struct text text = TEXT("v=DKIM1; p=$(id) `id`");
	struct why why;

	if (!key_publish(*state, &settings, name, &text, &why))
		fail_msg("%s", why.text);
	assert_false(key_publish(*state, &settings, name, NULL, &why));
	unlink(settings.hook);
}

static void
what_a_hook_said_when_it_failed(void **state)
{
	struct config_keys settings = hook(*state, "echo no such zone >&2\n"
						   "printf 'x\\033y\\n'\n"
						   "exit 4");
	struct why why;

	assert_false(key_publish(*state, &settings, name, NULL, &why));
	if (strstr(why.text, "ended with status 4: no such zone x?y") == NULL)
		fail_msg("%s", why.text);
	unlink(settings.hook);
}

static void
a_hook_has_not_for_ever(void **state)
{
	struct config_keys settings = hook(*state, "exec sleep 60");
	struct why why;

	settings.publish_timeout_s = 0;
	assert_false(key_publish(*state, &settings, name, NULL, &why));
	assert_non_null(strstr(why.text, "did not end in 0 s"));
	unlink(settings.hook);
}

static void
nobody_to_do_it(void **state)
{
	struct config_keys settings = {.publish = KEYS_PUBLISH_NONE};
	struct why why;

	assert_false(key_publish(*state, &settings, name, NULL, &why));
	assert_non_null(strstr(why.text, "publish = none"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(what_nsupdate_reads),
	    arena_unit_test(a_hook_gets_arguments_and_no_shell),
	    arena_unit_test(what_a_hook_said_when_it_failed),
	    arena_unit_test(a_hook_has_not_for_ever),
	    arena_unit_test(nobody_to_do_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
