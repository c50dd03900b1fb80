#include "lib.h"
#include "compat.h"
#include "notify-plugin.h"
#include "str.h"
#include "signet-changes.h"
#include "signet-event.h"
#include "signet-notify.h"
#include "signet-plugin.h"
#include "signet-quota.h"
#include "signet-settings.h"

/* of one transaction, into ordinary mailboxes */
#define SIGNET_FILED_WHOLE 100

struct signet_txn {
	struct signet_user *suser;
	/* outlives the transaction, which is gone when commit is told */
	struct mailbox *box;
	enum signet_class class;
	/* do the user's changes tell what he thinks of messages? */
	bool tells;
	bool changes_quota;

	/* NULL until there is a change */
	pool_t pool;
	ARRAY_TYPE(signet_change) changes;
	/* messages filed so far */
	unsigned int filed;
	/* where the last copy came from: as a rule the next does, too */
	const struct signet_source *source;
	const struct signet_place *from;
};

struct signet_deletion {
	char *guid;
};

static struct notify_context *signet_notify_ctx;

/* What an administrator does is no opinion of the user, what dsync does was
   told where it was done, and what came by mail nobody has seen. */
static bool signet_txn_tells(struct signet_user *suser,
			     struct mailbox_transaction_context *t)
{
	return suser->set->training &&
		strcmp(suser->user->service, "imap") == 0 &&
		(t->flags & MAILBOX_TRANSACTION_FLAG_SYNC) == 0 &&
		/* the mailbox behind it tells */
		t->box->virtual_vfuncs == NULL;
}

static void *
signet_mail_transaction_begin(struct mailbox_transaction_context *t)
{
	struct signet_user *suser = SIGNET_USER(t->box->storage->user);
	struct signet_txn *txn;

	if (suser == NULL)
		return NULL;
	/* also called for transactions that only read */
	txn = i_new(struct signet_txn, 1);
	txn->suser = suser;
	txn->box = t->box;
	txn->tells = signet_txn_tells(suser, t);
	return txn;
}

static void signet_txn_free(struct signet_txn *txn)
{
	pool_unref(&txn->pool);
	i_free(txn);
}

static struct signet_change *
signet_txn_add(struct signet_txn *txn, enum signet_change_kind kind)
{
	struct signet_change *change;

	if (!array_is_created(&txn->changes))
		p_array_init(&txn->changes, txn->pool, 4);
	change = array_append_space(&txn->changes);
	change->kind = kind;
	return change;
}

/* Hundreds of messages that are filed at once are no opinion of each, and
   would fill the spool. */
static bool signet_txn_header_only(struct signet_txn *txn,
				   enum signet_matter matter)
{
	if (matter == SIGNET_MATTER_FILED)
		return ++txn->filed > SIGNET_FILED_WHOLE;
	return matter == SIGNET_MATTER_HEADER;
}

static void signet_txn_use_pool(struct signet_txn *txn)
{
	if (txn->pool != NULL)
		return;
	txn->pool = pool_alloconly_create("signet transaction", 1024);
	txn->class = signet_class_of(txn->suser, txn->box);
}

static void signet_txn_from(struct signet_txn *txn, struct mailbox *box)
{
	struct signet_source *source;
	struct signet_place *from;

	if (txn->source != NULL && txn->source->box == box)
		return;
	source = p_new(txn->pool, struct signet_source, 1);
	source->storage = box->storage;
	source->box = box;
	txn->source = source;
	from = p_new(txn->pool, struct signet_place, 1);
	from->name = p_strdup(txn->pool, mailbox_get_vname(box));
	from->class = signet_class_of(txn->suser, box);
	from->guid = signet_box_guid(txn->pool, box);
	txn->from = from;
}

