#include "lib.h"
#include "compat.h"
#include "array.h"
#include "mail-storage.h"
#include "mail-deliver.h"
#include "signet-deliver.h"
#include "signet-plugin.h"

extern deliver_mail_func_t *
mail_deliver_hook_set(deliver_mail_func_t *new_hook) SIGNET_WEAK;

static deliver_mail_func_t *next_deliver_mail;

/* Returns 1 if the message was saved; -1 leaves it to Dovecot. */
static int signet_deliver(struct mail_deliver_context *ctx,
			  struct mail_storage **storage_r)
{
	return next_deliver_mail == NULL ? -1 :
		next_deliver_mail(ctx, storage_r);
}

void signet_deliver_init(void)
{
	if (mail_deliver_hook_set != NULL)
		next_deliver_mail = mail_deliver_hook_set(signet_deliver);
}

void signet_deliver_deinit(void)
{
	if (mail_deliver_hook_set != NULL)
		(void)mail_deliver_hook_set(next_deliver_mail);
}
