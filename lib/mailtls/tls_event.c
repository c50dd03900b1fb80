#include "mailtls/tls_event.h"

#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/json.h"

const char *
tls_source_name(enum tls_source source)
{
	switch (source) {
	case TLS_SOURCE_NONE:
		break;
	case TLS_SOURCE_DATAGRAM:
		return "datagram";
	case TLS_SOURCE_LOG:
		return "log";
	case TLS_SOURCE_PROBE:
		return "probe";
	case TLS_SOURCE_POLICY:
		return "policy";
	}
	assert(!"a source that was set");
	return NULL;
}

static void
put_some(struct json *object, const char *name, struct text value)
{
	if (value.len > 0)
		json_put_text(object, name, value);
}

static struct json *
begin(struct arena *arena, const struct tls_event *event, const char *type)
{
	struct json *line = json_new_object(arena);
	char at[DATE_STRING_BYTES];

	date_write_iso(event->at_ms, at);
	json_put_int(line, "v", 1);
	json_put_string(line, "type", type);
	json_put_string(line, "id", event->id);
	json_put_string(line, "at", at);
	json_put_text(line, "host", event->host);
	json_put_string(line, "program", event->program);
	return line;
}

/* --- tls_result --- */

static void
put_address(struct json *object, const char *name, const struct ipaddr *address)
{
	char text[IPADDR_STRING_BYTES];

	if (address->family != 0)
		json_put_string(object, name, ipaddr_write(address, text));
}

static void
put_values(struct arena *arena, struct json *object, const char *name,
	   const struct tlsrpt_value *values)
{
	struct json *list = json_new_array(arena);

	for (; values != NULL; values = values->next)
		json_add_text(list, values->text);
	json_put(object, name, list);
}

static struct json *
failure_of(struct arena *arena, const struct tlsrpt_failure *failure)
{
	struct json *object = json_new_object(arena);
	uint64_t count = failure->sessions;

	json_put_text(object, "type", failure->result_type);
	put_address(object, "sending_ip", &failure->sending_ip);
	put_address(object, "receiving_ip", &failure->receiving_ip);
	put_some(object, "mx", failure->receiving_mx);
	put_some(object, "helo", failure->receiving_helo);
	put_some(object, "info", failure->information);
	put_some(object, "reason", failure->reason_code);
	json_put_int(object, "count", count == 0 ? 1 : (int64_t)count);
	return object;
}

static struct json *
policy_of(struct arena *arena, const struct tlsrpt_policy *policy)
{
	struct json *object = json_new_object(arena);
	struct json *failures = json_new_array(arena);
	const struct tlsrpt_failure *one;

	json_put_text(object, "type", policy->type);
	json_put_text(object, "domain", policy->domain);
	put_values(arena, object, "strings", policy->strings);
	put_values(arena, object, "mx", policy->mx_hosts);
	if (policy->successful == 0 && policy->failed == 0)
		json_put_null(object, "success");
	else
		json_put_bool(object, "success", policy->failed == 0);
	for (one = policy->failures; one != NULL; one = one->next)
		json_add(failures, failure_of(arena, one));
	json_put(object, "failures", failures);
	return object;
}

void
tls_result_write(struct arena *arena, const struct tls_event *event,
		 const struct tls_result *result, struct buf *to)
{
	struct json *line = begin(arena, event, "tls_result");
	struct json *policies = json_new_array(arena);
	const struct tlsrpt_policy *one;
	bool success = true;

	assert(result->policies != NULL);
	json_put_text(line, "recipient_domain", result->recipient_domain);
	json_put_string(line, "source", tls_source_name(result->source));
	put_some(line, "instance", result->instance);
	for (one = result->policies; one != NULL; one = one->next) {
		json_add(policies, policy_of(arena, one));
		success = success && one->failed == 0;
	}
	json_put_bool(line, "success", success);
	json_put(line, "policies", policies);
	put_some(line, "tlsrpt_record", result->tlsrpt_record);
	json_put_bool(line, "report", !result->is_report);
	json_write(line, 0, to);
}

/* --- tls_domain --- */

static void
put_flag(struct json *object, const char *name, enum tls_seen seen)
{
	if (seen == TLS_SEEN_YES || seen == TLS_SEEN_NO)
		json_put_bool(object, name, seen == TLS_SEEN_YES);
}

static const char *
seen_name(enum tls_seen seen)
{
	switch (seen) {
	case TLS_SEEN_NOTHING:
		break;
	case TLS_SEEN_YES:
		return "yes";
	case TLS_SEEN_NO:
		return "no";
	case TLS_SEEN_ERROR:
		return "error";
	}
	return NULL;
}

static void
put_word(struct json *object, const char *name, const char *word)
{
	if (word != NULL)
		json_put_string(object, name, word);
}

void
tls_domain_write(struct arena *arena, const struct tls_event *event,
		 const struct tls_domain *domain, struct buf *to)
{
	struct json *line = begin(arena, event, "tls_domain");

	json_put_text(line, "domain", domain->domain);
	put_flag(line, "starttls", domain->starttls);
	put_flag(line, "requiretls", domain->requiretls);
	put_word(line, "mx_dnssec", seen_name(domain->mx_dnssec));
	put_word(line, "dane", domain->dane);
	put_word(line, "sts", domain->sts);
	put_word(line, "level", domain->level);
	json_write(line, 0, to);
}
