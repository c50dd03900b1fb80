#include "lib.h"
#include "compat.h"
#include "signet-plugin.h"
#include "signet-quota.h"

struct signet_quota {
	bool changed;
};

void signet_quota_user_init(struct signet_user *suser)
{
	suser->quota = p_new(suser->user->pool, struct signet_quota, 1);
}

void signet_quota_changed(struct signet_user *suser)
{
	suser->quota->changed = TRUE;
}

void signet_quota_user_deinit(struct signet_user *suser)
{
	suser->quota->changed = FALSE;
}
