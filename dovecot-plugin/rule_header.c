#include "dovecot-plugin/rule_header.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "judge/list_id.h"
#include "mailauth/author.h"

static void
read_list(struct arena *arena, const struct message *header,
	  struct rule_message *message)
{
	const struct header_field *field = message_find(header, "List-Id");

	message->has_list = field != NULL;
	if (field != NULL && message_find_next(field, "List-Id") == NULL)
		list_id_parse(arena, field->value, &message->list_id, NULL);
}

/* Bytes that a rule can hold, and a person can read. */
static bool
is_plain(struct text address)
{
	size_t i;

	for (i = 0; i < address.len; i++)
		if ((unsigned char)address.at[i] <= ' ' ||
		    address.at[i] == 0x7f)
			return false;
	return address.len <= LIMIT_ADDRESS_BYTES && utf8_is_valid(address);
}

static void
read_author(struct arena *arena, const struct message *header,
	    struct rule_message *message)
{
	const struct mailbox *mailbox;
	struct author author;
	struct text address;

	author_find(arena, header, &author);
	mailbox = author.mailboxes.first;
	if (author.status != AUTHOR_ONE || author.mailboxes.count != 1 ||
	    !domain_is_set(mailbox->domain) || mailbox->local.len == 0 ||
	    text_has(mailbox->local, '@'))
		return;
	address = text_from(arena_printf(arena, TEXT_FMT "@" TEXT_FMT,
					 TEXT_ARG(mailbox->local),
					 TEXT_ARG(mailbox->domain.name)));
	if (!is_plain(address))
		return;
	message->address = rule_address(arena, address);
	message->address_domain = mailbox->domain;
}

void
rule_header_read(struct arena *arena, const struct message *header,
		 const struct verified *verified, struct rule_message *message)
{
	struct domain *domains =
	    arena_new_array(arena, struct domain, VERIFIED_DOMAINS_MOST);

	memset(message, 0, sizeof(*message));
	read_list(arena, header, message);
	read_author(arena, header, message);
	message->dmarc = verified->author;
	message->verified = domains;
	message->verified_count = verified_domains(verified, domains);
}
