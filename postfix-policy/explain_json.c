#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "mailtls/tls_problem.h"
#include "mailtls/tls_reply.h"
#include "postfix-policy/explain.h"

/* --- override --- */

static struct json *
override_json(struct arena *arena, const struct tls_override *override)
{
	struct json *json;

	if (override == NULL)
		return NULL;
	json = json_new_object(arena);
	json_put_text(
	    json, "name",
	    override->is_parent
		? text_from(arena_printf(arena, "." TEXT_FMT,
					 TEXT_ARG(override->domain.name)))
		: override->domain.name);
	json_put_string(json, "level",
			override->is_published
			    ? "published"
			    : tls_level_name(override->level));
	json_put_text(json, "reason", override->reason);
	if (override->until_s == INT64_MAX)
		json_put_null(json, "until");
	else
		json_put_int(json, "until", override->until_s);
	return json;
}

/* --- destination --- */

static struct json *
tlsa_json(struct arena *arena, const struct destination_host *host)
{
	struct json *json = json_new_array(arena);
	struct buf line;
	size_t i;

	for (i = 0; i < host->tlsa_count; i++) {
		buf_init(&line, arena, 1u << 20);
		tlsa_write(&line, &host->tlsa[i]);
		json_add_text(json, buf_view(&line));
	}
	return json;
}

static void
put_name(struct json *json, const char *name, struct domain domain)
{
	if (domain_is_set(domain))
		json_put_text(json, name, domain.name);
	else
		json_put_null(json, name);
}

static struct json *
host_json(struct arena *arena, const struct destination_host *host)
{
	struct json *json = json_new_object(arena);

	put_name(json, "name", host->name);
	json_put_int(json, "preference", host->preference);
	json_put_string(json, "dane", host_state_name(host->state));
	json_put_string(json, "address_security",
			dns_security_name(host->security));
	json_put_int(json, "addresses", (int64_t)host->address_count);
	put_name(json, "alias_of", host->alias_of);
	put_name(json, "tlsa_base", host->tlsa_base);
	json_put(json, "tlsa", tlsa_json(arena, host));
	json_put_int(json, "tlsa_usable", (int64_t)host->usable_count);
	json_put_string(json, "reason", host->reason);
	return json;
}

static struct json *
destination_json(struct arena *arena, const struct destination *destination)
{
	struct json *json, *hosts;
	size_t i;

	if (destination == NULL)
		return NULL;
	json = json_new_object(arena);
	json_put_string(json, "state",
			destination_state_name(destination->state));
	json_put_bool(json, "implicit", destination->is_implicit);
	json_put_string(json, "mx_security",
			dns_security_name(destination->mx_security));
	json_put_string(json, "dane", dane_state_name(destination->dane));
	json_put_string(json, "reason", destination->reason);
	hosts = json_new_array(arena);
	for (i = 0; i < destination->count; i++)
		json_add(hosts, host_json(arena, &destination->hosts[i]));
	json_put(json, "hosts", hosts);
	return json;
}

/* --- MTA-STS --- */

static void
put_policy(struct arena *arena, const struct sts_state *sts, struct json *json)
{
	struct json *mx = json_new_array(arena);
	size_t i;

	json_put_string(json, "mode", sts_mode_name(sts->policy.mode));
	json_put_text(json, "id", sts->id);
	for (i = 0; i < sts->policy.count; i++)
		json_add_text(mx,
			      text_from(arena_printf(
				  arena, "%s" TEXT_FMT,
				  sts->policy.mx[i].wildcard ? "*." : "",
				  TEXT_ARG(sts->policy.mx[i].domain.name))));
	json_put(json, "mx", mx);
	json_put_int(json, "fetched", sts->fetched_s);
	json_put_int(json, "expires", sts->expires_s);
	json_put_bool(json, "fallback", sts->fallback);
}

