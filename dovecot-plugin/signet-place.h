#ifndef SIGNET_PLACE_H
#define SIGNET_PLACE_H

/* What kind of mailbox a message is in, or goes to. */

struct mailbox;
struct signet_user;

enum signet_class {
	SIGNET_CLASS_OTHER = 0,
	SIGNET_CLASS_INBOX,
	SIGNET_CLASS_JUNK,
	SIGNET_CLASS_TRASH,
	SIGNET_CLASS_REJECTS,
	SIGNET_CLASS_DRAFTS,
	SIGNET_CLASS_SENT,
};

struct signet_place {
	/* as users see it, in UTF-8 */
	const char *name;
	enum signet_class class;
	/* in hexadecimal; NULL if it is not known */
	const char *guid;
};

/* By the special use that the configuration gives it, or the names of
   signet_junk_mailbox and its like. */
enum signet_class
signet_class_of(struct signet_user *suser, struct mailbox *box);
/* The same; below the trash it is trash, too: many clients put a folder there
   when it is deleted. Looks at each mailbox above it. */
enum signet_class
signet_class_of_tree(struct signet_user *suser, struct mailbox *box);
const char *signet_class_name(enum signet_class class);

/* The mailbox's GUID from the pool, or NULL. Opens the mailbox. */
const char *signet_box_guid(pool_t pool, struct mailbox *box);

/* Adds "PREFIX=", "PREFIX_class=" and "PREFIX_guid=" to an event. */
void signet_place_add(string_t *event, const char *prefix,
		      const struct signet_place *place);

#endif
