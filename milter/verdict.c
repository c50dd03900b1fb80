#include "milter/verdict.h"

const char *
action_name(enum action action)
{
	switch (action) {
	case ACTION_ACCEPT:
		return "accept";
	case ACTION_TAG:
		return "tag";
	case ACTION_QUARANTINE:
		return "quarantine";
	case ACTION_REJECT:
		return "reject";
	case ACTION_TEMPFAIL:
		return "tempfail";
	}
	return "accept";
}

const char *
skip_name(enum skip skip)
{
	switch (skip) {
	case SKIP_NOTHING:
		return NULL;
	case SKIP_AUTHENTICATED:
		return "authenticated";
	case SKIP_NETWORK:
		return "network";
	case SKIP_LOCAL:
		return "local";
	}
	return NULL;
}

const char *
override_name(enum override_type type)
{
	switch (type) {
	case OVERRIDE_MAILING_LIST:
		return "mailing_list";
	case OVERRIDE_TRUSTED_FORWARDER:
		return "trusted_forwarder";
	case OVERRIDE_LOCAL_POLICY:
		return "local_policy";
	case OVERRIDE_POLICY_TEST_MODE:
		return "policy_test_mode";
	case OVERRIDE_OTHER:
		return "other";
	}
	return "other";
}

void
verdict_add_override(struct verdict *verdict, enum override_type type,
		     const char *comment)
{
	if (verdict->override_count == OVERRIDES_MOST)
		return;
	verdict->overrides[verdict->override_count].type = type;
	verdict->overrides[verdict->override_count].comment = comment;
	verdict->override_count++;
}
