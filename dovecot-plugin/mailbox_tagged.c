#include "dovecot-plugin/mailbox_tagged.h"

#include "dovecot-plugin/mailbox_settings.h"
#include "mailauth/message.h"

/* as milter/inbound.c writes it, before ';' and the reason */
#define TAG_FIELD "X-Signet-Verdict"
#define TAG_WORD "quarantine"

static bool
is_tagged(struct arena *arena, const struct message *header)
{
	const struct header_field *field = message_find(header, TAG_FIELD);
	struct text word;

	if (field == NULL)
		return false;
	word = field_unfolded(arena, field);
	word = text_first(word, text_find(word, ';'));
	return text_equal_nocase(text_trim(word), TEXT(TAG_WORD));
}

static bool
judge(const void *held, struct arena *arena, const struct delivery *delivery,
      struct answer *answer)
{
	const char *mailbox = delivery->settings->tagged_mailbox;

	(void)held;
	if (mailbox == NULL || !is_tagged(arena, delivery->header))
		return false;
	answer->mailbox = text_from(mailbox);
	answer->verdict = "rejects";
	answer->remove_rejects = false;
	return true;
}

const struct mailbox_part mailbox_tagged = {.name = "tagged", .judge = judge};
