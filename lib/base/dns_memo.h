/* dns_memo.h - the resolver as one message sees it
 *
 * Asks each question once however many checks want it, bounds how many a
 * message may cause (LIMIT_DNS_QUESTIONS; above, DNS_TEMPFAIL), and keeps
 * the list for the ledger and for `signet explain`.
 */
#ifndef BASE_DNS_MEMO_H
#define BASE_DNS_MEMO_H

#include "base/dns.h"

struct dns_memo;

/* Lives in the arena, as do all its questions. */
struct dns_memo *dns_memo_new(struct arena *arena, struct resolver *inner);
struct resolver *dns_memo_resolver(struct dns_memo *memo);
/* The same with LIMIT_DNS_QUESTIONS_DMARC more, so that DMARC, which asks
 * last, can still ask when a sender has used up what there was. */
struct resolver *dns_memo_dmarc_resolver(struct dns_memo *memo);

/* Questions in the order they were first asked. */
size_t dns_memo_count(const struct dns_memo *memo);
const struct dns_question *dns_memo_question(const struct dns_memo *memo,
					     size_t index);

#endif
