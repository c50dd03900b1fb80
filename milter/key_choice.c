#include "milter/key_choice.h"

#include "base/arena.h"
#include "base/buf.h"
#include "milter/key_named.h"

/* One address that may have a key. */
struct candidate {
	struct text user;
	struct domain domain;
};

struct search {
	struct arena *arena;
	const struct key_store *store;
	const struct sign_options *options;
	struct text login;
	struct key_choice *choice;
};

/* --- what is written into i= --- */

static struct text
identity_for(const struct search *search, const struct candidate *who,
	     struct domain domain)
{
	bool within = domain_is_within(who->domain, domain);

	switch ((enum sign_identity)search->options->identity) {
	case IDENTITY_NONE:
		break;
	case IDENTITY_DOMAIN:
		return text_from(arena_printf(
		    search->arena, "@" TEXT_FMT,
		    TEXT_ARG(within ? who->domain.name : domain.name)));
	case IDENTITY_AUTHOR:
		if (within)
			return text_from(arena_printf(
			    search->arena, TEXT_FMT "@" TEXT_FMT,
			    TEXT_ARG(who->user), TEXT_ARG(who->domain.name)));
		break;
	}
	return TEXT("");
}

/* OpenDKIM: the second field of the signing table, '%' being the author's
 * domain, and nothing if it lies outside d=. */
static struct text
table_identity(const struct search *search, const struct candidate *who,
	       struct domain domain, struct text signer)
{
	struct domain own;
	struct buf to;
	size_t i;

	if (signer.len == 0)
		return identity_for(search, who, domain);
	buf_init(&to, search->arena, LIMIT_ADDRESS_BYTES);
	if (!text_has(signer, '@'))
		buf_char(&to, '@');
	for (i = 0; i < signer.len; i++)
		if (signer.at[i] == '%')
			buf_text(&to, who->domain.name);
		else
			buf_char(&to, signer.at[i]);
	if (!buf_ok(&to) ||
	    !domain_parse(search->arena,
			  text_skip(buf_view(&to),
				    text_find_last(buf_view(&to), '@') + 1),
			  &own, NULL) ||
	    !domain_is_within(own, domain))
		return TEXT("");
	return buf_view(&to);
}

/* --- taking keys --- */

static void
take(struct search *search, struct signing_key *key, struct domain domain,
     struct text identity)
{
	struct key_choice *choice = search->choice;
	struct chosen_key *chosen;

	if (choice->count == LIMIT_SIGNATURES)
		return;
	chosen = &choice->keys[choice->count++];
	chosen->key = key;
	chosen->domain = domain;
	chosen->identity = identity;
	if (search->options->check_dns == DNS_CHECK_SKIP)
		chosen->skipped = signing_key_dns(key) == KEY_DNS_MISSING ||
				  signing_key_dns(key) == KEY_DNS_OTHER;
}

static bool
is_wanted(const struct sign_rule *rule, const struct signing_key *key)
{
	size_t i;

	if (rule == NULL || rule->selector_count == 0)
		return true;
	for (i = 0; i < rule->selector_count; i++)
		if (text_equal_nocase(rule->selectors[i], key->selector))
			return true;
	return false;
}

static bool
take_directory(struct search *search, const struct candidate *who,
	       struct domain domain, const struct sign_rule *rule)
{
	struct signing_key *const *keys;
	size_t count = key_store_find(search->store, domain, &keys), i;

	for (i = 0; i < count; i++)
		if (is_wanted(rule, keys[i]))
			take(search, keys[i], domain,
			     identity_for(search, who, domain));
	return search->choice->count > 0;
}

static bool
try_directory(struct search *search, const struct candidate *who)
{
	struct domain domain = who->domain;

	do {
		if (take_directory(search, who, domain, NULL)) {
			search->choice->how =
			    arena_printf(search->arena, "key of " TEXT_FMT "%s",
					 TEXT_ARG(domain.name),
					 domain_equal(domain, who->domain)
					     ? ""
					     : ", by parent_keys");
			return true;
		}
		domain = domain_parent(domain);
	} while (search->options->parent_keys && domain_labels(domain) > 1);
	return false;
}

/* False: the rules have nothing to say. */
static bool
try_rules(struct search *search, const struct candidate *who)
{
	const struct sign_rule *rule =
	    sign_rules_match(&search->store->rules, search->arena, who->user,
			     who->domain.name, search->login);

	if (rule == NULL)
		return false;
	search->choice->how = arena_printf(search->arena, "%s:%u",
					   search->options->rules, rule->line);
	if (domain_is_set(rule->domain))
		take_directory(search, who, rule->domain, rule);
	else
		search->choice->why_not = "rule";
	return true;
}

