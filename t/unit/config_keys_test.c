#include "unit.h"

#include <unistd.h>

#include "base/why.h"
#include "io/config_common.h"
#include "io/config_keys.h"

static bool
load(struct arena *arena, const char *contents, struct config_keys *keys,
     struct why *why)
{
	char path[] = "/tmp/config_keys_test.XXXXXX";
	int fd = mkstemp(path);
	struct config_source *source;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, contents, strlen(contents)),
			 strlen(contents));
	close(fd);
	source = config_read(arena, path, why);
	unlink(path);
	*keys = (struct config_keys){0};
	return source != NULL && config_keys_fill(arena, source, keys, why) &&
	       config_check(source, config_known_sections, why);
}

static void
defaults_of_an_empty_file(void **state)
{
	struct config_keys keys;
	struct why why;

	if (!load(*state, "", &keys, &why))
		fail_msg("%s", why.text);
	assert_string_equal(keys.directory, SIGNET_SYSCONFDIR "/keys");
	assert_string_equal(keys.group, "signet-sign");
	assert_int_equal(keys.types, KEYS_TYPE_RSA);
	assert_int_equal(keys.bits, 2048);
	assert_true(keys.record);
	assert_int_equal(keys.publish, KEYS_PUBLISH_NONE);
	assert_int_equal(keys.lifetime_s, 180 * 86400);
	assert_int_equal(keys.ttl_s, 3600);
	assert_null(keys.nsupdate_server);
	assert_null(keys.hook);
}

static void
what_is_written_counts(void **state)
{
	struct config_keys keys;
	struct why why;

	if (!load(*state,
		  "[keys]\ntypes = rsa, ed25519\npublish = nsupdate\n"
		  "nsupdate_server = ::1@5353\nnsupdate_zone = example.org\n"
		  "nsupdate_key = /etc/signet/tsig.key\nrecord = no\n"
		  "servers = 192.0.2.1 192.0.2.2@53\nsettle = 2h\n",
		  &keys, &why))
		fail_msg("%s", why.text);
	assert_int_equal(keys.types, KEYS_TYPE_RSA | KEYS_TYPE_ED25519);
	assert_int_equal(keys.publish, KEYS_PUBLISH_NSUPDATE);
	assert_string_equal(keys.nsupdate_key, "/etc/signet/tsig.key");
	assert_int_equal(keys.servers.count, 2);
	assert_int_equal(keys.settle_s, 7200);
	assert_false(keys.record);
}

static void
mistakes_are_named(void **state)
{
	static const char *const wrong[][2] = {
	    {"directory = keys", "is no path from the root"},
	    {"publish = hook", "needs a program"},
	    {"publish = hook\nhook = update", "is no path from the root"},
	    {"bits = 1024", "too little"},
	    {"types = none", "none is no type"},
	    {"types = dsa", "is not known here"},
	    {"servers = 192.0.2.1, dns.example", "\"dns.example\" is no addr"},
	    {"nsupdate_server = dns.example", "is no address"},
	    {"nsupdate_zone = a..b", "is no domain"},
	    {"nsupdate_key = tsig", "is no path from the root"},
	    {"reload = systemctl reload signet-sign", "is no path from"},
	    {"selector = x", "there is no option"},
	};
	struct config_keys keys;
	struct why why;
	char text[200];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(text, sizeof(text), "[keys]\n%s\n", wrong[i][0]);
		if (load(*state, text, &keys, &why))
			fail_msg("%s was taken", wrong[i][0]);
		if (strstr(why.text, wrong[i][1]) == NULL)
			fail_msg("%s: %s", wrong[i][0], why.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(defaults_of_an_empty_file),
	    arena_unit_test(what_is_written_counts),
	    arena_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
