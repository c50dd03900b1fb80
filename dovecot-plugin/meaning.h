/* meaning.h - what an event says of its message: spam, ham, neither */
#ifndef DOVECOT_PLUGIN_MEANING_H
#define DOVECOT_PLUGIN_MEANING_H

struct mailbox_event;

enum train_state {
	TRAIN_NOTHING, /* says nothing of the message */
	TRAIN_SPAM,
	TRAIN_HAM,
	TRAIN_NONE /* neither any more */
};
/* "spam" "ham" "none"; "" for TRAIN_NOTHING */
const char *train_state_word(enum train_state state);

/* What the event says: into Junk, out of it (Trash, Drafts and Rejects are
 * neutral), keywords, and out of INBOX into a folder of the user's own if the
 * whole message is there. */
enum train_state train_meaning(const struct mailbox_event *event);

#endif
