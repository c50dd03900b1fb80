/* keys_rotate.c - what is due, done; run it daily */
#include "admin/keys.h"
#include "admin/keys_steps.h"
#include "base/arena.h"

struct rotation {
	struct keys *keys;
	struct kept_key **first;
	enum crypto_key_type type;
	bool did, waits, failed;
};

static void
note(struct rotation *rotation, enum keys_step step)
{
	rotation->did |= step == KEYS_STEP_DONE;
	rotation->waits |= step == KEYS_STEP_WAITS;
	rotation->failed |= step == KEYS_STEP_FAILED;
}

/* Has the key been in its state for so long? */
static bool
is_over(const struct rotation *rotation, const struct kept_key *key,
	uint64_t wait_s, unsigned now)
{
	return (rotation->keys->arguments.now & now) != 0 ||
	       key->file.since_s + (int64_t)wait_s <= rotation->keys->now_s;
}

/* The newest key of the type in a state. */
static struct kept_key *
newest(const struct rotation *rotation, enum key_state state)
{
	struct kept_key *key, *found = NULL;

	for (key = *rotation->first; key != NULL; key = key->next)
		if (key->type == rotation->type && key->file.state == state &&
		    !key->stuck &&
		    (found == NULL || key->file.since_s > found->file.since_s))
			found = key;
	return found;
}

/* --- the end of a key's life --- */

static void
end_revoked(struct rotation *rotation, struct kept_key *key)
{
	struct keys *keys = rotation->keys;
	enum keys_step step = keys_step_tell_revoked(keys, key);

	if (step != KEYS_STEP_DONE)
		note(rotation, step);
	else if (is_over(rotation, key, keys->settings.revoke_s,
			 KEYS_NOW_DELETE))
		note(rotation,
		     keys_step_delete(keys, key, "it was revoked for long"));
}

static void
end_old(struct rotation *rotation)
{
	struct keys *keys = rotation->keys;
	struct kept_key *key, *next;

	for (key = *rotation->first; key != NULL; key = next) {
		next = key->next;
		if (key->type != rotation->type || key->stuck)
			continue;
		if (key->file.state == KEY_REVOKED)
			end_revoked(rotation, key);
		else if (key->file.state == KEY_RETIRED &&
			 is_over(rotation, key, keys->settings.retire_s,
				 KEYS_NOW_REVOKE))
			note(rotation,
			     keys_step_revoke(keys, key,
					      "what it signed has arrived or "
					      "expired"));
	}
}

/* --- its beginning --- */

/* All active keys but the newest, once the DNS carries that one. */
static void
retire_older(struct rotation *rotation)
{
	struct kept_key *newest_active = newest(rotation, KEY_ACTIVE), *key;
	const char *reason;
	bool sure = false;

	if (newest_active == NULL)
		return;
	reason = arena_printf(rotation->keys->arena, TEXT_FMT " took over",
			      TEXT_ARG(newest_active->file.selector));
	for (key = *rotation->first; key != NULL; key = key->next) {
		if (key == newest_active || key->type != rotation->type ||
		    key->file.state != KEY_ACTIVE || key->stuck)
			continue;
		sure =
		    sure || keys_ask_all(rotation->keys, newest_active).found ==
				KEY_FOUND_SAME;
		if (!sure) {
			keys_say(rotation->keys, key,
				 "waits: it is not sure that the DNS carries "
				 "its successor");
			rotation->waits = true;
			return;
		}
		note(rotation, keys_step_retire(rotation->keys, key, reason));
	}
}

static bool
is_successor_due(const struct rotation *rotation)
{
	const struct keys *keys = rotation->keys;
	const struct kept_key *active = newest(rotation, KEY_ACTIVE);

	if (newest(rotation, KEY_MADE) != NULL ||
	    newest(rotation, KEY_PUBLISHED) != NULL)
		return false;
	return active == NULL || (keys->arguments.now & KEYS_NOW_NEW) != 0 ||
	       (keys->settings.lifetime_s != 0 &&
		is_over(rotation, active, keys->settings.lifetime_s, 0));
}

static void
bring_up(struct rotation *rotation)
{
	struct keys *keys = rotation->keys;
	bool now = (keys->arguments.now & KEYS_NOW_ACTIVATE) != 0;
	struct kept_key *key;

	if (is_successor_due(rotation))
		note(rotation,
		     keys_step_new(keys, rotation->type,
				   (unsigned)keys->settings.bits,
				   (struct text){0}, rotation->first));
	key = newest(rotation, KEY_MADE);
	if (key != NULL)
		note(rotation, keys_step_publish(keys, key));
	key = newest(rotation, KEY_PUBLISHED);
	if (key != NULL)
		note(rotation,
		     keys_step_activate(keys, key,
					now ? 0 : keys->settings.settle_s));
	retire_older(rotation);
}

static void
say_nothing_due(const struct rotation *rotation)
{
	struct keys *keys = rotation->keys;
	const struct kept_key *active = newest(rotation, KEY_ACTIVE);

	if (active == NULL)
		return;
	if (keys->settings.lifetime_s == 0)
		keys_say(
		    keys, active, "active since %s; nothing is due",
		    keys_time_text(keys, keys->now_s - active->file.since_s));
	else
		keys_say(
		    keys, active,
		    "active since %s; nothing is due, its successor is "
		    "in %s",
		    keys_time_text(keys, keys->now_s - active->file.since_s),
		    keys_time_text(keys,
				   active->file.since_s +
				       (int64_t)keys->settings.lifetime_s -
				       keys->now_s));
}

static bool
rotate_type(struct keys *keys, struct kept_key **first,
	    enum crypto_key_type type)
{
	struct rotation rotation = {.keys = keys, .first = first, .type = type};

	end_old(&rotation);
	bring_up(&rotation);
	if (!rotation.did && !rotation.waits && !rotation.failed)
		say_nothing_due(&rotation);
	return !rotation.failed;
}

static bool
rotate_domain(struct keys *keys, struct domain domain)
{
	unsigned types = keys->settings.types;
	struct kept_key *first, *key;
	bool fine = true;

	if (!keys_enter(keys, domain, true, &first))
		return false;
	if (keys->unreadable)
		return keys_trouble(keys, NULL,
				    "nothing is done before all "
				    "keys can be read");
	for (key = first; key != NULL; key = key->next)
		fine = fine && !key->stuck;
	if ((types & KEYS_TYPE_RSA) != 0)
		fine = rotate_type(keys, &first, CRYPTO_RSA) && fine;
	if ((types & KEYS_TYPE_ED25519) != 0)
		fine = rotate_type(keys, &first, CRYPTO_ED25519) && fine;
	return fine;
}

static bool
rotate_all(struct keys *keys)
{
	struct domain last = {{0}};
	struct key_file *file;
	bool fine = true;
	struct why why;

	if (!key_files_list(keys->arena, &keys->store, keys->domain, &file,
			    &why))
		return keys_trouble(keys, NULL, "%s", why.text);
	for (; file != NULL; file = file->next) {
		if (domain_equal(file->domain, last))
			continue;
		last = file->domain;
		fine = rotate_domain(keys, last) && fine;
	}
	return fine;
}

bool
keys_rotate(struct keys *keys)
{
	return keys->arguments.all ? rotate_all(keys)
				   : rotate_domain(keys, keys->domain);
}
