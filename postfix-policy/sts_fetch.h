/* sts_fetch.h - is there MTA-STS, and what does the policy say?  (RFC 8461
 * sections 3.1 to 3.3) */
#ifndef POSTFIX_POLICY_STS_FETCH_H
#define POSTFIX_POLICY_STS_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/dns.h"
#include "base/domain.h"
#include "mailtls/sts_state.h"

struct arena;
struct https;
struct why;

enum sts_announced {
	STS_NOT_ASKED = 0,
	STS_ANNOUNCED, /* one good record: there is an id */
	STS_NOT_ANNOUNCED,
	STS_ANNOUNCED_WRONG, /* several records, or a broken one: as none */
	STS_ASK_FAILED
};

/* "_mta-sts.DOMAIN": starts the question. */
struct dns_question *sts_fetch_ask(struct arena *arena,
				   struct resolver *resolver,
				   struct domain domain);

/* Waits for it.  `id` and `ttl_s` count with an answer; `why` tells about
 * STS_ANNOUNCED_WRONG and STS_ASK_FAILED. */
enum sts_announced sts_fetch_wait(struct dns_question *question,
				  struct deadline deadline, struct text *id,
				  uint32_t *ttl_s, struct why *why);

struct sts_fetched {
	struct text file; /* as it was served, or the same said shorter when
			     it is above LIMIT_STS_FILE_BYTES */
	struct sts_policy policy;
};

/* Gets the policy from https://mta-sts.DOMAIN/.well-known/mta-sts.txt: status
 * 200, text/plain, and a policy.  STS_FAILURE_NONE if so; else the reason.
 * *aborted tells that https_abort ended it, which says nothing about the
 * domain. */
enum sts_failure sts_fetch_policy(struct arena *arena, struct https *https,
				  struct resolver *resolver,
				  struct domain domain,
				  struct deadline deadline,
				  struct sts_fetched *fetched, bool *aborted,
				  struct why *why);

#endif
