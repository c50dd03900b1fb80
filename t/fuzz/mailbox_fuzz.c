#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/mailbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An address as people write it must read back as the same mailbox. */
static void
read_again(struct arena *arena, const struct mailbox *mailbox)
{
	struct mailbox again;
	bool good =
	    mailbox_parse_addr_spec(arena, mailbox->address, &again, NULL);

	if (!domain_is_set(mailbox->domain)) {
		assert(!good);
		return;
	}
	/* the address may be longer than the field was */
	assert(good || mailbox->address.len > LIMIT_FIELD_BYTES);
	if (!good)
		return;
	assert(text_equal(again.local, mailbox->local));
	assert(domain_equal(again.domain, mailbox->domain));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct text text = text_of((const char *)data, size);
	struct mailbox_list list;
	struct mailbox mailbox;
	const struct mailbox *one;
	struct why why;

	if (mailbox_parse_list(arena, text, &list, &why))
		for (one = list.first; one != NULL; one = one->next)
			read_again(arena, one);
	/* what is one addr-spec is a list of one */
	if (mailbox_parse_addr_spec(arena, text, &mailbox, &why)) {
		assert(mailbox_parse_list(arena, text, &list, &why));
		assert(list.count == 1);
		assert(domain_equal(list.first->domain, mailbox.domain));
	}
	arena_free(arena);
	return 0;
}
