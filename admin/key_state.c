#include "admin/key_state.h"

#include "base/why.h"

static const struct {
	enum key_state state;
	const char *name, *suffix;
} states[] = {
    {KEY_MADE, "made", ".pem.made"},
    {KEY_PUBLISHED, "published", ".pem.published"},
    {KEY_ACTIVE, "active", ".pem"},
    {KEY_RETIRED, "retired", ".pem.retired"},
    {KEY_REVOKED, "revoked", ".pem.revoked"},
    {KEY_DELETED, "deleted", ".pem.deleted"},
};

#define STATES (sizeof(states) / sizeof(*states))

const char *
key_state_name(enum key_state state)
{
	return state == KEY_NO_STATE ? "unknown" : states[state - 1].name;
}

enum key_state
key_state_of(struct text name)
{
	size_t i;

	for (i = 0; i < STATES; i++)
		if (text_equal(name, text_from(states[i].name)))
			return states[i].state;
	return KEY_NO_STATE;
}

const char *
key_state_suffix(enum key_state state)
{
	return state == KEY_NO_STATE ? NULL : states[state - 1].suffix;
}

static bool
is_step(enum key_state from, enum key_state to)
{
	static const enum key_state steps[][2] = {
	    {KEY_MADE, KEY_PUBLISHED},	  {KEY_MADE, KEY_DELETED},
	    {KEY_PUBLISHED, KEY_ACTIVE},  {KEY_PUBLISHED, KEY_REVOKED},
	    {KEY_PUBLISHED, KEY_DELETED}, {KEY_ACTIVE, KEY_RETIRED},
	    {KEY_ACTIVE, KEY_REVOKED},	  {KEY_RETIRED, KEY_ACTIVE},
	    {KEY_RETIRED, KEY_REVOKED},	  {KEY_REVOKED, KEY_DELETED},
	};
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (steps[i][0] == from && steps[i][1] == to)
			return true;
	return false;
}

/* The words of signet.signing_key_forbidden. */
static const char *
objection(enum key_state from, enum key_state to)
{
	if (from == KEY_DELETED)
		return "it is deleted, and a selector is not used twice";
	if (to == KEY_MADE)
		return "a key is made once";
	switch (from) {
	case KEY_REVOKED:
		return "it is revoked for good; it can only be deleted";
	case KEY_MADE:
		return to == KEY_ACTIVE
			   ? "it is not in the DNS yet; publish it first"
			   : "it was never in the DNS; it can be deleted";
	case KEY_PUBLISHED:
		return to == KEY_PUBLISHED
			   ? "it is published already"
			   : "it has not signed yet; revoke or delete it";
	case KEY_ACTIVE:
		return to == KEY_PUBLISHED ? "it is published already"
					   : "it signs; retire it first";
	case KEY_RETIRED:
		return to == KEY_PUBLISHED
			   ? "it is published already"
			   : "mail that it signed may be on its way; revoke "
			     "it first";
	case KEY_NO_STATE:
	case KEY_DELETED:
		break;
	}
	return "its state is not known";
}

bool
key_state_may(enum key_state from, enum key_state to, struct why *why)
{
	return is_step(from, to) || why_set(why, "%s", objection(from, to));
}
