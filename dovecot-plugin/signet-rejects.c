#include "lib.h"
#include "compat.h"
#include "str-sanitize.h"
#include "mail-namespace.h"
#include "mail-search.h"
#include "mail-search-build.h"
#include "mail-storage-private.h"
#include "mail-deliver.h"
#include "signet-plugin.h"
#include "signet-rejects.h"
#include "signet-settings.h"

extern int mail_deliver_save(struct mail_deliver_context *ctx,
			     const char *mailbox, enum mail_flags flags,
			     const char *const *keywords,
			     struct mail_storage **storage_r) SIGNET_WEAK;

/* a longer one is no Message-ID of a mail program */
#define SIGNET_MESSAGE_ID_MAX_SIZE 512

/* The setting may leave out the prefix of the namespace that has the INBOX. */
static const char *signet_rejects_vname(struct signet_user *suser)
{
	struct mail_namespace *ns =
		mail_namespace_find_inbox(suser->user->namespaces);
	const char *name = suser->set->rejects_mailbox;

	if (strncmp(name, ns->prefix, ns->prefix_len) == 0)
		return name;
	return t_strconcat(ns->prefix, name, NULL);
}

bool signet_rejects_is_mailbox(struct signet_user *suser, const char *vname)
{
	return *suser->set->rejects_mailbox != '\0' &&
		(strcmp(vname, suser->set->rejects_mailbox) == 0 ||
		 strcmp(vname, signet_rejects_vname(suser)) == 0);
}

static const char *signet_rejects_header(struct mail *mail, const char *name)
{
	const char *value;

	if (mail_get_first_header(mail, name, &value) <= 0)
		return "";
	return t_str_trim(value, " \t\r\n");
}

/* "" if it has none that could be searched for */
static const char *signet_rejects_message_id(struct mail *mail)
{
	const char *id = signet_rejects_header(mail, "Message-ID");

	if (id[0] != '<' || strlen(id) < 5 ||
	    strlen(id) > SIGNET_MESSAGE_ID_MAX_SIZE)
		return "";
	return id;
}

static struct mailbox *signet_rejects_open(struct signet_user *suser)
{
	const char *vname = signet_rejects_vname(suser);
	struct mail_namespace *ns;
	struct mailbox_status status;
	enum mailbox_existence existence;
	struct mailbox *box;

	ns = mail_namespace_find(suser->user->namespaces, vname);
	box = mailbox_alloc(ns->list, vname, 0);
	if (mailbox_exists(box, FALSE, &existence) == 0 &&
	    existence == MAILBOX_EXISTENCE_SELECT &&
	    mailbox_sync(box, 0) == 0) {
		mailbox_get_open_status(box, STATUS_MESSAGES, &status);
		if (status.messages > 0)
			return box;
	}
	mailbox_free(&box);
	return NULL;
}

/* The search finds parts of the value, too, so each find is compared: whoever
   can make a Message-ID must not be able to make one that fits many. */
static bool
signet_rejects_match(struct mail *mail, const char *id, const char *from)
{
	bool match;

	T_BEGIN {
		match = strcmp(signet_rejects_header(mail, "Message-ID"),
			       id) == 0 &&
			strcmp(signet_rejects_header(mail, "From"), from) == 0;
	} T_END;
	return match;
}

/* Returns how many there are, and expunges them if that is wanted; -1 on
   failure. */
static int
signet_rejects_find(struct mailbox *box, struct mail *original, bool expunge)
{
	const char *id = signet_rejects_message_id(original);
	const char *from = signet_rejects_header(original, "From");
	struct mail_search_args *args;
	struct mail_search_arg *arg;
	struct mail_search_context *search;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	int count = 0;

	args = mail_search_build_init();
	arg = mail_search_build_add(args, SEARCH_HEADER);
	arg->hdr_field_name = p_strdup(args->pool, "Message-ID");
	arg->value.str = p_strdup(args->pool, id);
	trans = mailbox_transaction_begin(box,
		MAILBOX_TRANSACTION_FLAG_NO_NOTIFY, __func__);
	search = mailbox_search_init(trans, args, NULL, 0, NULL);
	mail_search_args_unref(&args);
	while (mailbox_search_next(search, &mail)) {
		if (!signet_rejects_match(mail, id, from))
			continue;
		count++;
		if (expunge)
			mail_expunge(mail);
	}
	if (mailbox_search_deinit(&search) < 0) {
		mailbox_transaction_rollback(&trans);
		return -1;
	}
	if (mailbox_transaction_commit(&trans) < 0)
		return -1;
	if (expunge && count > 0 && mailbox_sync(box, 0) < 0)
		return -1;
	return count;
}

void signet_rejects_remove(struct signet_user *suser, struct mail *mail)
{
	const char *id = signet_rejects_message_id(mail);
	struct mailbox *box;
	int count;

	if (*id == '\0' || *suser->set->rejects_mailbox == '\0' ||
	    (box = signet_rejects_open(suser)) == NULL)
		return;
	count = signet_rejects_find(box, mail, TRUE);
	if (count < 0) {
		e_error(suser->event,
			"removing msgid=%s from %s failed: %s",
			str_sanitize(id, 200), mailbox_get_vname(box),
			mailbox_get_last_internal_error(box, NULL));
	} else if (count > 0) {
		e_info(suser->event,
		       "msgid=%s was delivered: removed %d from %s",
		       str_sanitize(id, 200), count, mailbox_get_vname(box));
	}
	mailbox_free(&box);
}

static bool
signet_rejects_has(struct signet_user *suser, struct mail *mail)
{
	struct mailbox *box;
	bool has;

	if (*signet_rejects_message_id(mail) == '\0' ||
	    (box = signet_rejects_open(suser)) == NULL)
		return FALSE;
	has = signet_rejects_find(box, mail, FALSE) > 0;
	mailbox_free(&box);
	return has;
}

int signet_rejects_deliver(struct signet_user *suser,
			   struct mail_deliver_context *ctx,
			   struct mail_storage **storage_r)
{
	const char *vname = signet_rejects_vname(suser);

	if (signet_rejects_has(suser, ctx->src_mail)) {
		e_info(suser->event, "msgid=%s is already in %s",
		       str_sanitize(signet_rejects_message_id(ctx->src_mail),
				    200), vname);
		return 1;
	}
	if (mail_deliver_save(ctx, vname, MAIL_SEEN, NULL, storage_r) == 0)
		return 1;
	/* INBOX, where Dovecot would try next, is no place for it. */
	ctx->tempfail_error = "The mailbox for rejected messages is not available";
	return -1;
}
