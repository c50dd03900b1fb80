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

/* The mailbox as it is after the commit. */
struct signet_view {
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	struct signet_place place;
};

bool signet_change_matters(enum signet_class from, enum signet_class to,
			   bool *header_only_r)
{
	*header_only_r = FALSE;
	if (to == SIGNET_CLASS_JUNK)
		return from != SIGNET_CLASS_JUNK;
	/* Who throws junk away does not call it wanted. */
	if (from == SIGNET_CLASS_JUNK)
		return to != SIGNET_CLASS_TRASH;
	if (from == SIGNET_CLASS_REJECTS)
		return to == SIGNET_CLASS_INBOX || to == SIGNET_CLASS_OTHER;
	*header_only_r = TRUE;
	return (from == SIGNET_CLASS_INBOX && to == SIGNET_CLASS_OTHER) ||
		(from == SIGNET_CLASS_OTHER && to == SIGNET_CLASS_INBOX);
}

static int signet_view_open(struct signet_user *suser, struct mailbox *box,
			    struct signet_view *view)
{
	i_zero(view);
	/* A user may be allowed to put a message where he may not read. */
	view->box = mailbox_alloc(box->list, mailbox_get_vname(box),
				  MAILBOX_FLAG_READONLY |
				  MAILBOX_FLAG_IGNORE_ACLS);
	if (mailbox_open(view->box) < 0 || mailbox_sync(view->box, 0) < 0) {
		e_error(suser->event, "Events lost: %s cannot be opened: %s",
			mailbox_get_vname(box),
			mailbox_get_last_internal_error(view->box, NULL));
		mailbox_free(&view->box);
		return -1;
	}
	view->place.name = mailbox_get_vname(view->box);
	view->place.class = signet_class_of(suser, box);
	view->place.guid = signet_box_guid(pool_datastack_create(), view->box);
	/* without NO_NOTIFY this would come back to us */
	view->trans = mailbox_transaction_begin(view->box,
		MAILBOX_TRANSACTION_FLAG_NO_NOTIFY |
		MAILBOX_TRANSACTION_FLAG_NO_CACHE_DEC, __func__);
	view->mail = mail_alloc(view->trans, 0, NULL);
	return 0;
}

static void signet_view_close(struct signet_view *view)
{
	mail_free(&view->mail);
	(void)mailbox_transaction_commit(&view->trans);
	mailbox_free(&view->box);
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

/* The message of the change may be gone again: then there is nothing to tell
   with, and whoever removed it made an end of it. */
static bool signet_view_seek(struct signet_user *suser,
			     struct signet_view *view,
			     const struct signet_change *change,
			     const ARRAY_TYPE(seq_range) *saved_uids)
{
	struct seq_range_iter iter;
	uint32_t uid = change->uid;

	if (change->saved) {
		seq_range_array_iter_init(&iter, saved_uids);
		if (!seq_range_array_iter_nth(&iter, change->save_seq, &uid)) {
			suser->lost_events++;
			e_error(suser->event, "Event lost: message %u that "
				"came to %s has no UID", change->save_seq,
				view->place.name);
			return FALSE;
		}
	}
	if (!mail_set_uid(view->mail, uid)) {
		e_debug(suser->event, "UID %u of %s is gone again", uid,
			view->place.name);
		return FALSE;
	}
	return TRUE;
}

static int signet_change_spool(struct signet_user *suser,
			       struct signet_view *view,
			       const struct signet_change *change)
{
	string_t *event =
		signet_event_begin(suser,
				   signet_change_kind_names[change->kind]);

	if (change->from != NULL)
		signet_place_add(event, "from", change->from);
	signet_place_add(event, "to", &view->place);
	signet_event_add_number(event, "uid", view->mail->uid);
	signet_event_add_opinions(event, change, view->mail);
	return signet_event_spool(suser, event, view->mail,
				  change->header_only ?
				  SIGNET_EVENT_PART_HEADER :
				  SIGNET_EVENT_PART_MESSAGE);
}

void signet_changes_spool(struct signet_user *suser, struct mailbox *box,
			  const ARRAY_TYPE(signet_change) *changes,
			  const ARRAY_TYPE(seq_range) *saved_uids)
{
	const struct signet_change *change;
	struct signet_view view;
	bool spooled = FALSE;

	if (signet_view_open(suser, box, &view) < 0) {
		suser->lost_events += array_count(changes);
		return;
	}
	array_foreach(changes, change) T_BEGIN {
		if (signet_view_seek(suser, &view, change, saved_uids) &&
		    signet_change_spool(suser, &view, change) == 0)
			spooled = TRUE;
	} T_END;
	signet_view_close(&view);
	if (spooled)
		signet_event_nudge(suser);
}
