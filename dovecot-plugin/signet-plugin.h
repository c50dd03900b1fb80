#ifndef SIGNET_PLUGIN_H
#define SIGNET_PLUGIN_H

/* The plugin as Dovecot loads it, and what it knows of a user.

   lib95_signet_plugin.so is loaded into imap, lmtp, lda and doveadm. It must
   sort after lib90_sieve_plugin, whose delivery hook never calls the one that
   was there before. */

#include "module-context.h"
#include "mail-user.h"

struct module;
struct signet_settings;
struct signet_quota;

struct signet_user {
	union mail_user_module_context module_ctx;
	struct mail_user *user;
	/* for all that is logged: carries the session, the user, and the
	   category "signet" (log_debug = category=signet) */
	struct event *event;
	const struct signet_settings *set;

	/* what has been told of the user's quota (signet-quota.h) */
	struct signet_quota *quota;
	/* events that could not be spooled in this session */
	unsigned int lost_events;
};

extern MODULE_CONTEXT_DEFINE(signet_user_module, &mail_user_module_register);

/* NULL if the plugin is not meant for the user: the callbacks of notify and the
   delivery hook belong to the process, which may serve others besides. */
#define SIGNET_USER(obj) \
	((struct signet_user *)MODULE_CONTEXT(obj, signet_user_module))

extern const char *signet_plugin_version;
extern const char *signet_plugin_dependencies[];

void signet_plugin_init(struct module *module);
void signet_plugin_deinit(void);

#endif
