#include "unit.h"

#include "base/why.h"
#include "io/config_domain.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct config_source *
read_config(struct arena *arena, const char *text)
{
	char path[] = "/tmp/signet-config-domain-XXXXXX";
	struct config_source *source;
	struct why why;
	int file = mkstemp(path);

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)),
			 (ssize_t)strlen(text));
	close(file);
	source = config_read(arena, path, &why);
	unlink(path);
	if (source == NULL)
		fail_msg("%s", why.text);
	return source;
}

static struct domain
domain_of(struct arena *arena, const char *name)
{
	struct domain domain;

	assert_true(domain_parse(arena, text_from(name), &domain, NULL));
	return domain;
}

static void
one_section_for_all_and_one_for_each(void **state)
{
	struct config_source *source = read_config(
	    *state, "[domain]\ndmarc_rua = a@B\xc3\xbc\x63her.Example\n"
		    "tlsrpt_rua = t@b.example\nmx = MX.b.example\n"
		    "[domain Example.ORG]\ndmarc_policy = reject\n"
		    "dmarc_rua = c@d.example, e@f.example\n"
		    "host_tlsrpt_rua = h@b.example\n");
	struct config_domain options;
	const struct domain *names;
	size_t count;

	assert_true(config_domain_fill(*state, source,
				       domain_of(*state, "other.example"),
				       &options, NULL));
	assert_int_equal(options.dmarc_policy, DOMAIN_POLICY_NONE);
	assert_string_equal(options.dmarc_rua.values[0],
			    "a@xn--bcher-kva.example");
	assert_string_equal(options.host_tlsrpt_rua.values[0], "t@b.example");
	assert_string_equal(options.mx.values[0], "mx.b.example");
	assert_true(config_domain_fill(
	    *state, source, domain_of(*state, "example.org"), &options, NULL));
	assert_int_equal(options.dmarc_policy, DOMAIN_POLICY_REJECT);
	assert_int_equal(options.dmarc_rua.count, 2);
	assert_string_equal(options.host_tlsrpt_rua.values[0], "h@b.example");
	assert_true(config_domain_names(*state, source, &names, &count, NULL));
	assert_int_equal(count, 1);
	assert_text(names[0].name, "example.org");
}

static void
what_is_wrong(void **state)
{
	static const char *const wrong[] = {
	    "[domain]\nmx = a..b\n",
	    "[domain]\nspf_include = a@b\n",
	    "[domain]\ndmarc_rua = nobody\n",
	    "[domain]\ndmarc_ruf = @b.example\n",
	    "[domain]\ntlsrpt_rua = a@\n",
	    "[domain]\nhost_tlsrpt_rua = a@b@c..d\n",
	    "[domain]\nmta_sts_max_age = 10s\n",
	    "[domain]\nmta_sts = maybe\n",
	    "[domain a.example]\nmx = a..b\n",
	};
	struct config_source *source;
	struct config_domain options;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		source = read_config(*state, wrong[i]);
		if (config_domain_fill(*state, source,
				       domain_of(*state, "a.example"), &options,
				       &why))
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_non_null(strstr(why.text, ":2: "));
	}
}

static void
sections_of_no_domain(void **state)
{
	const struct domain *names;
	struct why why;
	size_t count;

	assert_false(config_domain_names(
	    *state, read_config(*state, "[domain a..b]\nmx = c.example\n"),
	    &names, &count, &why));
	assert_false(config_domain_names(
	    *state, read_config(*state, "[domain a.b]\nmx = c..example\n"),
	    &names, &count, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(one_section_for_all_and_one_for_each),
	    arena_unit_test(what_is_wrong),
	    arena_unit_test(sections_of_no_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
