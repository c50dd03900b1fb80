#include "admin/keys_steps.h"

#include <time.h>

#include "admin/key_publish.h"
#include "admin/keys_signer.h"
#include "base/arena.h"
#include "base/private_key.h"

/* --- the file, then the database --- */

static enum keys_step
change(struct keys *keys, struct kept_key *key, enum key_state to,
       const char *reason)
{
	struct why why;

	if (key->stuck)
		return KEYS_STEP_FAILED;
	if (key->file.state == KEY_ACTIVE || to == KEY_ACTIVE)
		keys_signer_note(keys);
	if (!key_files_move(keys->lock, &key->file, to, keys->now_s, &why)) {
		keys_trouble(keys, key, "cannot become %s: %s",
			     key_state_name(to), why.text);
		return KEYS_STEP_FAILED;
	}
	keys_say(keys, key, "%s: %s", key_state_name(to), reason);
	return keys_record(keys, key, reason, false) ? KEYS_STEP_DONE
						     : KEYS_STEP_FAILED;
}

/* Is the step one that can be?  Tells why not. */
static bool
may(struct keys *keys, struct kept_key *key, enum key_state to)
{
	struct why why;

	if (key->stuck)
		return false;
	return key_state_may(key->file.state, to, &why) ||
	       keys_trouble(keys, key, "is %s and cannot become %s: %s",
			    key_state_name(key->file.state), key_state_name(to),
			    why.text);
}

/* --- new --- */

static bool
is_taken(const struct keys *keys, struct text selector)
{
	const struct key_known *known;

	if (key_files_has(keys->lock, selector))
		return true;
	for (known = keys->known; known != NULL; known = known->next)
		if (text_equal(known->selector, selector))
			return true;
	return false;
}

/* Another host may have published a key of which nothing is known here. */
static bool
is_in_dns(struct keys *keys, struct kept_key *key)
{
	switch (keys_ask(keys, key).found) {
	case KEY_FOUND_SAME:
	case KEY_FOUND_OTHER:
	case KEY_FOUND_REVOKED:
		return true;
	case KEY_FOUND_NOT_ASKED:
	case KEY_FOUND_MISSING:
	case KEY_FOUND_COULD_NOT_ASK:
		break;
	}
	return false;
}

static bool
choose_selector(struct keys *keys, struct kept_key *key)
{
	time_t now = (time_t)keys->now_s;
	struct tm tm;
	char letter;

	gmtime_r(&now, &tm);
	for (letter = 'a'; letter <= 'z'; letter++) {
		key->file.selector = text_from(
		    arena_printf(keys->arena, "%d%c-%s", tm.tm_year + 1900,
				 letter, key_type_name(key->type)));
		if (!is_taken(keys, key->file.selector) &&
		    !is_in_dns(keys, key))
			return true;
	}
	return keys_trouble(keys, NULL,
			    "all selectors of this year are taken; choose one "
			    "with --selector");
}

static bool
write_new(struct keys *keys, struct kept_key *key)
{
	struct private_key *private_key;
	struct arena *secret = arena_new();
	struct why why;
	bool fine = false;

	private_key = private_key_new(secret, key->type, key->bits, &why);
	if (private_key != NULL) {
		key->bits = private_key_bits(private_key);
		key->public_bytes = text_copy(
		    keys->arena, private_key_public(secret, private_key));
		fine =
		    key_files_write(keys->lock, &keys->store, &key->file,
				    private_key_pem(secret, private_key), &why);
	}
	arena_free(secret);
	return fine || keys_trouble(keys, key, "%s", why.text);
}

/* The file first: what is killed here is found by the next run.  Another
 * host may have taken the selector meanwhile. */
static enum keys_step
keep_new(struct keys *keys, struct kept_key *key)
{
	const char *reason =
	    keys->arguments.reason != NULL ? keys->arguments.reason : "new key";
	struct why why;

	if (!write_new(keys, key))
		return KEYS_STEP_FAILED;
	if (!keys_record(keys, key, reason, false)) {
		key_files_remove(keys->lock, &key->file, &why);
		return KEYS_STEP_FAILED;
	}
	keys_say(keys, key, "made: %s, %u bits", key_type_name(key->type),
		 key->bits);
	return KEYS_STEP_DONE;
}

