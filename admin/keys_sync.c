#include "admin/keys_sync.h"

#include "admin/keys.h"
#include "admin/keys_signer.h"
#include "admin/keys_work.h"
#include "base/arena.h"
#include "base/base64.h"

void
keys_say_away(struct keys *keys, const char *reason)
{
	if (!keys->away)
		keys_trouble(keys, NULL,
			     "the record is not kept, for the database cannot "
			     "be asked; the next command makes it good, or "
			     "signet keys sync: %s",
			     reason);
	keys->away = true;
}

static struct key_known *
find_known(struct key_known *known, struct text selector)
{
	while (known != NULL && !text_equal(known->selector, selector))
		known = known->next;
	return known;
}

/* With --follow a key goes on to the state that another host gave it, step by
 * step. */
static bool
follow(struct keys *keys, struct kept_key *key, enum key_state to)
{
	struct why why;

	if (to < KEY_DELETED)
		keys_signer_note(keys);
	while (key->file.state < to && to < KEY_DELETED) {
		if (!key_files_move(keys->lock, &key->file, key->file.state + 1,
				    keys->now_s, &why))
			return keys_trouble(keys, key, "%s", why.text);
		keys_say(keys, key, "%s, as in the database",
			 key_state_name(key->file.state));
	}
	return key->file.state == to;
}

/* Is it the key that the database knows under this name? */
static bool
is_same(struct keys *keys, struct kept_key *key, const struct key_known *known)
{
	if (text_equal(base64_encode(keys->arena, key->public_bytes),
		       known->public_key))
		return true;
	key->stuck = true;
	return keys_trouble(
	    keys, key,
	    "the selector belongs to another key, which " TEXT_FMT
	    " made; delete this one",
	    TEXT_ARG(known->host));
}

static void
catch_up_key(struct keys *keys, struct kept_key *key,
	     const struct key_known *known)
{
	enum key_state before = known != NULL ? known->state : KEY_NO_STATE;

	if (known != NULL && !is_same(keys, key, known))
		return;
	if (before == key->file.state ||
	    (keys->arguments.follow && before > key->file.state &&
	     follow(keys, key, before)))
		return;
	if (!keys_record(keys, key,
			 before == KEY_NO_STATE ? "found in the directory"
						: "caught up with the files",
			 true)) {
		if (before > key->file.state && before < KEY_DELETED)
			keys_trouble(keys, key,
				     "signet keys sync --follow does here what "
				     "the other host did");
	} else if (!keys->away) {
		keys_say(keys, key, "recorded as %s",
			 key_state_name(key->file.state));
	}
}

/* A key of this host that the database knows and the directory does not. */
static void
catch_up_deleted(struct keys *keys, const struct key_known *known)
{
	struct kept_key gone = {
	    .file = {.domain = known->domain,
		     .selector = known->selector,
		     .state = KEY_DELETED,
		     .since_s = keys->now_s},
	    .type = known->type,
	    .bits = known->bits,
	};

	if (known->state == KEY_ACTIVE)
		keys_trouble(keys, &gone,
			     "the database has it as active, but there is no "
			     "file; restore it, or delete it with --force");
	else if (keys_record(keys, &gone, "its file is gone", true) &&
		 !keys->away)
		keys_say(keys, &gone, "recorded as deleted");
}

void
keys_catch_up(struct keys *keys, struct kept_key *first)
{
	struct text host = text_from(keys->common.hostname);
	struct kept_key *key;
	struct key_known *known;
	struct why why;

	if (keys->pg == NULL || keys->away)
		return;
	if (key_record_list(keys->pg, keys->arena, keys->domain, &keys->known,
			    &why) != KEY_RECORD_DONE) {
		keys_say_away(keys, why.text);
		return;
	}
	for (key = first; key != NULL; key = key->next)
		catch_up_key(keys, key,
			     find_known(keys->known, key->file.selector));
	for (known = keys->known; known != NULL && !keys->unreadable;
	     known = known->next)
		if (known->state != KEY_DELETED &&
		    text_equal(known->host, host) &&
		    keys_find(first, known->selector) == NULL)
			catch_up_deleted(keys, known);
}

static bool
sync_domain(struct keys *keys, struct domain domain)
{
	struct kept_key *first;
	bool fine;

	fine = keys_enter(keys, domain, false, &first);
	for (; fine && first != NULL; first = first->next)
		fine = !first->stuck;
	return fine && !keys->away;
}

static bool
has_domain(const struct key_file *file, struct domain domain)
{
	while (file != NULL && !domain_equal(file->domain, domain))
		file = file->next;
	return file != NULL;
}

/* Domains of which this host has no key any more, but the database has. */
static bool
sync_lost(struct keys *keys, const struct key_file *files)
{
	struct key_known *known;
	struct domain last = {{0}};
	bool fine = true;
	struct why why;

	keys->domain = last;
	if (key_record_list(keys->pg, keys->arena, last, &known, &why) !=
	    KEY_RECORD_DONE) {
		keys_say_away(keys, why.text);
		return false;
	}
	for (; known != NULL; known = known->next) {
		if (known->state == KEY_DELETED ||
		    !text_equal(known->host,
				text_from(keys->common.hostname)) ||
		    domain_equal(known->domain, last) ||
		    has_domain(files, known->domain))
			continue;
		last = known->domain;
		fine = sync_domain(keys, last) && fine;
	}
	return fine;
}

static bool
sync_all(struct keys *keys)
{
	struct domain last = keys->domain;
	struct key_file *first, *file;
	bool fine = true;
	struct why why;

	if (!key_files_list(keys->arena, &keys->store, last, &first, &why))
		return keys_trouble(keys, NULL, "%s", why.text);
	for (file = first; file != NULL && !keys->away; file = file->next) {
		if (domain_equal(file->domain, last))
			continue;
		last = file->domain;
		fine = sync_domain(keys, last) && fine;
	}
	return !keys->away && sync_lost(keys, first) && fine && !keys->away;
}

bool
keys_sync(struct keys *keys)
{
	if (keys->pg == NULL)
		return keys_trouble(keys, NULL,
				    "[keys] record = no: nothing is recorded");
	return domain_is_set(keys->domain) ? sync_domain(keys, keys->domain)
					   : sync_all(keys);
}
