#include "lib.h"
#include "compat.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-storage-hooks.h"
#include "signet-deliver.h"
#include "signet-event.h"
#include "signet-notify.h"
#include "signet-plugin.h"
#include "signet-quota.h"
#include "signet-settings.h"

SIGNET_EXPORT const char *signet_plugin_version = DOVECOT_ABI_VERSION;
SIGNET_EXPORT const char *signet_plugin_dependencies[] = { "notify", NULL };

struct signet_user_module signet_user_module =
	MODULE_CONTEXT_INIT(&mail_user_module_register);

static struct event_category event_category_signet = {
	.name = "signet",
};

static void signet_user_deinit_pre(struct mail_user *user)
{
	struct signet_user *suser = SIGNET_USER(user);

	/* the last moment at which quota and storage can be used */
	signet_quota_user_deinit(suser);
	signet_event_user_deinit(suser);
	suser->module_ctx.super.deinit_pre(user);
}

static void signet_user_deinit(struct mail_user *user)
{
	struct signet_user *suser = SIGNET_USER(user);

	signet_settings_free(&suser->set);
	event_unref(&suser->event);
	suser->module_ctx.super.deinit(user);
}

static void signet_user_created(struct mail_user *user)
{
	struct mail_user_vfuncs *v = user->vlast;
	const struct signet_settings *set;
	struct signet_user *suser;
	const char *error;

	/* The raw-storage user of lmtp and lda, owners of shared mailboxes;
	   the former still with the rights of root. */
	if (user->autocreated)
		return;
	if (signet_settings_get(user, &set, &error) < 0) {
		user->error = p_strdup_printf(user->pool, "signet: %s", error);
		return;
	}

	suser = p_new(user->pool, struct signet_user, 1);
	suser->user = user;
	suser->set = set;
	suser->event = event_create(user->event);
	event_add_category(suser->event, &event_category_signet);
	event_set_append_log_prefix(suser->event, "signet: ");

	suser->module_ctx.super = *v;
	user->vlast = &suser->module_ctx.super;
	v->deinit_pre = signet_user_deinit_pre;
	v->deinit = signet_user_deinit;
	MODULE_CONTEXT_SET(user, signet_user_module, suser);

	signet_quota_user_init(suser);
	e_debug(suser->event, "Plugin is on: service=%s, spool=%s",
		user->service, set->spool_dir);
}

static struct mail_storage_hooks signet_mail_storage_hooks = {
	.mail_user_created = signet_user_created,
};

SIGNET_EXPORT void signet_plugin_init(struct module *module)
{
	signet_notify_init();
	mail_storage_hooks_add(module, &signet_mail_storage_hooks);
	signet_deliver_init(module);
}

SIGNET_EXPORT void signet_plugin_deinit(void)
{
	signet_deliver_deinit();
	mail_storage_hooks_remove(&signet_mail_storage_hooks);
	signet_notify_deinit();
}
