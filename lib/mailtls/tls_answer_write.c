#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/scan.h"
#include "mailtls/tls_answer.h"
#include "mailtls/tls_facts.h"
#include "mailtls/tls_policy.h"
#include "mailtls/tls_problem.h"

static bool
is_sts(const struct tls_facts *facts)
{
	return facts->sts != NULL && facts->sts->result == STS_PRESENT &&
	       (facts->sts->policy.mode == STS_MODE_ENFORCE ||
		facts->sts->policy.mode == STS_MODE_TESTING);
}

bool
tls_answer_matters(const struct tls_policy *policy,
		   const struct tls_facts *facts)
{
	return policy->verdict != TLS_VERDICT_NONE ||
	       policy->problems != NULL || is_sts(facts);
}

static void
put_lines(struct arena *arena, struct json *policy, struct text file)
{
	struct json *strings = json_new_array(arena);
	struct scan in;

	scan_init(&in, file);
	while (!scan_at_end(&in)) {
		struct text line = text_trim(scan_until(&in, '\n'));

		if (line.len > 0)
			json_add_text(strings, line);
	}
	json_put(policy, "strings", strings);
}

static void
put_patterns(struct arena *arena, struct json *policy,
	     const struct sts_policy *sts)
{
	struct json *patterns = json_new_array(arena);

	for (size_t i = 0; i < sts->count; i++) {
		char *text = arena_printf(arena, "%s" TEXT_FMT,
					  sts->mx[i].wildcard ? "*." : "",
					  TEXT_ARG(sts->mx[i].domain.name));

		json_add_text(patterns, text_from(text));
	}
	json_put(policy, "mx", patterns);
}

static void
put_policy(struct arena *arena, struct json *object,
	   const struct tls_facts *facts, struct domain domain)
{
	struct json *policy = json_new_object(arena);

	if (!is_sts(facts)) {
		json_put_string(policy, "type", "no-policy-found");
		json_put_text(policy, "domain", domain.name);
	} else {
		json_put_string(policy, "type", "sts");
		json_put_text(policy, "domain", domain.name);
		json_put_string(policy, "mode",
				sts_mode_name(facts->sts->policy.mode));
		put_lines(arena, policy, facts->sts->file);
		put_patterns(arena, policy, &facts->sts->policy);
	}
	json_put(object, "policy", policy);
}

static struct json *
host_of(struct arena *arena, const struct destination_host *host)
{
	struct json *object = json_new_object(arena);
	struct json *strings = json_new_array(arena);
	struct buf buf;

	json_put_text(object, "mx", host->name.name);
	json_put_text(object, "domain", host->tlsa_base.name);
	for (size_t i = 0; i < host->tlsa_count; i++) {
		buf_init(&buf, arena, LIMIT_DNS_ANSWER_BYTES * 2 + 100);
		tlsa_write(&buf, &host->tlsa[i]);
		json_add_text(strings, buf_view(&buf));
	}
	json_put(object, "strings", strings);
	return object;
}

static void
put_hosts(struct arena *arena, struct json *object,
	  const struct destination *destination)
{
	struct json *hosts = json_new_array(arena);

	for (size_t i = 0; destination != NULL && i < destination->count; i++)
		if (destination->hosts[i].state == HOST_USABLE)
			json_add(hosts, host_of(arena, &destination->hosts[i]));
	json_put(object, "hosts", hosts);
}

static void
put_problems(struct arena *arena, struct json *object,
	     const struct tls_problem *problem)
{
	struct json *problems = json_new_array(arena);

	for (; problem != NULL; problem = problem->next) {
		struct json *one = json_new_object(arena);

		json_put_string(one, "type", problem->type);
		if (problem->mx.len > 0)
			json_put_text(one, "mx", problem->mx);
		if (problem->reason != NULL)
			json_put_string(one, "reason", problem->reason);
		json_add(problems, one);
	}
	json_put(object, "problems", problems);
}

/* RFC 3339 with microseconds. */
static const char *
time_of(struct arena *arena, int64_t at_us)
{
	char at[DATE_STRING_BYTES];

	date_write_iso(at_us / 1000, at);
	return arena_printf(arena, "%.23s%03uZ", at,
			    (unsigned)(at_us % 1000) % 1000u);
}

void
tls_answer_write(struct arena *arena, const struct tls_facts *facts,
		 const struct tls_policy *policy, uint32_t pid, int64_t at_us,
		 struct text key, const char *map, struct text reply,
		 struct buf *to)
{
	struct json *object = json_new_object(arena);

	if (text_starts(reply, TEXT("OK ")))
		reply = text_skip(reply, 3);
	/* the words behind the level are in the policy */
	reply = text_first(reply, 200);
	json_put_int(object, "v", 1);
	json_put_int(object, "pid", pid);
	json_put_string(object, "at", time_of(arena, at_us));
	json_put_text(object, "key", key);
	json_put_text(object, "domain", policy->domain.name);
	json_put_string(object, "map", map);
	json_put_text(object, "answer", reply);
	put_policy(arena, object, facts, policy->domain);
	put_hosts(arena, object, facts->destination);
	put_problems(arena, object, policy->problems);
	json_write(object, 0, to);
}

void
tls_answer_write_end(struct arena *arena, const struct tls_facts *facts,
		     const struct tls_policy *policy, struct buf *to)
{
	struct json *object = json_new_object(arena);
	struct buf whole;

	json_put_text(object, "domain", policy->domain.name);
	put_policy(arena, object, facts, policy->domain);
	put_hosts(arena, object, facts->destination);
	put_problems(arena, object, policy->problems);
	buf_init(&whole, arena, LIMIT_TLS_ANSWER_BYTES);
	json_write(object, 0, &whole);
	if (buf_ok(&whole))
		buf_text(to, text_skip(buf_view(&whole), 1));
	else
		buf_string(to, "\"policy\":null}");
}
