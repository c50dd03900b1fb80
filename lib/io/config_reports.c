#include "io/config_reports.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/file.h"
#include "mailauth/report_uri.h"
#include "mailauth/verp.h"

#define MEMBER(name) offsetof(struct config_reports, name)
#define VERP_KEY_FILE_BYTES 4096
#define CONTACT_INFO_BYTES 200

/* in the order of enum config_reports_alignment */
static const char *const alignment_words[] = {"require", "warn", NULL};

#define STRING(option)                                                         \
	{                                                                      \
		.section = "reports", .name = #option, .type = CONFIG_STRING,  \
		.offset = MEMBER(option)                                       \
	}

const struct config_option config_reports_table[] = {
    STRING(organization),
    STRING(from),
    STRING(contact),
    STRING(contact_info),
    STRING(envelope_domain),
    {.section = "reports",
     .name = "smtp",
     .type = CONFIG_STRING,
     .offset = MEMBER(smtp),
     .otherwise = "127.0.0.1:25"},
    {.section = "reports",
     .name = "smtp_timeout",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(smtp_timeout_s),
     .otherwise = "2m",
     .least = 1,
     .most = 600},
    {.section = "reports",
     .name = "verp_key",
     .type = CONFIG_STRING,
     .offset = MEMBER(verp_key),
     .otherwise = SIGNET_SYSCONFDIR "/verp.key"},
    {.section = "reports",
     .name = "spread",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(spread_s),
     .otherwise = "45m",
     .most = 86400},
    {.section = "reports",
     .name = "host_hourly",
     .type = CONFIG_UINT,
     .offset = MEMBER(host_hourly),
     .otherwise = "500",
     .most = 1000000},
    {.section = "reports",
     .name = "stop_after",
     .type = CONFIG_UINT,
     .offset = MEMBER(stop_after),
     .otherwise = "10",
     .least = 1,
     .most = 1000000},
    {.section = "reports",
     .name = "retry_for",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(retry_for_s),
     .otherwise = "5d",
     .least = 60,
     .most = 30 * 86400},
    {.section = "reports",
     .name = "preflight_alignment",
     .type = CONFIG_WORD,
     .offset = MEMBER(preflight_alignment),
     .otherwise = "require",
     .words = alignment_words},
    {.section = NULL},
};

static bool
blame(const struct config_source *source, const char *option, struct why *why)
{
	return config_blame(source, "reports", NULL, option, NULL, why);
}

/* An address as report_uri reads it: it stands in SMTP and in a header. */
static bool
check_address(struct arena *arena, const struct config_source *source,
	      const char *option, const char **address, const char **domain,
	      struct why *why)
{
	struct report_uri uri;

	if (*address == NULL)
		return true;
	report_uri_parse(
	    arena, text_from(arena_printf(arena, "mailto:%s", *address)), &uri);
	if (uri.kind != REPORT_URI_MAILTO) {
		why_set(why,
			"%s: \"%.80s\" is no mail address; write one such as "
			"dmarc-reports@example.org",
			option, *address);
		return blame(source, option, why);
	}
	*address = text_string(arena, uri.address);
	if (domain != NULL)
		*domain = text_string(arena, uri.host.name);
	return true;
}

static bool
check_domain(struct arena *arena, const struct config_source *source,
	     struct config_reports *reports, struct why *why)
{
	struct domain domain;

	if (reports->envelope_domain == NULL) {
		reports->envelope_domain = reports->domain;
		return true;
	}
	if (domain_parse(arena, text_from(reports->envelope_domain), &domain,
			 NULL)) {
		reports->envelope_domain = text_string(arena, domain.name);
		return true;
	}
	why_set(why,
		"envelope_domain: \"%.80s\" is no domain; write one such as "
		"bounces.example.org",
		reports->envelope_domain);
	return blame(source, "envelope_domain", why);
}

/* It stands in the mail for people. */
static bool
check_contact_info(const struct config_source *source,
		   const struct config_reports *reports, struct why *why)
{
	struct text text = text_from(reports->contact_info);
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || text.at[i] >= 0x7f)
			break;
	if (i == text.len && text.len <= CONTACT_INFO_BYTES)
		return true;
	why_set(why, "contact_info: write printable ASCII, such as "
		     "https://example.org/postmaster");
	return blame(source, "contact_info", why);
}

/* "HOST:PORT", "[ADDRESS]:PORT" */
static bool
check_smtp(const struct config_source *source,
	   const struct config_reports *reports, struct why *why)
{
	struct text text = text_from(reports->smtp);
	size_t colon = text_find_last(text, ':'), i;
	uint64_t port;
	bool ok = colon > 0 && colon < text.len &&
		  text_to_u64(text_skip(text, colon + 1), 65535, &port) &&
		  port > 0;

	for (i = 0; ok && i < colon; i++)
		ok = text.at[i] > ' ' && text.at[i] < 0x7f &&
		     strchr("/@?#\\%", text.at[i]) == NULL;
	if (ok)
		return true;
	why_set(why,
		"smtp: \"%.80s\" is no host and port; write them as in "
		"127.0.0.1:25",
		reports->smtp);
	return blame(source, "smtp", why);
}

bool
config_reports_fill(struct arena *arena, struct config_source *source,
		    struct config_reports *reports, struct why *why)
{
	if (!config_fill(source, config_reports_table, "reports", NULL, reports,
			 why) ||
	    !check_address(arena, source, "from", &reports->from,
			   &reports->domain, why) ||
	    !check_address(arena, source, "contact", &reports->contact, NULL,
			   why) ||
	    !check_domain(arena, source, reports, why) ||
	    !check_contact_info(source, reports, why) ||
	    !check_smtp(source, reports, why))
		return false;
	if (reports->contact == NULL)
		reports->contact = reports->from;
	return true;
}

bool
config_reports_can_send(const struct config_reports *reports, struct why *why)
{
	return reports->from != NULL ||
	       why_set(why, "[reports] from is not set: write the address "
			    "that reports come from, such as "
			    "dmarc-reports@example.org");
}

bool
config_reports_verp_key(struct arena *arena,
			const struct config_reports *reports, struct text *key,
			struct why *why)
{
	if (!file_read(arena, reports->verp_key, VERP_KEY_FILE_BYTES, key, why))
		return why_prefix(why, "[reports] verp_key");
	return key->len >= VERP_KEY_BYTES_MIN ||
	       why_set(why,
		       "[reports] verp_key: %s holds %zu bytes, and %d are "
		       "needed; make it with: head -c 32 /dev/urandom >%s",
		       reports->verp_key, key->len, VERP_KEY_BYTES_MIN,
		       reports->verp_key);
}
