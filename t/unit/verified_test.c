#include "unit.h"

#include "base/buf.h"
#include "dovecot-plugin/verified.h"

/* "author mail_from helo|dkim dkim"; "-" for what is not set; "nothing" if
 * no field was ours. */
static struct text
describe(struct arena *arena, const char *header)
{
	struct verified verified;
	struct message message;
	struct buf to;
	size_t i;

	message_init(&message, arena);
	message_parse(&message, text_from(header));
	verified_read(arena, &message, TEXT("mx.site.example"), &verified);
	if (!verified.found)
		return TEXT("nothing");
	buf_init(&to, arena, 4096);
	buf_text(&to, domain_is_set(verified.author) ? verified.author.name
						     : TEXT("-"));
	buf_char(&to, ' ');
	buf_text(&to, domain_is_set(verified.mail_from)
			  ? verified.mail_from.name
			  : TEXT("-"));
	buf_char(&to, ' ');
	buf_text(&to,
		 domain_is_set(verified.helo) ? verified.helo.name : TEXT("-"));
	buf_char(&to, '|');
	for (i = 0; i < verified.dkim_count; i++) {
		buf_string(&to, i > 0 ? " " : "");
		buf_text(&to, verified.dkim[i].name);
	}
	return buf_view(&to);
}

static void
passes_count(void **state)
{
	assert_text(
	    describe(*state,
		     "Received: from a by b\r\n"
		     "Authentication-Results: mx.site.example;\r\n"
		     "\tiprev=pass policy.iprev=192.0.2.1 (mail.example.com);"
		     "\r\n\tspf=pass smtp.mailfrom=bounce@Lists.example.com;"
		     "\r\n\tspf=pass smtp.helo=mail.example.com;"
		     "\r\n\tdmarc=pass header.from=example.org;"
		     "\r\n\tdkim=pass (2048-bit key) header.d=example.org"
		     " header.s=s1 header.a=rsa-sha256 header.b=AbCd;"
		     "\r\n\tdkim=pass header.d=EXAMPLE.org. header.s=s2;"
		     "\r\n\tdkim=pass header.d=lists.example.com\r\n"
		     "From: <a@example.org>\r\n\r\n"),
	    "example.org lists.example.com mail.example.com|"
	    "example.org lists.example.com");
	assert_text(describe(*state,
			     "authentication-results: MX.Site.Example.; "
			     "spf=pass smtp.mailfrom=example.com\n\n"),
		    "- example.com -|");
}

static void
nothing_else_counts(void **state)
{
	assert_text(describe(*state, "Subject: x\r\n\r\n"), "nothing");
	assert_text(describe(*state, "Authentication-Results: other.example; "
				     "dkim=pass header.d=a.example\r\n\r\n"),
		    "nothing");
	assert_text(describe(*state, "Authentication-Results: "
				     "dkim=pass header.d=a.example\r\n\r\n"),
		    "nothing");
	assert_text(describe(*state, "Authentication-Results: "
				     "mx.site.example; none\r\n\r\n"),
		    "- - -|");
	assert_text(describe(*state,
			     "Authentication-Results: mx.site.example; "
			     "spf=softfail smtp.mailfrom=a.example; "
			     "dmarc=fail header.from=b.example; "
			     "dkim=temperror header.d=c.example; "
			     "dkim=pass header.i=@d.example; "
			     "dkim=pass header.d=e..example; "
			     "dkim=pass header.d=longname...; "
			     "spf=pass policy.mailfrom=f.example\r\n\r\n"),
		    "- - -|");
}

static void
the_topmost_count(void **state)
{
	/* two fields of one visit, and one of a visit before */
	assert_text(describe(*state, "Received: 1\r\n"
				     "Authentication-Results: mx.site.example; "
				     "dkim=pass header.d=a.example\r\n"
				     "X-Other: x\r\n"
				     "Authentication-Results: mx.site.example; "
				     "spf=pass smtp.mailfrom=b.example\r\n"
				     "Received: 2\r\n"
				     "Authentication-Results: mx.site.example; "
				     "dkim=pass header.d=c.example\r\n\r\n"),
		    "- b.example -|a.example");
	/* a host of ours that looked at nothing is no visit */
	assert_text(describe(*state,
			     "Authentication-Results: mx.site.example; none"
			     "\r\nReceived: 1\r\n"
			     "Authentication-Results: mx.site.example; "
			     "dkim=pass header.d=a.example\r\n\r\n"),
		    "- - -|a.example");
}

static void
domains_are_distinct(void **state)
{
	struct domain domains[VERIFIED_DOMAINS_MOST];
	struct verified verified;
	struct message message;
	struct buf to;
	size_t i;

	buf_init(&to, *state, 16384);
	buf_string(&to, "Authentication-Results: mx.site.example; "
			"spf=pass smtp.mailfrom=d3.example; "
			"spf=pass smtp.helo=mx.example");
	for (i = 0; i < VERIFIED_DKIM_MOST + 5; i++)
		buf_printf(&to, "; dkim=pass header.d=d%zu.example", i);
	buf_string(&to, "\r\n\r\n");
	message_init(&message, *state);
	message_parse(&message, buf_view(&to));
	verified_read(*state, &message, TEXT("mx.site.example"), &verified);
	assert_int_equal(verified.dkim_count, VERIFIED_DKIM_MOST);
	assert_int_equal(verified_domains(&verified, domains),
			 VERIFIED_DKIM_MOST + 1);
	assert_text(domains[0].name, "d0.example");
	assert_text(domains[VERIFIED_DKIM_MOST].name, "mx.example");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(passes_count),
	    arena_unit_test(nothing_else_counts),
	    arena_unit_test(the_topmost_count),
	    arena_unit_test(domains_are_distinct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
