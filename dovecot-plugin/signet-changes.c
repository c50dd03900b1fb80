#include "lib.h"
#include "compat.h"
#include "seq-range-array.h"
#include "str.h"
#include "signet-changes.h"
#include "signet-event.h"
#include "signet-plugin.h"

static const char *const signet_change_kind_names[] = {
	[SIGNET_CHANGE_MOVE] = "move",
	[SIGNET_CHANGE_COPY] = "copy",
	[SIGNET_CHANGE_APPEND] = "append",
	[SIGNET_CHANGE_KEYWORD] = "keyword",
};

enum signet_matter signet_change_matter(enum signet_class from,
					enum signet_class to)
{
	if (to == SIGNET_CLASS_JUNK) {
		return from == SIGNET_CLASS_JUNK ? SIGNET_MATTER_NOTHING :
			SIGNET_MATTER_MESSAGE;
	}
	/* Who throws junk away does not call it wanted. */
	if (from == SIGNET_CLASS_JUNK) {
		return to == SIGNET_CLASS_TRASH ? SIGNET_MATTER_NOTHING :
			SIGNET_MATTER_MESSAGE;
	}
	if (from == SIGNET_CLASS_REJECTS) {
		return to == SIGNET_CLASS_INBOX || to == SIGNET_CLASS_OTHER ?
			SIGNET_MATTER_MESSAGE : SIGNET_MATTER_NOTHING;
	}
	if (from == SIGNET_CLASS_INBOX && to == SIGNET_CLASS_OTHER)
		return SIGNET_MATTER_FILED;
	if (from == SIGNET_CLASS_OTHER && to == SIGNET_CLASS_INBOX)
		return SIGNET_MATTER_HEADER;
	return SIGNET_MATTER_NOTHING;
}

static void
signet_event_add_opinions(string_t *event, const struct signet_change *change,
			  struct mail *mail)
{
	struct signet_opinion now = signet_opinion_of(mail_get_keywords(mail));

	if (now.junk)
		signet_event_add(event, "junk", "1");
	if (now.notjunk)
		signet_event_add(event, "notjunk", "1");
	if (change->old.junk)
		signet_event_add(event, "old_junk", "1");
	if (change->old.notjunk)
		signet_event_add(event, "old_notjunk", "1");
}

static bool signet_change_uid(const struct signet_change *change,
			      const ARRAY_TYPE(seq_range) *saved_uids,
			      uint32_t *uid_r)
{
	struct seq_range_iter iter;

	*uid_r = change->uid;
	if (!change->saved)
		return TRUE;
	seq_range_array_iter_init(&iter, saved_uids);
	return seq_range_array_iter_nth(&iter, change->save_seq, uid_r);
}

static struct mail *signet_change_mail(struct signet_reader *reader,
				       const struct signet_change *change,
				       bool has_uid, uint32_t uid)
{
	struct mail *mail;

	if (change->kind == SIGNET_CHANGE_KEYWORD)
		return signet_reader_old(reader, uid);
	if (change->source != NULL) {
		mail = signet_reader_source(reader, change->source,
					    change->source_uid);
		if (mail != NULL)
			return mail;
	}
	return has_uid ? signet_reader_new(reader, uid) : NULL;
}

static int signet_change_spool(struct signet_reader *reader,
			       const struct signet_change *change,
			       const struct signet_place *to,
			       const ARRAY_TYPE(seq_range) *saved_uids)
{
	struct signet_user *suser = reader->suser;
	uint32_t uid = 0;
	bool has_uid = signet_change_uid(change, saved_uids, &uid);
	struct mail *mail = signet_change_mail(reader, change, has_uid, uid);
	string_t *event;

	if (mail == NULL) {
		/* gone again: whoever removed it made an end of it */
		e_debug(suser->event, "UID %u of %s is gone", uid, to->name);
		return -1;
	}
	event = signet_event_begin(suser,
				   signet_change_kind_names[change->kind]);
	if (change->from != NULL)
		signet_place_add(event, "from", change->from);
	signet_place_add(event, "to", to);
	if (has_uid)
		signet_event_add_number(event, "uid", uid);
	signet_event_add_opinions(event, change, mail);
	return signet_event_spool(suser, event, mail,
				  change->header_only ?
				  SIGNET_EVENT_PART_HEADER :
				  SIGNET_EVENT_PART_MESSAGE);
}

void signet_changes_spool(struct signet_user *suser, struct mailbox *box,
			  const ARRAY_TYPE(signet_change) *changes,
			  const ARRAY_TYPE(seq_range) *saved_uids)
{
	const struct signet_change *change;
	struct signet_reader reader;
	struct signet_place to;
	bool spooled = FALSE;

	to.name = mailbox_get_vname(box);
	to.class = signet_class_of(suser, box);
	to.guid = signet_box_guid(pool_datastack_create(), box);
	signet_reader_init(&reader, suser, box);
	array_foreach(changes, change) T_BEGIN {
		if (signet_change_spool(&reader, change, &to,
					saved_uids) == 0)
			spooled = TRUE;
	} T_END;
	signet_reader_deinit(&reader);
	if (spooled)
		signet_event_nudge(suser);
}