enum keys_step
keys_step_new(struct keys *keys, enum crypto_key_type type, unsigned bits,
	      struct text selector, struct kept_key **first)
{
	struct kept_key *key = arena_new_value(keys->arena, struct kept_key);
	enum keys_step step;

	key->type = type;
	key->bits = type == CRYPTO_RSA ? bits : 0;
	key->file = (struct key_file){.domain = keys->domain,
				      .selector = selector,
				      .state = KEY_MADE,
				      .since_s = keys->now_s};
	if (selector.len == 0 && !choose_selector(keys, key))
		return KEYS_STEP_FAILED;
	if (is_taken(keys, key->file.selector)) {
		keys_trouble(keys, key,
			     "there is or was such a key; a "
			     "selector is not used twice");
		return KEYS_STEP_FAILED;
	}
	step = keep_new(keys, key);
	if (step == KEYS_STEP_DONE) {
		key->next = *first;
		*first = key;
	}
	return step;
}

/* --- publish --- */

static bool
put_into_dns(struct keys *keys, struct kept_key *key, bool revoked)
{
	struct text record = keys_record_text(keys, key, revoked);
	struct why why;

	return key_publish(keys->arena, &keys->settings,
			   key_check_name(keys->arena, key->file.domain,
					  key->file.selector),
			   &record, &why) ||
	       keys_trouble(keys, key, "cannot be published: %s", why.text);
}

static enum keys_step
publish_missing(struct keys *keys, struct kept_key *key)
{
	if (keys->settings.publish == KEYS_PUBLISH_NONE) {
		keys_say(keys, key, "waits for you to put this into the zone:");
		printf(TEXT_FMT, TEXT_ARG(keys_zone_line(keys, key, false)));
		return KEYS_STEP_WAITS;
	}
	if (!put_into_dns(keys, key, false))
		return KEYS_STEP_FAILED;
	return key->file.state != KEY_MADE
		   ? KEYS_STEP_DONE
		   : change(keys, key, KEY_PUBLISHED, "put into the DNS");
}

enum keys_step
keys_step_publish(struct keys *keys, struct kept_key *key)
{
	struct key_check dns;

	if (key->stuck)
		return KEYS_STEP_FAILED;
	dns = keys_ask(keys, key);
	switch (dns.found) {
	case KEY_FOUND_SAME:
		if (key->file.state == KEY_MADE)
			return change(keys, key, KEY_PUBLISHED,
				      "the DNS carries it");
		return KEYS_STEP_DONE;
	case KEY_FOUND_MISSING:
		return publish_missing(keys, key);
	case KEY_FOUND_REVOKED:
		why_set(&dns.why, "p= is empty");
		break;
	case KEY_FOUND_COULD_NOT_ASK:
		keys_say(keys, key, "waits: the DNS could not be asked: %s",
			 dns.why.text);
		return KEYS_STEP_WAITS;
	case KEY_FOUND_OTHER:
	case KEY_FOUND_NOT_ASKED:
		break;
	}
	keys_trouble(keys, key,
		     "the DNS has another record there, which is left as it "
		     "is: %s",
		     dns.why.text);
	return KEYS_STEP_FAILED;
}

/* --- activate --- */

enum keys_step
keys_step_activate(struct keys *keys, struct kept_key *key, uint64_t waiting_s)
{
	int64_t left = key->file.since_s + (int64_t)waiting_s - keys->now_s;
	struct key_check dns;

	if (!may(keys, key, KEY_ACTIVE))
		return KEYS_STEP_FAILED;
	if (key->file.state == KEY_PUBLISHED && left > 0) {
		keys_say(keys, key,
			 "waits: published, and will sign in %s at the "
			 "earliest",
			 keys_time_text(keys, left));
		return KEYS_STEP_WAITS;
	}
	dns = keys_ask_all(keys, key);
	switch (dns.found) {
	case KEY_FOUND_SAME:
		return change(keys, key, KEY_ACTIVE,
			      "the DNS carries it; it signs from now on");
	case KEY_FOUND_MISSING:
		keys_say(keys, key, "waits: %s", dns.why.text);
		return publish_missing(keys, key) == KEYS_STEP_FAILED
			   ? KEYS_STEP_FAILED
			   : KEYS_STEP_WAITS;
	case KEY_FOUND_COULD_NOT_ASK:
		keys_say(keys, key, "waits: the DNS could not be asked: %s",
			 dns.why.text);
		return KEYS_STEP_WAITS;
	case KEY_FOUND_REVOKED:
		why_set(&dns.why, "p= is empty");
		break;
	case KEY_FOUND_OTHER:
	case KEY_FOUND_NOT_ASKED:
		break;
	}
	keys_trouble(keys, key,
		     "must not sign, for the DNS has another "
		     "record there: %s",
		     dns.why.text);
	return KEYS_STEP_FAILED;
}

