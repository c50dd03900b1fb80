/* cases_dkim.c - t/cases/dkim
 *
 * A message from ann@example.com is signed with the Ed25519 key of RFC 8463,
 * whose p= is 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=, and verified.
 *
 * ask:  tags (of the signature, instead of the usual ones; bh=@ and b=@ are
 *       filled in), more (tags besides the usual ones), above (fields put on
 *       top after signing, each ended by "|"), below (text put behind the
 *       body after signing), now (seconds)
 * want: a result of RFC 8601 section 2.7.1; domain, selector, identity, test,
 *       security, reason, questions (sent in all)
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/dns_memo.h"
#include "t/unit/cases.h"
#include "t/unit/dkim_bench.h"

#define USUAL                                                                  \
	"v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=s1; "      \
	"h=from:to:subject; bh=@; b=@"

static const char message[] = "From: Ann <ann@example.com>\r\n"
			      "To: bob@example.net\r\n"
			      "Subject: case\r\n"
			      "\r\n"
			      "Hello\r\n";

static const char *
signed_message(struct case_run *run)
{
	struct text tags = case_asked_or(run, "tags", USUAL);
	struct text above = case_asked(run, "above");
	struct text below = case_asked(run, "below");
	struct buf raw;
	size_t i;

	buf_init(&raw, run->arena, 100000);
	buf_text(&raw, tags);
	if (case_has(run, "more")) {
		buf_string(&raw, "; ");
		buf_text(&raw, case_asked(run, "more"));
	}
	tags = text_from(test_sign(
	    run->arena, test_key_rfc8463(run->arena), "DKIM-Signature",
	    text_string(run->arena, buf_view(&raw)), message));
	buf_clear(&raw);
	for (i = 0; i < above.len; i++)
		if (above.at[i] == '|')
			buf_string(&raw, "\r\n");
		else
			buf_char(&raw, above.at[i]);
	buf_text(&raw, tags);
	buf_text(&raw, below);
	return buf_cstring(&raw);
}

static void
run_dkim(struct case_run *run)
{
	struct dns_memo *memo = dns_memo_new(run->arena, run->resolver);
	const struct dkim_signature_result *result;
	struct test_verified verified;
	uint64_t now = 1700000000;

	text_to_u64(case_asked(run, "now"), INT64_MAX, &now);
	verified = test_verify_with(run->arena, dns_memo_resolver(memo),
				    signed_message(run), "example.com",
				    &test_options, (int64_t)now);
	result = &verified.results[0];
	run->result = dkim_result_name(result->result);
	case_tell(run, "domain", result->domain.name);
	case_tell(run, "selector", result->selector);
	case_tell(run, "identity", result->identity);
	case_tell(run, "test", result->test_key ? TEXT("yes") : TEXT("no"));
	case_tell(run, "security",
		  text_from(dns_security_name(result->security)));
	case_tell(run, "reason", text_from(result->reason));
	case_tell(
	    run, "questions",
	    text_from(arena_printf(run->arena, "%zu", dns_memo_count(memo))));
}

/* Nothing but a pass speaks for the sender. */
static bool
is_better(const char *now, const char *before)
{
	return strcmp(now, "pass") == 0;
}

static const char *const keys[] = {"tags",  "more", "above",
				   "below", "now",  NULL};

const struct case_area case_area_dkim = {"dkim", keys, run_dkim, is_better};