static void signet_mail_copy(void *context, struct mail *src, struct mail *dst)
{
	struct signet_txn *txn = context;
	struct mailbox_transaction_context *t = dst->transaction;
	struct signet_change *change;
	struct mail *real = src;
	enum signet_matter matter;

	if (txn == NULL)
		return;
	txn->changes_quota = TRUE;
	if (!txn->tells)
		return;
	if (src->box->virtual_vfuncs != NULL &&
	    mail_get_backend_mail(src, &real) < 0)
		real = src;
	signet_txn_use_pool(txn);
	signet_txn_from(txn, real->box);
	matter = signet_change_matter(txn->from->class, txn->class);
	if (matter == SIGNET_MATTER_NOTHING)
		return;
	change = signet_txn_add(txn, t->save_ctx->moving ?
				SIGNET_CHANGE_MOVE : SIGNET_CHANGE_COPY);
	change->from = txn->from;
	change->source = txn->source;
	change->source_uid = real->uid;
	change->header_only = signet_txn_header_only(txn, matter);
	change->saved = TRUE;
	/* counted up after us */
	change->save_seq = t->save_count;
}

/* A message that replaces one of another mailbox has moved, with new bytes. */
static bool signet_txn_add_replaced(struct signet_txn *txn, struct mail *mail)
{
	struct mail *replaced = signet_replaced_mail(mail->transaction);
	struct signet_change *change;
	enum signet_matter matter;

	if (replaced == NULL)
		return FALSE;
	signet_txn_from(txn, replaced->box);
	matter = signet_change_matter(txn->from->class, txn->class);
	if (matter == SIGNET_MATTER_NOTHING)
		return FALSE;
	change = signet_txn_add(txn, SIGNET_CHANGE_MOVE);
	change->from = txn->from;
	change->header_only = signet_txn_header_only(txn, matter);
	change->saved = TRUE;
	change->save_seq = mail->transaction->save_count;
	return TRUE;
}

static void signet_mail_save(void *context, struct mail *mail)
{
	struct signet_txn *txn = context;
	struct signet_change *change;
	struct signet_opinion opinion;

	if (txn == NULL)
		return;
	txn->changes_quota = TRUE;
	if (!txn->tells)
		return;
	signet_txn_use_pool(txn);
	if (signet_txn_add_replaced(txn, mail))
		return;
	opinion = signet_opinion_of(mail_get_keywords(mail));
	if (txn->class != SIGNET_CLASS_JUNK && !opinion.junk &&
	    !opinion.notjunk)
		return;
	change = signet_txn_add(txn, SIGNET_CHANGE_APPEND);
	change->saved = TRUE;
	change->save_seq = mail->transaction->save_count;
}

static void signet_mail_expunge(void *context, struct mail *mail ATTR_UNUSED)
{
	struct signet_txn *txn = context;

	if (txn != NULL)
		txn->changes_quota = TRUE;
}

static void signet_mail_update_keywords(void *context, struct mail *mail,
					const char *const *old_keywords)
{
	struct signet_txn *txn = context;
	struct signet_opinion now, old;
	struct signet_change *change;

	if (txn == NULL || !txn->tells)
		return;
	now = signet_opinion_of(mail_get_keywords(mail));
	old = signet_opinion_of(old_keywords);
	if (now.junk == old.junk && now.notjunk == old.notjunk)
		return;
	signet_txn_use_pool(txn);
	change = signet_txn_add(txn, SIGNET_CHANGE_KEYWORD);
	change->uid = mail->uid;
	change->old = old;
}

static void
signet_mail_transaction_commit(void *context,
			       struct mail_transaction_commit_changes *changes)
{
	struct signet_txn *txn = context;

	if (txn == NULL)
		return;
	if (array_is_created(&txn->changes))
		signet_changes_spool(txn->suser, txn->box, &txn->changes,
				     &changes->saved_uids);
	if (txn->changes_quota)
		signet_quota_changed(txn->suser);
	signet_txn_free(txn);
}

static void signet_mail_transaction_rollback(void *context)
{
	if (context != NULL)
		signet_txn_free(context);
}

