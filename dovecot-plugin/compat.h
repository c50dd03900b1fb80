#ifndef SIGNET_COMPAT_H
#define SIGNET_COMPAT_H

/* What differs between the releases of Dovecot, all of it here: the other
   files are written for 2.4, and compile for 2.3 as well. Include it after
   lib.h and before anything else of Dovecot's. */

#define SIGNET_DOVECOT_24 DOVECOT_PREREQ(2, 4, 0)

/* The plugin is loaded with RTLD_NOW into binaries that have no LDA, and also
   where the quota plugin is not: what may be missing is weak, and callers ask
   whether it is there. */
#define SIGNET_WEAK __attribute__((weak))
/* The rest of our symbols stay out of the process's global name space. */
#define SIGNET_EXPORT __attribute__((visibility("default")))

#include "array.h"
#include "mail-storage-private.h"
#include "mailbox-list-private.h"

/* The special uses that the configuration gives a mailbox, NULL-ended; in
   memory of the data stack. */
static inline const char *const *
signet_box_special_uses(struct mailbox *box)
{
#if SIGNET_DOVECOT_24
	ARRAY_TYPE(const_string) uses;

	t_array_init(&uses, 4);
	if (box->set != NULL && array_is_created(&box->set->special_use))
		array_append_array(&uses, &box->set->special_use);
	array_append_zero(&uses);
	return array_front(&uses);
#else
	const struct mailbox_settings *set =
		mailbox_settings_find(mailbox_get_namespace(box),
				      mailbox_get_vname(box));

	return t_strsplit_spaces(set == NULL || set->special_use == NULL ? "" :
				 set->special_use, " ");
#endif
}

/* of the whole root, not of one mailbox */
#if SIGNET_DOVECOT_24
#  define signet_quota_get_resource(root, name, value_r, limit_r, error_r) \
	quota_get_resource(root, NULL, name, value_r, limit_r, error_r)
#else
#  define signet_quota_get_resource(root, name, value_r, limit_r, error_r) \
	quota_get_resource(root, "", name, value_r, limit_r, error_r)
#endif

/* The message that the one being saved takes the place of (IMAP REPLACE), which
   may be in another mailbox; NULL if there is none. */
static inline struct mail *
signet_replaced_mail(struct mailbox_transaction_context *t)
{
#if SIGNET_DOVECOT_24
	return t->save_ctx == NULL ? NULL : t->save_ctx->expunged_mail;
#else
	(void)t;
	return NULL;
#endif
}

#if SIGNET_DOVECOT_24
#  define signet_notify_unregister(ctx) notify_unregister(&(ctx))
#else
#  define signet_notify_unregister(ctx) notify_unregister(ctx)
#endif

#endif