static bool
try_tables(struct search *search, const struct candidate *who)
{
	const struct signing_entry *found[LIMIT_SIGNATURES];
	size_t count, i;

	if (!search->store->has_tables)
		return false;
	count = signing_table_match(&search->store->signing_table,
				    search->arena, who->user, who->domain.name,
				    search->options->multiple_signatures, found,
				    LIMIT_SIGNATURES);
	for (i = 0; i < count; i++) {
		struct text name = text_equal(found[i]->key_name, TEXT("%"))
				       ? who->domain.name
				       : found[i]->key_name;
		struct signing_key *key =
		    key_named_find(search->store, name, who->domain);
		struct domain domain;

		if (key == NULL)
			continue;
		domain = domain_is_set(key->domain) ? key->domain : who->domain;
		take(search, key, domain,
		     table_identity(search, who, domain, found[i]->signer));
		search->choice->how = arena_printf(
		    search->arena, "%s:%u", search->options->signing_table,
		    found[i]->line);
	}
	return search->choice->count > 0;
}

/* True if the search is over. */
static bool
try_candidate(struct search *search, struct text user, struct domain domain)
{
	struct candidate who = {user, domain};

	if (!domain_is_set(domain) || user.len > LIMIT_ADDRESS_BYTES)
		return false;
	if (!try_rules(search, &who) && !try_tables(search, &who) &&
	    !try_directory(search, &who))
		return false;
	search->choice->address =
	    text_from(arena_printf(search->arena, TEXT_FMT "@" TEXT_FMT,
				   TEXT_ARG(user), TEXT_ARG(domain.name)));
	return true;
}

/* --- who is asked for --- */

static bool
first_mailbox(struct arena *arena, const struct message *message,
	      const char *name, struct mailbox *mailbox)
{
	const struct header_field *field = message_find(message, name);
	struct mailbox_list list;

	if (field == NULL ||
	    !mailbox_parse_list(arena, field->value, &list, NULL) ||
	    list.first == NULL || list.doubt != NULL)
		return false;
	*mailbox = *list.first;
	return true;
}

static bool
same_address(const struct mailbox *a, const struct mailbox *b)
{
	return domain_equal(a->domain, b->domain) &&
	       text_equal_nocase(a->local, b->local);
}

static bool
try_authors(struct search *search, const struct key_question *question)
{
	const struct mailbox_list *list = &question->author->mailboxes;
	const struct mailbox *mailbox;
	struct mailbox sender;
	bool has_sender =
	    list->count > 1 &&
	    first_mailbox(search->arena, question->message, "Sender", &sender);

	for (mailbox = list->first; has_sender && mailbox != NULL;
	     mailbox = mailbox->next)
		if (same_address(mailbox, &sender) &&
		    try_candidate(search, mailbox->local, mailbox->domain))
			return true;
	for (mailbox = list->first; mailbox != NULL; mailbox = mailbox->next)
		if (try_candidate(search, mailbox->local, mailbox->domain))
			return true;
	return false;
}

/* "<news.lists.example.org>", with words before it (RFC 2919) */
static bool
list_id_domain(struct arena *arena, const struct header_field *field,
	       struct domain *domain)
{
	struct text value = field_unfolded(arena, field);
	size_t open = text_find_last(value, '<');

	value = text_skip(value, open + 1);
	return domain_parse(arena, text_first(value, text_find(value, '>')),
			    domain, NULL);
}

/* The list's name is below its host, or is no host at all. */
static bool
try_list_id(struct search *search, const struct header_field *field)
{
	struct domain domain;

	if (!list_id_domain(search->arena, field, &domain))
		return false;
	for (; domain_labels(domain) > 1; domain = domain_parent(domain))
		if (try_candidate(search, TEXT(""), domain))
			return true;
	return false;
}

static bool
try_list(struct search *search, const struct key_question *question)
{
	const struct header_field *list_id =
	    message_find(question->message, "List-Id");
	size_t at = text_find_last(question->mail_from, '@');
	struct mailbox sender;
	struct domain domain;

	if (search->options->resign != RESIGN_LISTS || list_id == NULL)
		return false;
	if (first_mailbox(search->arena, question->message, "Sender",
			  &sender) &&
	    try_candidate(search, sender.local, sender.domain))
		return true;
	return try_list_id(search, list_id) ||
	       (domain_parse(search->arena,
			     text_skip(question->mail_from, at + 1), &domain,
			     NULL) &&
		try_candidate(search, text_first(question->mail_from, at),
			      domain));
}

void
key_choice_find(struct arena *arena, const struct key_store *store,
		const struct sign_options *options,
		const struct key_question *question, struct key_choice *choice)
{
	struct search search = {arena, store, options, question->login, choice};

	*choice = (struct key_choice){0};
	if (question->author->status == AUTHOR_AMBIGUOUS) {
		choice->why_not = "from_ambiguous";
		return;
	}
	if (try_authors(&search, question)) {
		if (choice->count == 0 && choice->why_not == NULL)
			choice->why_not = "no_key";
		return;
	}
	if (try_list(&search, question)) {
		choice->by_list = true;
		return;
	}
	choice->why_not =
	    question->author->mailboxes.count == 0 ? "no_from" : "no_key";
}
