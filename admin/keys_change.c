#include "admin/keys.h"
#include "admin/keys_steps.h"

static const char *
reason_of(const struct keys *keys)
{
	return keys->arguments.reason != NULL ? keys->arguments.reason
					      : "asked for";
}

/* The key that was named, with its domain entered; NULL, told, if there is
 * none. */
static struct kept_key *
enter_key(struct keys *keys, struct kept_key **first)
{
	struct kept_key *key;

	if (!keys_enter(keys, keys->domain, false, first))
		return NULL;
	key = keys_find(*first, keys->selector);
	if (key == NULL)
		keys_trouble(keys, NULL,
			     "there is no key " TEXT_FMT " on this host; "
			     "signet keys list shows those there are",
			     TEXT_ARG(keys->selector));
	return key;
}

/* Is there another key that signs, of this type or of any (0)? */
static const struct kept_key *
other_active(const struct kept_key *first, const struct kept_key *key,
	     enum crypto_key_type type)
{
	for (; first != NULL; first = first->next)
		if (first != key && first->file.state == KEY_ACTIVE &&
		    (type == 0 || first->type == type))
			return first;
	return NULL;
}

static bool
new_one(struct keys *keys, enum crypto_key_type type, struct kept_key **first)
{
	unsigned bits = keys->arguments.bits != 0
			    ? keys->arguments.bits
			    : (unsigned)keys->settings.bits;

	if (keys_step_new(keys, type, bits, keys->selector, first) !=
	    KEYS_STEP_DONE)
		return false;
	printf(TEXT_FMT, TEXT_ARG(keys_zone_line(keys, *first, false)));
	return true;
}

bool
keys_new(struct keys *keys)
{
	unsigned types = keys->settings.types;
	struct kept_key *first;

	if (keys->arguments.type == CRYPTO_RSA)
		types = KEYS_TYPE_RSA;
	if (keys->arguments.type == CRYPTO_ED25519)
		types = KEYS_TYPE_ED25519;
	if (keys->selector.len > 0 &&
	    types == (KEYS_TYPE_RSA | KEYS_TYPE_ED25519))
		return keys_trouble(keys, NULL,
				    "[keys] types has both, and one selector "
				    "is one key; say --type");
	if (!keys_enter(keys, keys->domain, true, &first))
		return false;
	return ((types & KEYS_TYPE_RSA) == 0 ||
		new_one(keys, CRYPTO_RSA, &first)) &&
	       ((types & KEYS_TYPE_ED25519) == 0 ||
		new_one(keys, CRYPTO_ED25519, &first));
}

static bool
publish_one(struct keys *keys, struct kept_key *key)
{
	enum keys_step step = key->file.state == KEY_REVOKED
				  ? keys_step_tell_revoked(keys, key)
				  : keys_step_publish(keys, key);

	if (step == KEYS_STEP_DONE)
		keys_say(keys, key, "is %s and in the DNS",
			 key_state_name(key->file.state));
	return step != KEYS_STEP_FAILED;
}

bool
keys_publish(struct keys *keys)
{
	struct kept_key *first, *key;
	bool fine = true;

	if (keys->selector.len > 0) {
		key = enter_key(keys, &first);
		return key != NULL && publish_one(keys, key);
	}
	if (!keys_enter(keys, keys->domain, false, &first))
		return false;
	for (key = first; key != NULL; key = key->next)
		fine = publish_one(keys, key) && fine;
	return fine;
}

bool
keys_activate(struct keys *keys)
{
	bool now = (keys->arguments.now & KEYS_NOW_ACTIVATE) != 0;
	const struct kept_key *other;
	struct kept_key *first, *key = enter_key(keys, &first);
	enum keys_step step;

	if (key == NULL)
		return false;
	if (key->file.state == KEY_MADE &&
	    keys_step_publish(keys, key) != KEYS_STEP_DONE)
		return false;
	step = keys_step_activate(keys, key, now ? 0 : keys->settings.settle_s);
	other = other_active(first, key, key->type);
	if (step == KEYS_STEP_DONE && other != NULL)
		keys_say(keys, other,
			 "is active too; signet keys retire ends "
			 "that");
	return step == KEYS_STEP_DONE;
}

bool
keys_retire(struct keys *keys)
{
	struct kept_key *first, *key = enter_key(keys, &first);

	if (key == NULL)
		return false;
	if (key->file.state == KEY_ACTIVE && !keys->arguments.force &&
	    other_active(first, key, 0) == NULL)
		return keys_trouble(keys, key,
				    "is the only key that signs for this "
				    "domain; activate another first, or say "
				    "--force");
	return keys_step_retire(keys, key, reason_of(keys)) == KEYS_STEP_DONE;
}

/* A key that others may know is revoked at once, whatever it leaves. */
bool
keys_revoke(struct keys *keys)
{
	struct kept_key *first, *key = enter_key(keys, &first);
	bool was_active;

	if (key == NULL)
		return false;
	was_active = key->file.state == KEY_ACTIVE;
	if (keys_step_revoke(keys, key, reason_of(keys)) == KEYS_STEP_FAILED)
		return false;
	if (was_active && other_active(first, key, 0) == NULL)
		keys_trouble(keys, NULL, "no key signs for this domain now");
	return true;
}

/* What the database has of a key whose file is lost. */
static bool
delete_lost(struct keys *keys)
{
	struct kept_key gone = {.file = {.domain = keys->domain,
					 .selector = keys->selector,
					 .state = KEY_DELETED,
					 .since_s = keys->now_s},
				.type = CRYPTO_RSA};

	if (keys->pg == NULL || keys->away ||
	    !keys_record(keys, &gone, reason_of(keys), true) || keys->away)
		return false;
	keys_say(keys, &gone, "recorded as deleted");
	return true;
}

bool
keys_delete(struct keys *keys)
{
	struct kept_key *first, *key;

	if (keys->arguments.force) {
		if (!keys_enter(keys, keys->domain, true, &first))
			return false;
		if (keys_find(first, keys->selector) == NULL)
			return delete_lost(keys);
		keys_leave(keys);
	}
	key = enter_key(keys, &first);
	return key != NULL &&
	       keys_step_delete(keys, key, reason_of(keys)) == KEYS_STEP_DONE;
}
