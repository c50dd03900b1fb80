#include "io/https.h"

const char *
https_result_name(enum https_result result)
{
	switch (result) {
	case HTTPS_NOT_TRIED:
		break;
	case HTTPS_REPLIED:
		return "replied";
	case HTTPS_NO_HOST:
		return "no host";
	case HTTPS_DNS_FAILED:
		return "dns failed";
	case HTTPS_FORBIDDEN:
		return "forbidden";
	case HTTPS_UNREACHABLE:
		return "unreachable";
	case HTTPS_NOT_TRUSTED:
		return "not trusted";
	case HTTPS_TLS_FAILED:
		return "tls failed";
	case HTTPS_LATE:
		return "late";
	case HTTPS_TOO_LARGE:
		return "too large";
	case HTTPS_BROKEN:
		return "broken";
	case HTTPS_ABORTED:
		return "aborted";
	}
	return "not tried";
}
