#include "lib.h"
#include "compat.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "str.h"
#include "str-sanitize.h"
#include "smtp-address.h"
#include "module-context.h"
#include "mail-storage-private.h"
#include "mail-storage-hooks.h"
#include "mail-deliver.h"
#include "signet-answer.h"
#include "signet-breaker.h"
#include "signet-client.h"
#include "signet-deliver.h"
#include "signet-mail.h"
#include "signet-plugin.h"
#include "signet-rejects.h"
#include "signet-settings.h"

extern deliver_mail_func_t *
mail_deliver_hook_set(deliver_mail_func_t *new_hook) SIGNET_WEAK;
extern int mail_deliver_save(struct mail_deliver_context *ctx,
			     const char *mailbox, enum mail_flags flags,
			     const char *const *keywords,
			     struct mail_storage **storage_r) SIGNET_WEAK;

struct signet_delivery {
	struct signet_user *suser;
	struct mail_deliver_context *ctx;
	struct signet_answer answer;
	/* what the next hook would have found without us */
	struct mail *original_mail;
	const char *original_mailbox;
	/* it is in a mailbox: Sieve, unlike mail_deliver_save(), does not set
	   ctx->saved_mail */
	bool saved;
};

struct signet_deliver_mailbox {
	union mailbox_module_context module_ctx;
};

#define SIGNET_DELIVER_CONTEXT(obj) \
	((struct signet_deliver_mailbox *) \
	 MODULE_CONTEXT(obj, signet_deliver_storage_module))
static MODULE_CONTEXT_DEFINE_INIT(signet_deliver_storage_module,
				  &mail_storage_module_register);

static deliver_mail_func_t *next_deliver_mail;
/* the one under way: a process has one at a time */
static struct signet_delivery *current_delivery;

/* ---- the question ---- */

static void
signet_deliver_add(string_t *head, const char *name, const char *value)
{
	if (value == NULL)
		return;
	str_printfa(head, "%s=", name);
	signet_client_encode(head, value);
	str_append_c(head, '\n');
}

static const char *
signet_deliver_head(struct mail_deliver_context *ctx, uoff_t size)
{
	const struct smtp_address *orcpt = ctx->rcpt_params.orcpt.addr;
	string_t *head = t_str_new(512);

	str_append(head, "signet-deliver 1\n");
	signet_deliver_add(head, "user", ctx->rcpt_user->username);
	signet_deliver_add(head, "mailbox", ctx->rcpt_default_mailbox);
	signet_deliver_add(head, "from", ctx->mail_from == NULL ? NULL :
			   smtp_address_encode(ctx->mail_from));
	signet_deliver_add(head, "to", ctx->rcpt_to == NULL ? NULL :
			   smtp_address_encode(ctx->rcpt_to));
	signet_deliver_add(head, "orcpt", orcpt == NULL ? NULL :
			   smtp_address_encode(orcpt));
	signet_deliver_add(head, "session", ctx->session_id);
	str_printfa(head, "size=%"PRIuUOFF_T"\n\n", size);
	return str_c(head);
}

static int
signet_deliver_message(struct mail_deliver_context *ctx,
		       struct istream **input_r, uoff_t *size_r,
		       const char **error_r)
{
	if (mail_get_stream(ctx->src_mail, NULL, NULL, input_r) < 0 ||
	    i_stream_get_size(*input_r, TRUE, size_r) <= 0) {
		*error_r = t_strdup_printf("the message could not be read: %s",
			mailbox_get_last_internal_error(ctx->src_mail->box,
							NULL));
		return -1;
	}
	return 0;
}

static enum signet_client_result
signet_deliver_exchange(struct signet_delivery *delivery, const char **error_r)
{
	const struct signet_settings *set = delivery->suser->set;
	struct signet_question question = {
		.socket_path = set->socket,
		.timeout_msecs = set->timeout_msecs,
		.max_message = set->max_message,
	};
	buffer_t *answer = t_buffer_create(1024);
	enum signet_client_result result;
	uoff_t size;

	if (signet_deliver_message(delivery->ctx, &question.message, &size,
				   error_r) < 0)
		return SIGNET_CLIENT_FAILED;
	question.head = signet_deliver_head(delivery->ctx, size);
	result = signet_client_ask(&question, answer, error_r);
	if (result == SIGNET_CLIENT_ANSWERED &&
	    signet_answer_parse(delivery->ctx->pool, answer, &delivery->answer,
				error_r) < 0)
		return SIGNET_CLIENT_FAILED;
	return result;
}

