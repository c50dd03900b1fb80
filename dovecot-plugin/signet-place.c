#include "lib.h"
#include "compat.h"
#include "guid.h"
#include "str.h"
#include "signet-event.h"
#include "signet-place.h"
#include "signet-plugin.h"
#include "signet-settings.h"

static const char *const signet_class_names[] = {
	[SIGNET_CLASS_OTHER] = "other",
	[SIGNET_CLASS_INBOX] = "inbox",
	[SIGNET_CLASS_JUNK] = "junk",
	[SIGNET_CLASS_TRASH] = "trash",
	[SIGNET_CLASS_REJECTS] = "rejects",
	[SIGNET_CLASS_DRAFTS] = "drafts",
	[SIGNET_CLASS_SENT] = "sent",
};

static const struct {
	const char *use;
	enum signet_class class;
} signet_special_uses[] = {
	{ "\\Junk", SIGNET_CLASS_JUNK },
	{ "\\Trash", SIGNET_CLASS_TRASH },
	{ "\\Drafts", SIGNET_CLASS_DRAFTS },
	{ "\\Sent", SIGNET_CLASS_SENT },
};

const char *signet_class_name(enum signet_class class)
{
	return signet_class_names[class];
}

enum signet_class
signet_class_of(struct signet_user *suser, struct mailbox *box)
{
	const struct signet_settings *set = suser->set;
	enum signet_class class = SIGNET_CLASS_OTHER;
	const char *name = mailbox_get_vname(box);
	unsigned int i;

	/* of this user, not that of one who shares his */
	if (box->inbox_user)
		return SIGNET_CLASS_INBOX;
	if (strcmp(name, set->rejects_mailbox) == 0)
		return SIGNET_CLASS_REJECTS;
	if (strcmp(name, set->junk_mailbox) == 0)
		return SIGNET_CLASS_JUNK;
	if (strcmp(name, set->trash_mailbox) == 0)
		return SIGNET_CLASS_TRASH;
	T_BEGIN {
		const char *const *uses = signet_box_special_uses(box);

		for (i = 0; i < N_ELEMENTS(signet_special_uses); i++) {
			if (class == SIGNET_CLASS_OTHER &&
			    str_array_icase_find(uses,
						 signet_special_uses[i].use))
				class = signet_special_uses[i].class;
		}
	} T_END;
	return class;
}

enum signet_class
signet_class_of_tree(struct signet_user *suser, struct mailbox *box)
{
	enum signet_class class = signet_class_of(suser, box);
	char sep = mail_namespace_get_sep(mailbox_get_namespace(box));
	const char *name = mailbox_get_vname(box);
	const char *end = name;

	while (class == SIGNET_CLASS_OTHER &&
	       (end = strchr(end, sep)) != NULL) T_BEGIN {
		struct mailbox *above =
			mailbox_alloc(box->list, t_strdup_until(name, end++), 0);

		if (signet_class_of(suser, above) == SIGNET_CLASS_TRASH)
			class = SIGNET_CLASS_TRASH;
		mailbox_free(&above);
	} T_END;
	return class;
}

const char *signet_box_guid(pool_t pool, struct mailbox *box)
{
	struct mailbox_metadata metadata;

	if (mailbox_get_metadata(box, MAILBOX_METADATA_GUID, &metadata) < 0)
		return NULL;
	return p_strdup(pool, guid_128_to_string(metadata.guid));
}

void signet_place_add(string_t *event, const char *prefix,
		      const struct signet_place *place)
{
	signet_event_add(event, prefix, place->name);
	signet_event_add(event, t_strconcat(prefix, "_class", NULL),
			 signet_class_name(place->class));
	signet_event_add(event, t_strconcat(prefix, "_guid", NULL),
			 place->guid);
}