/* --- mailboxes: rules follow them, whoever renamed or deleted --- */

static void *signet_mailbox_delete_begin(struct mailbox *box)
{
	struct signet_deletion *deletion;

	if (SIGNET_USER(box->storage->user) == NULL)
		return NULL;
	deletion = i_new(struct signet_deletion, 1);
	T_BEGIN {
		/* afterwards there is none */
		deletion->guid = i_strdup(
			signet_box_guid(pool_datastack_create(), box));
	} T_END;
	return deletion;
}

static void signet_deletion_free(struct signet_deletion *deletion)
{
	i_free(deletion->guid);
	i_free(deletion);
}

static void signet_mailbox_delete_commit(void *context, struct mailbox *box)
{
	struct signet_user *suser = SIGNET_USER(box->storage->user);
	struct signet_deletion *deletion = context;
	struct signet_place place;

	if (deletion == NULL)
		return;
	T_BEGIN {
		string_t *event = signet_event_begin(suser, "delete");

		place.name = mailbox_get_vname(box);
		place.class = signet_class_of(suser, box);
		place.guid = deletion->guid;
		signet_place_add(event, "from", &place);
		if (signet_event_spool(suser, event, NULL,
				       SIGNET_EVENT_PART_NONE) == 0)
			signet_event_nudge(suser);
	} T_END;
	signet_deletion_free(deletion);
}

static void signet_mailbox_delete_rollback(void *context)
{
	if (context != NULL)
		signet_deletion_free(context);
}

/* The GUID of a mailbox that others hold closed: opened aside. */
static const char *signet_renamed_guid(struct mailbox *renamed)
{
	struct mailbox *box =
		mailbox_alloc(renamed->list, mailbox_get_vname(renamed),
			      MAILBOX_FLAG_READONLY | MAILBOX_FLAG_IGNORE_ACLS);
	const char *guid = signet_box_guid(pool_datastack_create(), box);

	mailbox_free(&box);
	return guid;
}

static void signet_mailbox_rename(struct mailbox *src, struct mailbox *dest)
{
	struct signet_user *suser = SIGNET_USER(src->storage->user);
	struct signet_place from, to;

	if (suser == NULL)
		return;
	T_BEGIN {
		string_t *event = signet_event_begin(suser, "rename");

		from.name = mailbox_get_vname(src);
		from.class = signet_class_of(suser, src);
		to.name = mailbox_get_vname(dest);
		to.class = signet_class_of_tree(suser, dest);
		from.guid = to.guid = signet_renamed_guid(dest);
		signet_place_add(event, "from", &from);
		signet_place_add(event, "to", &to);
		/* what lies below goes along, and is not told of */
		signet_event_add(event, "separator", t_strdup_printf("%c",
			mail_namespace_get_sep(mailbox_get_namespace(dest))));
		if (signet_event_spool(suser, event, NULL,
				       SIGNET_EVENT_PART_NONE) == 0)
			signet_event_nudge(suser);
	} T_END;
}

static const struct notify_vfuncs signet_notify_vfuncs = {
	.mail_transaction_begin = signet_mail_transaction_begin,
	.mail_save = signet_mail_save,
	.mail_copy = signet_mail_copy,
	.mail_expunge = signet_mail_expunge,
	.mail_update_keywords = signet_mail_update_keywords,
	.mail_transaction_commit = signet_mail_transaction_commit,
	.mail_transaction_rollback = signet_mail_transaction_rollback,
	.mailbox_delete_begin = signet_mailbox_delete_begin,
	.mailbox_delete_commit = signet_mailbox_delete_commit,
	.mailbox_delete_rollback = signet_mailbox_delete_rollback,
	.mailbox_rename = signet_mailbox_rename,
};

void signet_notify_init(void)
{
	signet_notify_ctx = notify_register(&signet_notify_vfuncs);
}

void signet_notify_deinit(void)
{
	signet_notify_unregister(signet_notify_ctx);
}
