#include <string.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/limits.h"
#include "mailtls/tls_join_state.h"

#define S INT64_C(1000000)

/* smtp(8) asks before it connects, and again for each delivery. */
#define ANSWER_US (900 * S)
/* Times of syslog are cut to the second, and clocks are not read at once. */
#define AHEAD_US (3 * S)

static struct tlsrpt_value *
copy_values(struct arena *arena, const struct tlsrpt_value *from)
{
	struct tlsrpt_value *first = NULL, **end = &first;

	for (; from != NULL; from = from->next) {
		*end = arena_new_value(arena, struct tlsrpt_value);
		(*end)->text = text_copy(arena, from->text);
		end = &(*end)->next;
	}
	return first;
}

static struct tlsrpt_policy *
copy_policies(struct arena *arena, const struct tlsrpt_policy *from)
{
	struct tlsrpt_policy *first = NULL, **end = &first;

	for (; from != NULL; from = from->next) {
		*end = arena_new_value(arena, struct tlsrpt_policy);
		(*end)->type = text_copy(arena, from->type);
		(*end)->domain = text_copy(arena, from->domain);
		(*end)->strings = copy_values(arena, from->strings);
		(*end)->mx_hosts = copy_values(arena, from->mx_hosts);
		end = &(*end)->next;
	}
	return first;
}

static struct tlsrpt_failure *
copy_problems(struct arena *arena, const struct tlsrpt_failure *from)
{
	struct tlsrpt_failure *first = NULL, **end = &first;

	for (; from != NULL; from = from->next) {
		*end = arena_new_value(arena, struct tlsrpt_failure);
		(*end)->result_type = text_copy(arena, from->result_type);
		(*end)->reason_code = text_copy(arena, from->reason_code);
		(*end)->receiving_mx = text_copy(arena, from->receiving_mx);
		end = &(*end)->next;
	}
	return first;
}

static struct tls_join_answered *
copy_answer(struct arena *arena, const struct tls_answer *from)
{
	struct tls_join_answered *one =
	    arena_new_value(arena, struct tls_join_answered);

	one->answer = *from;
	one->answer.key = text_copy(arena, from->key);
	one->answer.map = text_copy(arena, from->map);
	one->answer.level = text_copy(arena, from->level);
	one->answer.domain.name = text_copy(arena, from->domain.name);
	one->answer.policy = copy_policies(arena, from->policy);
	one->answer.hosts = copy_policies(arena, from->hosts);
	one->answer.problems = copy_problems(arena, from->problems);
	return one;
}

/* Copies those that count into the spare arena, which then is the one. */
static void
compact(struct tls_join_process *process)
{
	struct arena *arena = process->spare_arena;
	struct tls_join_answered *first = NULL, **end = &first;
	const struct tls_join_answered *one = process->answers;

	process->copied = 0;
	for (; one != NULL && process->copied < LIMIT_TLS_JOIN_ANSWERS;
	     one = one->next) {
		*end = copy_answer(arena, &one->answer);
		(*end)->is_used = one->is_used;
		end = &(*end)->next;
		process->copied++;
	}
	process->answers = first;
	process->spare_arena = process->answer_arena;
	process->answer_arena = arena;
	arena_reset(process->spare_arena);
}

void
tls_join_process_answer(struct tls_join_process *process,
			const struct tls_answer *answer)
{
	struct tls_join_answered *one, **at = &process->answers;

	while (*at != NULL &&
	       !(text_equal((*at)->answer.domain.name, answer->domain.name) &&
		 text_equal((*at)->answer.key, answer->key)))
		at = &(*at)->next;
	if (*at != NULL)
		*at = (*at)->next;
	one = copy_answer(process->answer_arena, answer);
	one->next = process->answers;
	process->answers = one;
	if (++process->copied > 2 * LIMIT_TLS_JOIN_ANSWERS)
		compact(process);
}

/* --- which one --- */

bool
tls_join_is_named(const struct tls_answer *answer, struct text mx)
{
	const struct tlsrpt_value *one = answer->policy->mx_hosts;

	if (one == NULL)
		return true;
	for (; one != NULL; one = one->next) {
		struct text pattern = one->text;

		if (text_equal_nocase(pattern, mx))
			return true;
		/* RFC 8461 section 4.1: "*" is one label */
		if (text_starts(pattern, TEXT("*.")) &&
		    text_equal_nocase(text_skip(pattern, 2),
				      text_skip(mx, text_find(mx, '.') + 1)))
			return true;
	}
	return false;
}

const struct tlsrpt_policy *
tls_join_host_policy(const struct tls_answer *answer, struct text mx)
{
	const struct tlsrpt_policy *host = answer->hosts;

	while (host != NULL && !text_equal_nocase(host->mx_hosts->text, mx) &&
	       !text_equal_nocase(host->domain, mx))
		host = host->next;
	return host;
}

/* "[mx.example.net]:25" and "mx.example.net:25" name the host. */
static bool
is_key_of(struct text key, struct text mx)
{
	if (key.len > 0 && key.at[0] == '[')
		key = text_skip(key, 1);
	key = text_first(key, text_find(key, ']'));
	key = text_first(key, text_find(key, ':'));
	return key.len > 0 && text_equal_nocase(key, mx);
}

/* Only hosts that the policy names are known to be of the answer, if its
 * domain is another one than that of the recipient.  Not one that was used
 * before: of a domain without a policy nothing is told, and it may have the
 * same host. */
static bool
is_of_host(const struct tls_join_answered *one, struct text mx)
{
	const struct tls_answer *answer = &one->answer;

	return !one->is_used && mx.len > 0 &&
	       (is_key_of(answer->key, mx) ||
		(answer->policy->mx_hosts != NULL &&
		 tls_join_is_named(answer, mx)) ||
		tls_join_host_policy(answer, mx) != NULL);
}

static bool
is_of_time(const struct tls_answer *answer, int64_t at_us)
{
	return answer->at_us <= at_us + AHEAD_US &&
	       at_us - answer->at_us < ANSWER_US;
}

const struct tls_answer *
tls_join_process_find(const struct tls_join_process *process,
		      struct text domain, struct text mx, int64_t at_us)
{
	struct tls_join_answered *one;

	for (one = process->answers; one != NULL; one = one->next)
		if (text_equal(one->answer.domain.name, domain) &&
		    is_of_time(&one->answer, at_us))
			break;
	if (one == NULL)
		for (one = process->answers; one != NULL; one = one->next)
			if (is_of_host(one, mx) &&
			    is_of_time(&one->answer, at_us))
				break;
	if (one == NULL)
		return NULL;
	one->is_used = true;
	return &one->answer;
}
