#ifndef SIGNET_CHANGES_H
#define SIGNET_CHANGES_H

/* The changes of a transaction, and how they become events when it has been
   committed (signet-notify.h tells why not before). */

#include "signet-keywords.h"
#include "signet-place.h"
#include "signet-reader.h"

struct mailbox;
struct signet_user;

enum signet_change_kind {
	SIGNET_CHANGE_MOVE,
	SIGNET_CHANGE_COPY,
	SIGNET_CHANGE_APPEND,
	SIGNET_CHANGE_KEYWORD,
};

struct signet_change {
	enum signet_change_kind kind;
	/* of a message that was in the mailbox already */
	uint32_t uid;
	/* of one that came: its number among those of the transaction */
	unsigned int save_seq;
	bool saved;

	/* for move and copy; the change keeps the pointers */
	const struct signet_place *from;
	const struct signet_source *source;
	uint32_t source_uid;
	/* does the header suffice? */
	bool header_only;
	/* for keyword: what it said before */
	struct signet_opinion old;
};
ARRAY_DEFINE_TYPE(signet_change, struct signet_change);

/* What of a message can matter that goes from one kind of mailbox to
   another? */
enum signet_matter {
	SIGNET_MATTER_NOTHING,
	SIGNET_MATTER_HEADER,
	/* the message: who files it wants it; the header alone where a whole
	   mailbox is tidied up */
	SIGNET_MATTER_FILED,
	SIGNET_MATTER_MESSAGE,
};
enum signet_matter signet_change_matter(enum signet_class from,
					enum signet_class to);

/* Spools them all. The mailbox is that of the transaction; saved_uids are those
   of the messages that came, in order. */
void signet_changes_spool(struct signet_user *suser, struct mailbox *box,
			  const ARRAY_TYPE(signet_change) *changes,
			  const ARRAY_TYPE(seq_range) *saved_uids);

#endif