/* --- retire, revoke, delete --- */

enum keys_step
keys_step_retire(struct keys *keys, struct kept_key *key, const char *reason)
{
	return may(keys, key, KEY_RETIRED)
		   ? change(keys, key, KEY_RETIRED, reason)
		   : KEYS_STEP_FAILED;
}

enum keys_step
keys_step_tell_revoked(struct keys *keys, struct kept_key *key)
{
	struct key_check dns = keys_ask(keys, key);

	switch (dns.found) {
	case KEY_FOUND_OTHER:
		keys_trouble(keys, key,
			     "the DNS has another record there, which is left "
			     "as it is: %s",
			     dns.why.text);
		return KEYS_STEP_FAILED;
	case KEY_FOUND_REVOKED:
	case KEY_FOUND_MISSING:
	case KEY_FOUND_NOT_ASKED:
		return KEYS_STEP_DONE;
	case KEY_FOUND_COULD_NOT_ASK:
		keys_say(keys, key, "waits: the DNS could not be asked: %s",
			 dns.why.text);
		return KEYS_STEP_WAITS;
	case KEY_FOUND_SAME:
		break;
	}
	if (keys->settings.publish == KEYS_PUBLISH_NONE) {
		keys_say(keys, key,
			 "waits for you to put this into the zone "
			 "instead of the key:");
		printf(TEXT_FMT, TEXT_ARG(keys_zone_line(keys, key, true)));
		return KEYS_STEP_WAITS;
	}
	return put_into_dns(keys, key, true) ? KEYS_STEP_DONE
					     : KEYS_STEP_FAILED;
}

enum keys_step
keys_step_revoke(struct keys *keys, struct kept_key *key, const char *reason)
{
	enum keys_step step;

	if (!may(keys, key, KEY_REVOKED))
		return KEYS_STEP_FAILED;
	step = change(keys, key, KEY_REVOKED, reason);
	return step == KEYS_STEP_DONE ? keys_step_tell_revoked(keys, key)
				      : step;
}

/* False, told, while the DNS still has the record of a key that was in it. */
static enum keys_step
take_out_of_dns(struct keys *keys, struct kept_key *key)
{
	struct key_check dns = keys_ask(keys, key);
	struct why why;

	if (dns.found == KEY_FOUND_COULD_NOT_ASK) {
		keys_say(keys, key, "waits: the DNS could not be asked: %s",
			 dns.why.text);
		return KEYS_STEP_WAITS;
	}
	if (dns.found != KEY_FOUND_SAME && dns.found != KEY_FOUND_REVOKED)
		return KEYS_STEP_DONE;
	if (keys->settings.publish == KEYS_PUBLISH_NONE) {
		keys_say(keys, key,
			 "waits for you to take its record out of "
			 "the zone");
		return KEYS_STEP_WAITS;
	}
	if (key_publish(keys->arena, &keys->settings,
			key_check_name(keys->arena, key->file.domain,
				       key->file.selector),
			NULL, &why))
		return KEYS_STEP_DONE;
	keys_trouble(keys, key, "cannot be taken out of the DNS: %s", why.text);
	return KEYS_STEP_FAILED;
}

enum keys_step
keys_step_delete(struct keys *keys, struct kept_key *key, const char *reason)
{
	enum keys_step step;
	struct why why;

	if (!may(keys, key, KEY_DELETED))
		return KEYS_STEP_FAILED;
	step = take_out_of_dns(keys, key);
	if (step != KEYS_STEP_DONE)
		return step;
	if (!key_files_remove(keys->lock, &key->file, &why)) {
		keys_trouble(keys, key, "%s", why.text);
		return KEYS_STEP_FAILED;
	}
	key->file.state = KEY_DELETED;
	key->file.since_s = keys->now_s;
	keys_say(keys, key, "deleted: %s", reason);
	return keys_record(keys, key, reason, false) ? KEYS_STEP_DONE
						     : KEYS_STEP_FAILED;
}
