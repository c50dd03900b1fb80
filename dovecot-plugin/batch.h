/* batch.h - events that are written in one transaction */
#ifndef DOVECOT_PLUGIN_BATCH_H
#define DOVECOT_PLUGIN_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dovecot-plugin/event_read.h"
#include "dovecot-plugin/mailbox_part.h"
#include "dovecot-plugin/message_facts.h"
#include "dovecot-plugin/train.h"

struct model_cache;

#define BATCH_EVENTS 64
/* of messages; their words, and what is sent of them, may take twenty times as
 * much */
#define BATCH_BYTES (1u << 20)

struct batch_item {
	const char *name; /* of the file */
	struct mailbox_event event;
	struct message_facts facts;
	bool has_message;
	enum train_state meaning;
};

struct batch {
	const struct mailbox_settings *settings;
	struct pg *pg;
	struct model_cache *cache;
	struct arena *arena; /* of one batch */
	struct batch_item items[BATCH_EVENTS];
	size_t count,
	    bytes; /* read into the arena, also for what was not added */
};

struct batch_result {
	uint64_t events, again;
	struct train_counts trained;
	bool parts; /* some part had events */
};

/* Reads the message of an event that lies in the arena of the batch, and adds
 * it. */
void batch_add(struct batch *batch, const char *name,
	       const struct mailbox_event *event);
bool batch_is_full(const struct batch *batch);

/* All of it or nothing. */
enum pg_status batch_write(struct batch *batch, struct batch_result *result,
			   struct why *why);

#endif
