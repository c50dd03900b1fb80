#include "mailtls/tls_answer.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "base/why.h"

static struct text
member(const struct json *object, const char *name)
{
	const struct json *value = json_member(object, name);
	struct text text = {NULL, 0};

	if (value != NULL)
		json_text(value, &text);
	return text;
}

/* A domain, or empty. */
static struct text
member_domain(struct arena *arena, const struct json *object, const char *name)
{
	struct domain domain;

	if (!domain_parse(arena, member(object, name), &domain, NULL))
		return TEXT("");
	return domain.name;
}

static size_t
count_of(const struct json *array, size_t most)
{
	size_t count = array == NULL ? 0 : json_count(array);

	return count < most ? count : most;
}

static struct tlsrpt_value *
values_of(struct arena *arena, const struct json *array)
{
	struct tlsrpt_value *first = NULL, **end = &first;
	size_t count = count_of(array, LIMIT_TLS_ANSWER_VALUES);

	for (size_t i = 0; i < count; i++) {
		struct text text;

		if (!json_text(json_element(array, i), &text))
			continue;
		*end = arena_new_value(arena, struct tlsrpt_value);
		(*end)->text =
		    utf8_for_log(arena, text, LIMIT_REPORT_VALUE_BYTES);
		end = &(*end)->next;
	}
	return first;
}

static struct tlsrpt_policy *
new_policy(struct arena *arena, struct text type, struct text domain)
{
	struct tlsrpt_policy *policy =
	    arena_new_value(arena, struct tlsrpt_policy);

	policy->type = type;
	policy->domain = domain;
	return policy;
}

static struct tlsrpt_policy *
host_of(struct arena *arena, const struct json *object)
{
	struct text mx = member_domain(arena, object, "mx");
	struct text base = member_domain(arena, object, "domain");
	struct tlsrpt_policy *host;

	if (base.len == 0)
		base = mx;
	if (base.len == 0)
		return NULL;
	host = new_policy(arena, TEXT("tlsa"), base);
	host->strings = values_of(arena, json_member(object, "strings"));
	host->mx_hosts = arena_new_value(arena, struct tlsrpt_value);
	host->mx_hosts->text = mx.len > 0 ? mx : base;
	return host;
}

static void
take_hosts(struct arena *arena, const struct json *array,
	   struct tls_answer *answer)
{
	struct tlsrpt_policy **end = &answer->hosts;
	size_t count = count_of(array, LIMIT_TLS_ANSWER_VALUES);

	for (size_t i = 0; i < count; i++) {
		const struct json *one = json_element(array, i);

		if (json_kind(one) != JSON_KIND_OBJECT)
			continue;
		*end = host_of(arena, one);
		if (*end != NULL)
			end = &(*end)->next;
	}
}

static void
take_policy(struct arena *arena, const struct json *object,
	    struct tls_answer *answer)
{
	struct text type, domain = answer->domain.name, mode;

	answer->policy = new_policy(arena, TEXT("no-policy-found"), domain);
	if (object == NULL || json_kind(object) != JSON_KIND_OBJECT)
		return;
	type = member(object, "type");
	mode = member(object, "mode");
	if (!text_equal(type, TEXT("sts")))
		return;
	if (member_domain(arena, object, "domain").len > 0)
		domain = member_domain(arena, object, "domain");
	answer->mode = text_equal(mode, TEXT("testing")) ? TLS_ANSWER_TESTING
							 : TLS_ANSWER_ENFORCE;
	answer->policy = new_policy(arena, TEXT("sts"), domain);
	answer->policy->strings =
	    values_of(arena, json_member(object, "strings"));
	answer->policy->mx_hosts = values_of(arena, json_member(object, "mx"));
}

static void
take_problems(struct arena *arena, const struct json *array,
	      struct tls_answer *answer)
{
	struct tlsrpt_failure **end = &answer->problems;
	size_t count = count_of(array, LIMIT_TLS_ANSWER_VALUES);

	for (size_t i = 0; i < count; i++) {
		const struct json *one = json_element(array, i);
		struct tlsrpt_failure *failure;

		if (json_kind(one) != JSON_KIND_OBJECT ||
		    member(one, "type").len == 0)
			continue;
		failure = arena_new_value(arena, struct tlsrpt_failure);
		failure->result_type =
		    utf8_for_log(arena, member(one, "type"), 100);
		failure->reason_code =
		    utf8_for_log(arena, member(one, "reason"), 200);
		failure->receiving_mx = member_domain(arena, one, "mx");
		*end = failure;
		end = &failure->next;
	}
}

/* Seconds by date_parse_iso, and the fraction behind them. */
static bool
take_time(struct text text, int64_t *at_us)
{
	struct scan in;
	int64_t seconds, unit = 100000;

	if (date_parse_iso(text, &seconds) != DATE_WITH_ZONE)
		return false;
	*at_us = seconds * 1000000;
	scan_init(&in, text);
	scan_until(&in, '.');
	for (char c; c = scan_peek(&in), c >= '0' && c <= '9'; unit /= 10) {
		scan_char(&in, c);
		*at_us += (c - '0') * unit;
	}
	return true;
}

bool
tls_answer_parse(struct arena *arena, struct text datagram,
		 struct tls_answer *answer, struct why *why)
{
	struct json_doubts doubts;
	const struct json *object;
	double pid = 0;
	struct scan in;

	*answer = (struct tls_answer){.pid = 0};
	if (datagram.len > LIMIT_TLS_ANSWER_BYTES)
		return why_set(why, "an answer of %zu bytes", datagram.len);
	object = json_parse(arena, datagram, &doubts, why);
	if (object == NULL)
		return false;
	if (json_kind(object) != JSON_KIND_OBJECT ||
	    !take_time(member(object, "at"), &answer->at_us))
		return why_set(why, "no answer of the policy server");
	if (json_member(object, "pid") != NULL &&
	    json_number(json_member(object, "pid"), &pid) && pid > 0 &&
	    pid < 4294967295.0)
		answer->pid = (uint32_t)pid;
	answer->key = member(object, "key");
	answer->map = member(object, "map");
	answer->domain.name = member_domain(arena, object, "domain");
	scan_init(&in, member(object, "answer"));
	scan_string(&in, "OK ");
	answer->level = scan_until(&in, ' ');
	take_policy(arena, json_member(object, "policy"), answer);
	take_hosts(arena, json_member(object, "hosts"), answer);
	take_problems(arena, json_member(object, "problems"), answer);
	return true;
}