/* Returns FALSE if there is no answer: then one line has told why. */
static bool signet_deliver_ask(struct signet_delivery *delivery)
{
	struct signet_user *suser = delivery->suser;
	struct signet_breaker breaker;
	const char *error;

	signet_breaker_init(&breaker, suser->set->spool_dir);
	if (!signet_breaker_allows(&breaker)) {
		e_info(suser->event, "Delivered unjudged: signet-mailbox did "
		       "not answer lately, it is asked again in at most %u s",
		       SIGNET_BREAKER_SECS);
		return FALSE;
	}
	switch (signet_deliver_exchange(delivery, &error)) {
	case SIGNET_CLIENT_ANSWERED:
		signet_breaker_succeeded(&breaker);
		return TRUE;
	case SIGNET_CLIENT_FAILED:
		e_warning(suser->event,
			  "Delivered unjudged: signet-mailbox: %s", error);
		return FALSE;
	case SIGNET_CLIENT_TIMED_OUT:
		if (!signet_breaker_failed(&breaker)) {
			e_warning(suser->event, "Delivered unjudged: "
				  "signet-mailbox: %s", error);
		} else {
			e_error(suser->event, "Delivered unjudged: "
				"signet-mailbox: %s, nor before; nobody asks "
				"for %u s", error, SIGNET_BREAKER_SECS);
		}
		return FALSE;
	}
	i_unreached();
}

/* ---- the mailboxes that it is saved to ---- */

/* Those whom we wrap while one delivery is under way are freed with it. */
static struct signet_delivery *signet_deliver_current(struct mailbox *box)
{
	if (current_delivery == NULL ||
	    current_delivery->ctx->rcpt_user != box->storage->user)
		return NULL;
	return current_delivery;
}

static bool
signet_deliver_is_default(struct signet_delivery *delivery, const char *vname)
{
	const char *mailbox = delivery->ctx->rcpt_default_mailbox;

	if (strcasecmp(mailbox, "INBOX") == 0)
		return strcasecmp(vname, mailbox) == 0;
	return strcmp(vname, mailbox) == 0;
}

/* Adds our keywords to those that Sieve, or nobody, has set. */
static void signet_deliver_add_keywords(struct mail_save_context *ctx)
{
	struct mailbox *box = ctx->transaction->box;
	struct signet_delivery *delivery = signet_deliver_current(box);
	struct mail_keywords *keywords, *all;
	const char *const *names;

	if (delivery == NULL || array_count(&delivery->answer.keywords) == 0 ||
	    !signet_deliver_is_default(delivery, box->vname))
		return;
	array_append_zero(&delivery->answer.keywords);
	names = array_front(&delivery->answer.keywords);
	keywords = mailbox_keywords_create_valid(box, names);
	array_pop_back(&delivery->answer.keywords);
	if (ctx->data.keywords != NULL) {
		all = mailbox_keywords_merge(ctx->data.keywords, keywords);
		mailbox_keywords_unref(&keywords);
		keywords = all;
	}
	mailbox_save_set_flags(ctx, ctx->data.flags | ctx->data.pvt_flags,
			       keywords);
	mailbox_keywords_unref(&keywords);
}

static int
signet_deliver_copy(struct mail_save_context *ctx, struct mail *mail)
{
	struct signet_deliver_mailbox *mbox =
		SIGNET_DELIVER_CONTEXT(ctx->transaction->box);

	signet_deliver_add_keywords(ctx);
	return mbox->module_ctx.super.copy(ctx, mail);
}

static int
signet_deliver_save_begin(struct mail_save_context *ctx, struct istream *input)
{
	struct signet_deliver_mailbox *mbox =
		SIGNET_DELIVER_CONTEXT(ctx->transaction->box);

	/* a copy that is made by saving has passed signet_deliver_copy() */
	if (!ctx->copying_via_save)
		signet_deliver_add_keywords(ctx);
	return mbox->module_ctx.super.save_begin(ctx, input);
}

static int
signet_deliver_transaction_commit(struct mailbox_transaction_context *t,
				  struct mail_transaction_commit_changes *changes)
{
	struct mailbox *box = t->box;
	struct signet_deliver_mailbox *mbox = SIGNET_DELIVER_CONTEXT(box);
	struct signet_delivery *delivery = signet_deliver_current(box);
	bool saves = t->save_count > 0;

	if (mbox->module_ctx.super.transaction_commit(t, changes) < 0)
		return -1;
	if (saves && delivery != NULL &&
	    !signet_rejects_is_mailbox(delivery->suser, box->vname))
		delivery->saved = TRUE;
	return 0;
}

static void signet_deliver_mailbox_allocated(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;
	struct signet_deliver_mailbox *mbox;

	if (signet_deliver_current(box) == NULL)
		return;
	mbox = p_new(box->pool, struct signet_deliver_mailbox, 1);
	mbox->module_ctx.super = *v;
	box->vlast = &mbox->module_ctx.super;
	v->copy = signet_deliver_copy;
	v->save_begin = signet_deliver_save_begin;
	v->transaction_commit = signet_deliver_transaction_commit;
	MODULE_CONTEXT_SET(box, signet_deliver_storage_module, mbox);
}

/* ---- the delivery ---- */

static int
signet_deliver_next(struct mail_deliver_context *ctx,
		    struct mail_storage **storage_r)
{
	return next_deliver_mail == NULL ? 0 : next_deliver_mail(ctx, storage_r);
}

/* as mail_deliver() sees it after a hook */
static bool
signet_deliver_is_tempfailed(struct mail_deliver_context *ctx,
			     struct mail_storage *storage)
{
	enum mail_error error;

