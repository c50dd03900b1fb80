/* keys_show.c - commands that change nothing */
#include "admin/keys.h"
#include "admin/keys_work.h"
#include "base/arena.h"

static const char *
dns_text(struct keys *keys, const struct key_check *dns)
{
	switch (dns->found) {
	case KEY_FOUND_SAME:
		return arena_printf(keys->arena, "same, %s%s",
				    dns_security_name(dns->security),
				    dns->test ? ", t=y" : "");
	case KEY_FOUND_MISSING:
		return "missing";
	case KEY_FOUND_REVOKED:
		return "revoked";
	case KEY_FOUND_OTHER:
		return arena_printf(keys->arena, "other: %s", dns->why.text);
	case KEY_FOUND_COULD_NOT_ASK:
		return arena_printf(keys->arena, "could not ask: %s",
				    dns->why.text);
	case KEY_FOUND_NOT_ASKED:
		break;
	}
	return "not asked";
}

/* --- list --- */

static const char *
step_text(struct keys *keys, const char *step, const struct key_file *file,
	  uint64_t wait_s)
{
	int64_t left = file->since_s + (int64_t)wait_s - keys->now_s;

	if (left <= 0)
		return arena_printf(keys->arena, "%s now", step);
	return arena_printf(keys->arena, "%s in %s", step,
			    keys_time_text(keys, left));
}

static const char *
next_text(struct keys *keys, const struct key_file *file)
{
	const struct config_keys *settings = &keys->settings;

	switch (file->state) {
	case KEY_MADE:
		return "publish now";
	case KEY_PUBLISHED:
		return step_text(keys, "activate", file, settings->settle_s);
	case KEY_ACTIVE:
		return settings->lifetime_s == 0
			   ? "-"
			   : step_text(keys, "successor", file,
				       settings->lifetime_s);
	case KEY_RETIRED:
		return step_text(keys, "revoke", file, settings->retire_s);
	case KEY_REVOKED:
		return step_text(keys, "delete", file, settings->revoke_s);
	case KEY_NO_STATE:
	case KEY_DELETED:
		break;
	}
	return "-";
}

static void
list_key(struct keys *keys, const struct key_file *file,
	 enum crypto_key_type type, unsigned bits, const char *dns,
	 const char *next)
{
	printf("%-24s %-16s %-9s %6s  %-7s %4u  %-18s %s\n",
	       text_string(keys->arena, file->domain.name),
	       text_string(keys->arena, file->selector),
	       key_state_name(file->state),
	       keys_time_text(keys, keys->now_s - file->since_s),
	       key_type_name(type), bits, next, dns);
}

static bool
has_file(const struct kept_key *first, const struct key_known *known)
{
	for (; first != NULL; first = first->next)
		if (domain_equal(first->file.domain, known->domain) &&
		    text_equal(first->file.selector, known->selector))
			return true;
	return false;
}

static void
list_others(struct keys *keys, const struct kept_key *first)
{
	struct key_known *known;
	struct key_file file;
	struct why why;

	if (keys->pg == NULL)
		return;
	if (key_record_list(keys->pg, keys->arena, keys->domain, &known,
			    &why) != KEY_RECORD_DONE) {
		keys_trouble(keys, NULL,
			     "keys of other hosts are not shown: "
			     "%s",
			     why.text);
		return;
	}
	for (; known != NULL; known = known->next) {
		if (known->state == KEY_DELETED || has_file(first, known))
			continue;
		file = (struct key_file){.domain = known->domain,
					 .selector = known->selector,
					 .state = known->state,
					 .since_s = known->since_s};
		list_key(keys, &file, known->type, known->bits,
			 arena_printf(keys->arena, "on " TEXT_FMT,
				      TEXT_ARG(known->host)),
			 "-");
	}
}

bool
keys_list(struct keys *keys)
{
	struct kept_key *first, *key;
	struct key_check dns;
	bool fine = keys_load(keys, &first);

	printf("%-24s %-16s %-9s %6s  %-7s %4s  %-18s %s\n", "DOMAIN",
	       "SELECTOR", "STATE", "SINCE", "TYPE", "BITS", "NEXT", "DNS");
	for (key = first; key != NULL; key = key->next) {
		dns = keys_ask(keys, key);
		list_key(keys, &key->file, key->type, key->bits,
			 dns_text(keys, &dns), next_text(keys, &key->file));
	}
	list_others(keys, first);
	return fine;
}

/* --- test --- */

enum judgement { TEST_OK, TEST_WRONG, TEST_UNKNOWN };

/* Does the DNS say what the state of the key wants? */
static enum judgement
judge(enum key_state state, enum key_found found)
{
	switch (found) {
	case KEY_FOUND_SAME:
		return state == KEY_REVOKED ? TEST_WRONG : TEST_OK;
	case KEY_FOUND_MISSING:
		return state == KEY_MADE || state == KEY_REVOKED ? TEST_OK
								 : TEST_WRONG;
	case KEY_FOUND_REVOKED:
		return state == KEY_REVOKED ? TEST_OK : TEST_WRONG;
	case KEY_FOUND_OTHER:
		return TEST_WRONG;
	case KEY_FOUND_NOT_ASKED:
	case KEY_FOUND_COULD_NOT_ASK:
		break;
	}
	return TEST_UNKNOWN;
}

static bool
test_key(struct keys *keys, const struct kept_key *key)
{
	static const char *const words[] = {"ok", "WRONG", "unknown"};
	struct key_check dns = keys_ask_all(keys, key);
	enum judgement judgement = judge(key->file.state, dns.found);

	keys->could_not_ask |= judgement == TEST_UNKNOWN;
	keys_say(keys, key, "%s: %s, DNS: %s", words[judgement],
		 key_state_name(key->file.state), dns_text(keys, &dns));
	return judgement != TEST_WRONG;
}

bool
keys_test(struct keys *keys)
{
	struct kept_key *key;
	bool fine = keys_load(keys, &key), any = false;

	for (; key != NULL; key = key->next) {
		if (keys->selector.len > 0 &&
		    !text_equal(key->file.selector, keys->selector))
			continue;
		any = true;
		fine = test_key(keys, key) && fine;
	}
	return any ? fine
		   : keys_trouble(keys, NULL, "there is no such key in %s",
				  keys->store.directory);
}

/* --- zone --- */

bool
keys_zone(struct keys *keys)
{
	struct kept_key *key;
	bool fine = keys_load(keys, &key), revoked;

	for (; key != NULL; key = key->next) {
		if (keys->selector.len > 0 &&
		    !text_equal(key->file.selector, keys->selector))
			continue;
		revoked = key->file.state == KEY_REVOKED;
		printf(TEXT_FMT, TEXT_ARG(keys_zone_line(keys, key, revoked)));
	}
	return fine;
}
