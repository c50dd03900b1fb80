/* sts_job.h - fetches that run beside those who ask for them
 *
 * One for a domain at a time, in a thread that ends with the last of them;
 * LIMIT_STS_FETCHES threads at most, further jobs wait for one.
 */
#ifndef POSTFIX_POLICY_STS_JOB_H
#define POSTFIX_POLICY_STS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "postfix-policy/sts_store.h"

/* All with the lock of the cache held. */

/* The job that runs for the domain, or a new one that fetches the policy that
 * the id stands for. */
struct sts_job *sts_job_fetch(struct sts_cache *cache, struct text domain,
			      struct text id, int64_t now_s);

/* Starts a job that looks at the record and then, if need be, at the policy;
 * nobody waits for it. */
void sts_job_refresh(struct sts_cache *cache, struct text domain,
		     int64_t now_s);

/* Waits, without the lock, and gives the job up: true if it has ended. */
bool sts_job_wait(struct sts_cache *cache, struct sts_job *job,
		  struct deadline deadline);

/* Waits until all have ended. */
void sts_job_wait_all(struct sts_cache *cache);

/* Jobs now. */
size_t sts_job_count(const struct sts_cache *cache);

#endif