static struct json *
sts_json(struct arena *arena, const struct sts_state *sts)
{
	struct json *json;

	if (sts == NULL)
		return NULL;
	json = json_new_object(arena);
	json_put_string(json, "result", sts_result_name(sts->result));
	if (sts->result == STS_PRESENT)
		put_policy(arena, sts, json);
	json_put_string(json, "failure", sts_failure_name(sts->failure));
	json_put_bool(json, "back_off", sts->back_off);
	json_put_string(json, "detail", sts->detail);
	return json;
}

/* --- policy --- */

static struct json *
problems_json(struct arena *arena, const struct tls_problem *problem)
{
	struct json *array = json_new_array(arena), *json;

	for (; problem != NULL; problem = problem->next) {
		json = json_new_object(arena);
		json_put_string(json, "type", problem->type);
		if (problem->mx.len > 0)
			json_put_text(json, "mx", problem->mx);
		else
			json_put_null(json, "mx");
		json_put_string(json, "reason", problem->reason);
		json_add(array, json);
	}
	return array;
}

static struct json *
policy_json(struct arena *arena, const struct tls_policy *policy)
{
	struct json *json = json_new_object(arena);

	json_put_string(json, "verdict", tls_verdict_name(policy->verdict));
	json_put_string(json, "ground", tls_ground_name(policy->ground));
	json_put_string(json, "level", tls_level_name(policy->level));
	json_put_string(json, "verified_level",
			tls_level_name(policy->verified_level));
	json_put_string(json, "why", policy->why);
	json_put(json, "problems", problems_json(arena, policy->problems));
	return json;
}

static struct json *
replies_json(struct arena *arena, const struct tls_policy *policy)
{
	struct json *json = json_new_object(arena);
	enum tls_dialect dialect;
	struct buf reply;
	unsigned i;

	for (i = 0; i < TLS_DIALECTS; i++) {
		dialect = tls_dialect_at(i);
		buf_init(&reply, arena, LIMIT_SOCKETMAP_REPLY_BYTES);
		tls_reply_write(&reply, policy, dialect);
		json_put_exact(json, tls_dialect_name(dialect),
			       buf_view(&reply));
	}
	return json;
}

/* --- DNS --- */

static struct json *
dns_json(struct arena *arena, const struct dns_memo *memo)
{
	struct json *array = json_new_array(arena), *json;
	const struct dns_question *question;
	size_t i, count = memo != NULL ? dns_memo_count(memo) : 0;

	for (i = 0; i < count; i++) {
		question = dns_memo_question(memo, i);
		json = json_new_object(arena);
		json_put_text(json, "name", question->name);
		json_put_string(json, "type", dns_type_name(question->type));
		json_put_string(json, "status",
				question->answered
				    ? dns_status_name(question->answer.status)
				    : NULL);
		json_put_string(json, "security",
				dns_security_name(question->answer.security));
		json_put_int(json, "ttl", question->answer.ttl_s);
		json_put_string(json, "reason", question->answer.reason);
		json_add(array, json);
	}
	return array;
}

static void
put_or_null(struct json *json, const char *name, struct json *value)
{
	if (value != NULL)
		json_put(json, name, value);
	else
		json_put_null(json, name);
}

struct json *
explain_json(struct arena *arena, const struct explained *explained)
{
	const struct tls_facts *facts = &explained->facts;
	struct json *json = json_new_object(arena);

	json_put_int(json, "v", 1);
	json_put_text(json, "key", explained->key);
	json_put_string(json, "kind", nexthop_kind_name(facts->nexthop.kind));
	put_name(json, "domain", facts->nexthop.domain);
	json_put_int(json, "port", facts->nexthop.port);
	put_or_null(json, "override", override_json(arena, facts->override));
	json_put_string(json, "override_trouble", explained->override_trouble);
	put_or_null(json, "destination",
		    destination_json(arena, facts->destination));
	put_or_null(json, "mta_sts", sts_json(arena, facts->sts));
	json_put(json, "policy", policy_json(arena, &explained->policy));
	json_put(json, "replies", replies_json(arena, &explained->policy));
	json_put(json, "dns", dns_json(arena, explained->dns));
	return json;
}
