/* dns_health.h - is the DNS there at all?
 *
 * Servers of single domains fail all the time, which is nobody's alarm.  When
 * DNS_HEALTH_RUN questions in a row have failed or come too late, about
 * DNS_HEALTH_DOMAINS domains at least, and none was answered between them, it
 * is our own resolver.  One line tells when that begins, one when an answer
 * comes again.
 */
#ifndef IO_DNS_HEALTH_H
#define IO_DNS_HEALTH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/dns.h"

#define DNS_HEALTH_RUN 12
#define DNS_HEALTH_DOMAINS 3

struct dns_health {
	pthread_mutex_t lock;
	_Atomic bool is_failing; /* false: nothing below is in use */
	unsigned run, domain_count;
	uint32_t domains[DNS_HEALTH_DOMAINS]; /* their last two labels, as
						 a number */
	bool is_away;
	const char *told;
};

enum dns_health_news { DNS_HEALTH_SAME, DNS_HEALTH_AWAY, DNS_HEALTH_BACK };

/* `told` says in the log what becomes of what rests on the DNS; NULL: nothing
 * is told.  It is kept, not copied. */
void dns_health_init(struct dns_health *health, const char *told);
void dns_health_end(struct dns_health *health);

/* What the answer to a question about `name` changes.  Safe from any
 * thread. */
enum dns_health_news dns_health_count(struct dns_health *health,
				      struct text name, enum dns_status status);

/* The same, and news goes to the log. */
void dns_health_tell(struct dns_health *health, struct text name,
		     const struct dns_answer *answer);

/* A question that nobody could wait for any longer: it failed. */
void dns_health_late(struct dns_health *health, struct text name);

#endif
