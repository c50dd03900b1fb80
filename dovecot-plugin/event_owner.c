#include "dovecot-plugin/event_owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/why.h"
#include "base/xalloc.h"
#include "io/config.h"

#define ENTRY_BYTES 16384
#define NAME_BYTES 256

struct event_owner {
	uid_t *uids;
	size_t count;
};

enum lookup { LOOKUP_FAILED, LOOKUP_NOBODY, LOOKUP_FOUND };

static enum lookup
find_user(const char *name, uid_t *uid)
{
	char buffer[ENTRY_BYTES];
	struct passwd entry, *found;
	int error = getpwnam_r(name, &entry, buffer, sizeof(buffer), &found);

	if (found != NULL) {
		*uid = found->pw_uid;
		return LOOKUP_FOUND;
	}
	return error == 0 || error == ENOENT || error == ESRCH ? LOOKUP_NOBODY
							       : LOOKUP_FAILED;
}

static bool
read_owner(const char *name, uid_t *uid, struct why *why)
{
	uint64_t number;

	if (text_to_u64(text_from(name), UINT32_MAX - 1, &number)) {
		*uid = (uid_t)number;
		return true;
	}
	return find_user(name, uid) == LOOKUP_FOUND ||
	       why_set(why, "mail_owners: there is no user \"%.80s\"", name);
}

struct event_owner *
event_owner_new(const struct config_strings *mail_owners, struct why *why)
{
	struct event_owner *owner = xcalloc(1, sizeof(*owner));
	size_t i;

	owner->uids = xcalloc(mail_owners->count + 1, sizeof(*owner->uids));
	owner->count = mail_owners->count;
	for (i = 0; i < mail_owners->count; i++)
		if (!read_owner(mail_owners->values[i], &owner->uids[i], why)) {
			event_owner_free(owner);
			return NULL;
		}
	return owner;
}

void
event_owner_free(struct event_owner *owner)
{
	if (owner == NULL)
		return;
	free(owner->uids);
	free(owner);
}

static bool
is_mail_owner(const struct event_owner *owner, uid_t uid)
{
	size_t i;

	for (i = 0; i < owner->count; i++)
		if (owner->uids[i] == uid)
			return true;
	return false;
}

bool
event_owner_is_trusted(const struct event_owner *owner, uid_t uid)
{
	return uid == 0 || owner->count == 0 || is_mail_owner(owner, uid);
}

bool
event_owner_may(struct event_owner *owner, uid_t uid, struct text account,
		struct why *why)
{
	char name[NAME_BYTES];
	uid_t of_account;

	if (uid == 0 || is_mail_owner(owner, uid))
		return true;
	if (account.len >= sizeof(name))
		return why_set(why, "its account has too long a name");
	memcpy(name, account.at, account.len);
	name[account.len] = '\0';
	switch (find_user(name, &of_account)) {
	case LOOKUP_FOUND:
		return uid == of_account ||
		       why_set(why,
			       "uid %u wrote it and is not \"%.80s\"; if it "
			       "holds mail of others name it in mail_owners",
			       (unsigned)uid, name);
	case LOOKUP_NOBODY:
		return owner->count == 0 ||
		       why_set(why,
			       "uid %u wrote it and is not among mail_owners",
			       (unsigned)uid);
	case LOOKUP_FAILED:
		break;
	}
	return why_set(why, "the users of the system cannot be looked up: %s",
		       strerror(errno));
}