	if (ctx->tempfail_error != NULL)
		return TRUE;
	if (storage == NULL)
		return FALSE;
	(void)mail_storage_get_last_error(storage, &error);
	return error == MAIL_ERROR_TEMP;
}

/* Sieve, or nobody, then the default mailbox: all that would save our version
   of the message happens in here. */
static int
signet_deliver_save(struct mail_deliver_context *ctx,
		    struct mail_storage **storage_r)
{
	int ret;

	ret = signet_deliver_next(ctx, storage_r);
	if (ret > 0 || current_delivery->saved || ctx->saved_mail ||
	    ctx->tried_default_save ||
	    (ret < 0 && signet_deliver_is_tempfailed(ctx, *storage_r)))
		return ret;
	return mail_deliver_save(ctx, ctx->rcpt_default_mailbox, 0, NULL,
				 storage_r) == 0 ? 1 : -1;
}

/* What the answer wanted did not work: Dovecot saves the original as it would
   have done without us. */
static void
signet_deliver_undo(struct signet_delivery *delivery,
		    struct mail_storage **storage_r)
{
	struct mail_deliver_context *ctx = delivery->ctx;

	e_warning(delivery->suser->event,
		  "Delivered as if unjudged: mailbox %s did not take it",
		  str_sanitize(ctx->rcpt_default_mailbox, 80));
	ctx->rcpt_default_mailbox = delivery->original_mailbox;
	ctx->tried_default_save = FALSE;
	*storage_r = NULL;
}

static int
signet_deliver_answered(struct signet_delivery *delivery,
			struct mail_storage **storage_r)
{
	struct mail_deliver_context *ctx = delivery->ctx;
	const struct signet_answer *answer = &delivery->answer;
	struct signet_mail mail;
	const char *error;
	int ret, replaced;

	replaced = signet_mail_open(ctx, &answer->headers, &mail, &error);
	if (replaced < 0) {
		e_warning(delivery->suser->event,
			  "Delivered without our header: %s", error);
	}
	if (replaced > 0)
		ctx->src_mail = mail.mail;
	if (answer->mailbox != NULL)
		ctx->rcpt_default_mailbox = answer->mailbox;

	current_delivery = delivery;
	ret = signet_deliver_save(ctx, storage_r);
	current_delivery = NULL;
	ctx->src_mail = delivery->original_mail;
	if (replaced > 0)
		signet_mail_close(&mail);
	if (ret <= 0 && !delivery->saved && ctx->tried_default_save &&
	    ctx->tempfail_error == NULL &&
	    strcmp(ctx->rcpt_default_mailbox, delivery->original_mailbox) != 0)
		signet_deliver_undo(delivery, storage_r);
	return ret;
}

static int
signet_deliver_user(struct signet_user *suser, struct mail_deliver_context *ctx,
		    struct mail_storage **storage_r)
{
	struct signet_delivery delivery = {
		.suser = suser,
		.ctx = ctx,
		.original_mail = ctx->src_mail,
		.original_mailbox = ctx->rcpt_default_mailbox,
	};
	bool answered;
	int ret;

	if (signet_rejects_is_mailbox(suser, ctx->rcpt_default_mailbox))
		return signet_rejects_deliver(suser, ctx, storage_r);

	answered = *suser->set->socket != '\0' && signet_deliver_ask(&delivery);
	if (!answered)
		signet_answer_init(&delivery.answer, ctx->pool);
	else {
		e_debug(suser->event, "verdict=%s mailbox=%s",
			delivery.answer.verdict,
			delivery.answer.mailbox == NULL ? "-" :
			str_sanitize(delivery.answer.mailbox, 80));
	}
	ret = signet_deliver_answered(&delivery, storage_r);
	if (delivery.answer.remove_rejects && delivery.saved)
		signet_rejects_remove(suser, ctx->src_mail);
	return ret;
}

static int
signet_deliver(struct mail_deliver_context *ctx, struct mail_storage **storage_r)
{
	struct signet_user *suser = SIGNET_USER(ctx->rcpt_user);

	/* lmtp would give what was saved for one recipient to the next, with
	   the words that decided for the first. */
	ctx->save_dest_mail = FALSE;
	if (suser == NULL)
		return signet_deliver_next(ctx, storage_r);
	return signet_deliver_user(suser, ctx, storage_r);
}

static struct mail_storage_hooks signet_deliver_storage_hooks = {
	.mailbox_allocated = signet_deliver_mailbox_allocated,
};

void signet_deliver_init(struct module *module)
{
	if (mail_deliver_hook_set == NULL)
		return;
	next_deliver_mail = mail_deliver_hook_set(signet_deliver);
	mail_storage_hooks_add(module, &signet_deliver_storage_hooks);
}

void signet_deliver_deinit(void)
{
	if (mail_deliver_hook_set == NULL)
		return;
	mail_storage_hooks_remove(&signet_deliver_storage_hooks);
	(void)mail_deliver_hook_set(next_deliver_mail);
}
