#include "mailauth/author.h"

#include "base/arena.h"
#include "base/why.h"
#include "mailauth/encoded_word.h"

static void
set_ambiguous(struct author *author, const char *reason)
{
	if (author->status == AUTHOR_AMBIGUOUS)
		return;
	author->status = AUTHOR_AMBIGUOUS;
	author->reason = reason;
}

static void
add_domain(struct author *author, struct domain domain)
{
	size_t i;

	for (i = 0; i < author->domain_count; i++)
		if (domain_equal(author->domains[i], domain))
			return;
	if (author->domain_count == LIMIT_FROM_DOMAINS)
		author->too_many = true;
	else
		author->domains[author->domain_count++] = domain;
}

/* Moves the mailboxes of one field behind those of earlier fields. */
static void
join_mailboxes(struct author *author, const struct mailbox_list *list)
{
	struct mailbox **last = &author->mailboxes.first, *mailbox;

	while (*last != NULL)
		last = &(*last)->next;
	*last = list->first;
	author->mailboxes.count += list->count;
	for (mailbox = list->first; mailbox != NULL; mailbox = mailbox->next)
		if (domain_is_set(mailbox->domain))
			add_domain(author, mailbox->domain);
}

static bool
has_literal(const struct mailbox_list *list)
{
	const struct mailbox *mailbox;

	for (mailbox = list->first; mailbox != NULL; mailbox = mailbox->next)
		if (!domain_is_set(mailbox->domain))
			return true;
	return false;
}

/* Whether somebody could find an address in a field that does not parse. */
static bool
may_hold_address(struct arena *arena, struct text value)
{
	struct encoded_words words;

	if (text_has(value, '@'))
		return true;
	encoded_words_decode(arena, value, &words);
	return words.found;
}

static void
read_from(struct arena *arena, const struct header_field *field,
	  struct author *author)
{
	struct mailbox_list list;
	struct why why;

	if (field->spaced)
		set_ambiguous(author, "space before the colon of From");
	if (!mailbox_parse_list(arena, field->value, &list, &why)) {
		if (may_hold_address(arena, field->value))
			set_ambiguous(author,
				      arena_printf(arena, "%s", why.text));
		else if (author->reason == NULL)
			author->reason = arena_printf(arena, "%s", why.text);
		return;
	}
	join_mailboxes(author, &list);
	if (list.doubt != NULL)
		set_ambiguous(author, list.doubt);
	else if (author->domain_count > 0 && has_literal(&list))
		set_ambiguous(author, "address literal next to a domain");
}

static void
judge_domains(struct author *author)
{
	if (author->domain_count > 1) {
		author->status = AUTHOR_SEVERAL_DOMAINS;
		author->reason = NULL;
	} else if (author->domain_count == 1) {
		author->status = AUTHOR_ONE;
		author->reason = NULL;
	} else {
		author->status = AUTHOR_NONE;
		if (author->reason == NULL)
			author->reason = "no domain in From";
	}
}

void
author_find(struct arena *arena, const struct message *message,
	    struct author *author)
{
	const struct header_field *from = message_find(message, "From");

	*author = (struct author){.status = AUTHOR_NOT_EVALUATED};
	if (message->truncated)
		set_ambiguous(author, "header section too large");
	if (from == NULL)
		author->reason = author->status == AUTHOR_AMBIGUOUS
				     ? author->reason
				     : "no From field";
	else if (message_find_next(from, "From") != NULL)
		set_ambiguous(author, "several From fields");
	for (; from != NULL; from = message_find_next(from, "From")) {
		if (author->mailboxes.count >= LIMIT_FROM_MAILBOXES)
			break;
		read_from(arena, from, author);
	}
	if (author->status != AUTHOR_AMBIGUOUS)
		judge_domains(author);
}

const char *
author_status_name(enum author_status status)
{
	switch (status) {
	case AUTHOR_NOT_EVALUATED:
		return "not evaluated";
	case AUTHOR_ONE:
		return "one";
	case AUTHOR_SEVERAL_DOMAINS:
		return "several domains";
	case AUTHOR_NONE:
		return "none";
	case AUTHOR_AMBIGUOUS:
		return "ambiguous";
	}
	return "not evaluated";
}
