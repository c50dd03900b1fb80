#include "mailtls/sts_state.h"

const char *
sts_failure_type(enum sts_failure failure)
{
	switch (failure) {
	case STS_FAILURE_FETCH:
		return "sts-policy-fetch-error";
	case STS_FAILURE_WEBPKI:
		return "sts-webpki-invalid";
	case STS_FAILURE_INVALID:
		return "sts-policy-invalid";
	case STS_FAILURE_NONE:
	case STS_FAILURE_DNS:
	case STS_FAILURE_RECORD:
	case STS_FAILURE_GONE:
		break;
	}
	return NULL;
}

const char *
sts_result_name(enum sts_result result)
{
	switch (result) {
	case STS_NOT_EVALUATED:
		break;
	case STS_ABSENT:
		return "absent";
	case STS_PRESENT:
		return "present";
	case STS_TEMPERROR:
		return "temperror";
	}
	return "not evaluated";
}

const char *
sts_failure_name(enum sts_failure failure)
{
	switch (failure) {
	case STS_FAILURE_NONE:
		break;
	case STS_FAILURE_DNS:
		return "dns";
	case STS_FAILURE_RECORD:
		return "record";
	case STS_FAILURE_GONE:
		return "gone";
	case STS_FAILURE_FETCH:
		return "fetch";
	case STS_FAILURE_WEBPKI:
		return "webpki";
	case STS_FAILURE_INVALID:
		return "invalid";
	}
	return "none";
}

bool
sts_state_is_enforced(const struct sts_state *state)
{
	return state->result == STS_PRESENT &&
	       state->policy.mode == STS_MODE_ENFORCE;
}
