/* cases_rule.c - t/cases/rule
 *
 * ask:  list (the value of the List-Id field), from (the author's address),
 *       dmarc (the domain that passed), verified (domains, by DKIM or SPF),
 *       rules ("KIND VALUE DOMAIN FOLDER", with ';' between them)
 * want: "none", "list" or "from": what moving the message suggests; value,
 *       domain; to (the folder that the rules file it in)
 */
#include "base/arena.h"
#include "base/scan.h"
#include "judge/list_id.h"
#include "judge/rule.h"
#include "t/unit/cases.h"

#define MOST 8

static struct text
take_word(struct scan *in)
{
	scan_blank(in);
	return scan_until(in, ' ');
}

static struct domain
domain_of(struct case_run *run, struct text name)
{
	struct domain domain = {{NULL, 0}};

	domain_parse(run->arena, name, &domain, NULL);
	return domain;
}

static void
read_author(struct case_run *run, struct rule_message *message)
{
	struct text from = case_asked(run, "from");
	size_t at = text_find_last(from, '@');

	if (at == from.len)
		return;
	message->address = rule_address(run->arena, from);
	message->address_domain = domain_of(run, text_skip(from, at + 1));
}

static size_t
read_rules(struct case_run *run, struct rule *rules)
{
	struct scan in, one;
	size_t count = 0;

	scan_init(&in, case_asked(run, "rules"));
	while (!scan_at_end(&in) && count < MOST) {
		struct rule *rule = &rules[count++];

		scan_blank(&in);
		scan_init(&one, scan_until(&in, ';'));
		rule->kind = rule_kind_of(take_word(&one));
		rule->value = take_word(&one);
		rule->domain = domain_of(run, take_word(&one));
		rule->mailbox = text_trim(scan_rest(&one));
	}
	return count;
}

static void
run_rule(struct case_run *run)
{
	struct domain verified[MOST];
	struct rule rules[MOST] = {0}, suggested;
	const struct rule *met;
	struct rule_message message = {.verified = verified};
	struct scan in;

	message.has_list = case_has(run, "list");
	list_id_parse(run->arena, case_asked(run, "list"), &message.list_id,
		      NULL);
	read_author(run, &message);
	message.dmarc = domain_of(run, case_asked(run, "dmarc"));
	scan_init(&in, case_asked(run, "verified"));
	while (!scan_at_end(&in) && message.verified_count < MOST)
		verified[message.verified_count++] =
		    domain_of(run, take_word(&in));
	run->result = rule_suggest(&message, &suggested)
			  ? rule_kind_name(suggested.kind)
			  : "none";
	case_tell(run, "value", suggested.value);
	case_tell(run, "domain", suggested.domain.name);
	met = rule_match(rules, read_rules(run, rules), &message);
	case_tell(run, "to", met != NULL ? met->mailbox : TEXT(""));
}

/* Nothing here asks the DNS. */
static bool
is_better(const char *now, const char *before)
{
	return true;
}

static const char *const keys[] = {"list",     "from",	"dmarc",
				   "verified", "rules", NULL};

const struct case_area case_area_rule = {"rule", keys, run_rule, is_better};
