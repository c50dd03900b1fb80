#include "lib.h"
#include "compat.h"
#include "notify-plugin.h"
#include "signet-notify.h"

static struct notify_context *signet_notify_ctx;

static const struct notify_vfuncs signet_notify_vfuncs = {
	.mail_save = NULL,
};

void signet_notify_init(void)
{
	signet_notify_ctx = notify_register(&signet_notify_vfuncs);
}

void signet_notify_deinit(void)
{
	signet_notify_unregister(signet_notify_ctx);
}
