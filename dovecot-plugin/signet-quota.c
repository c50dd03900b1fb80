#include "lib.h"
#include "compat.h"
#include "ioloop.h"
#include "quota.h"
#include "str.h"
#include "signet-event.h"
#include "signet-plugin.h"
#include "signet-quota.h"
#include "signet-settings.h"

/* The quota plugin need not be there. */
#pragma weak quota_root_iter_init_user
#pragma weak quota_root_iter_next
#pragma weak quota_root_iter_deinit
#pragma weak quota_root_get_name
#pragma weak quota_get_resource

struct signet_quota {
	/* since it was told last */
	bool changed;
	/* told for the last time */
	bool ended;
	struct timeout *to;
};

/* Adds "NAME=" and "NAME_limit="; a limit of 0 is none. */
static int signet_quota_add(struct signet_user *suser, string_t *event,
			    struct quota_root *root, const char *resource,
			    const char *name)
{
	uint64_t value = 0, limit = 0;
	const char *error = "";

	switch (signet_quota_get_resource(root, resource, &value, &limit,
					  &error)) {
	case QUOTA_GET_RESULT_LIMITED:
		break;
	case QUOTA_GET_RESULT_UNLIMITED:
		limit = 0;
		break;
	case QUOTA_GET_RESULT_UNKNOWN_RESOURCE:
		return 0;
	case QUOTA_GET_RESULT_BACKGROUND_CALC:
		/* it is being counted: there will be a next time */
		return -1;
	case QUOTA_GET_RESULT_INTERNAL_ERROR:
		e_warning(suser->event, "Quota of %s cannot be read: %s",
			  quota_root_get_name(root), error);
		return -1;
	}
	signet_event_add_number(event, name, value);
	signet_event_add_number(event, t_strconcat(name, "_limit", NULL),
				limit);
	return 0;
}

static bool signet_quota_tell_root(struct signet_user *suser,
				   struct quota_root *root)
{
	string_t *event = signet_event_begin(suser, "quota");

	signet_event_add(event, "root", quota_root_get_name(root));
	return signet_quota_add(suser, event, root,
				QUOTA_NAME_STORAGE_BYTES, "bytes") == 0 &&
		signet_quota_add(suser, event, root,
				 QUOTA_NAME_MESSAGES, "messages") == 0 &&
		signet_event_spool(suser, event, NULL,
				   SIGNET_EVENT_PART_NONE) == 0;
}

static void signet_quota_tell(struct signet_user *suser)
{
	struct quota_root_iter *iter;
	struct quota_root *root;
	bool told = FALSE;

	timeout_remove(&suser->quota->to);
	suser->quota->changed = FALSE;
	iter = quota_root_iter_init_user(suser->user);
	while ((root = quota_root_iter_next(iter)) != NULL) T_BEGIN {
		if (signet_quota_tell_root(suser, root))
			told = TRUE;
	} T_END;
	quota_root_iter_deinit(&iter);
	if (told)
		signet_event_nudge(suser);
}

void signet_quota_user_init(struct signet_user *suser)
{
	suser->quota = p_new(suser->user->pool, struct signet_quota, 1);
}

void signet_quota_changed(struct signet_user *suser)
{
	struct signet_quota *quota = suser->quota;

	if (quota_root_iter_init_user == NULL || quota->ended)
		return;
	quota->changed = TRUE;
	/* Others end soon, and change loops in between. The commit may run in
	   a loop of its own, too, which is gone when the time has come. */
	if (quota->to == NULL && strcmp(suser->user->service, "imap") == 0)
		quota->to = timeout_add_short_to(io_loop_get_root(),
			suser->set->quota_interval_msecs,
			signet_quota_tell, suser);
}

void signet_quota_user_deinit(struct signet_user *suser)
{
	timeout_remove(&suser->quota->to);
	if (suser->quota->changed)
		signet_quota_tell(suser);
	/* other plugins may still change something on their way out */
	suser->quota->ended = TRUE;
}
