/* The header of a report: below the fields that came with it nobody is
 * believed. */
#include <assert.h>

#include "base/arena.h"
#include "base/publicsuffix.h"
#include "base/why.h"
#include "dmarc-reporter/intake_sender.h"
#include "mailauth/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct public_suffix_list *suffixes;

static bool
find(struct arena *arena, struct text header, uint64_t above,
     struct intake_sender *sender)
{
	struct intake_trust trust = {TEXT("mx.site.test"), above, suffixes};
	struct message message;
	struct why why;

	message_init(&message, arena);
	message_parse(&message, header);
	return intake_sender_find(arena, &message, &trust, sender, &why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text header = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct intake_sender sender;

	if (suffixes == NULL)
		suffixes = public_suffix_list_open(NULL, NULL);
	assert(suffixes != NULL);
	if (find(arena, header, 1, &sender)) {
		assert(!sender.dmarc_pass || domain_is_set(sender.from));
		assert(sender.dmarc_pass == (sender.dmarc_reason == NULL));
	}
	/* a Received field on top: all the rest came with the message */
	header = text_from(arena_printf(
	    arena, "Received: from a by b; x\r\n" TEXT_FMT, TEXT_ARG(header)));
	assert(!find(arena, header, 0, &sender));
	arena_free(arena);
	return 0;
}
