#include "postfix-policy/sts_fetch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/https.h"
#include "mailtls/sts_record.h"

struct dns_question *
sts_fetch_ask(struct arena *arena, struct resolver *resolver,
	      struct domain domain)
{
	return dns_ask(arena, resolver,
		       text_from(arena_printf(arena, "_mta-sts." TEXT_FMT,
					      TEXT_ARG(domain.name))),
		       DNS_TXT);
}

/* Among the TXT records of others, at most one is ours to read. */
static enum sts_announced
read_records(const struct dns_answer *answer, struct text *id, struct why *why)
{
	const struct dns_record *ours = NULL;
	struct sts_record record;
	size_t i;

	for (i = 0; i < answer->count; i++) {
		if (!sts_record_is(answer->records[i].text))
			continue;
		if (ours != NULL) {
			why_set(why, "several records");
			return STS_ANNOUNCED_WRONG;
		}
		ours = &answer->records[i];
	}
	if (ours == NULL)
		return STS_NOT_ANNOUNCED;
	if (!sts_record_parse(ours->text, &record, why))
		return STS_ANNOUNCED_WRONG;
	*id = record.id;
	return STS_ANNOUNCED;
}

enum sts_announced
sts_fetch_wait(struct dns_question *question, struct deadline deadline,
	       struct text *id, uint32_t *ttl_s, struct why *why)
{
	const struct dns_answer *answer;
	enum dns_status status = dns_wait(question, deadline, &answer);

	*ttl_s = answer->ttl_s;
	switch (status) {
	case DNS_FOUND:
		return read_records(answer, id, why);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return STS_NOT_ANNOUNCED;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		break;
	}
	why_set(why, "the record could not be asked: %s", answer->reason);
	return STS_ASK_FAILED;
}

/* What is long is kept in few words: each of many domains may serve as much
 * as it can. */
static struct text
shorten(struct arena *arena, const struct sts_fetched *fetched)
{
	struct buf to;

	if (fetched->file.len <= LIMIT_STS_VERBATIM_BYTES)
		return fetched->file;
	buf_init(&to, arena, LIMIT_STS_FILE_BYTES);
	sts_policy_write(&to, &fetched->policy);
	return buf_view(&to);
}

static enum sts_failure
read_reply(struct arena *arena, const struct https_reply *reply,
	   struct sts_fetched *fetched, struct why *why)
{
	if (reply->status != 200) {
		why_set(why, "HTTP status %u%s", reply->status,
			reply->status / 100 == 3 ? ", a redirection" : "");
		return STS_FAILURE_FETCH;
	}
	if (!text_equal(text_from(reply->media_type), TEXT("text/plain"))) {
		why_set(why, "media type \"%s\", not text/plain",
			reply->media_type);
		return STS_FAILURE_INVALID;
	}
	fetched->file = reply->body;
	if (!sts_policy_parse(arena, fetched->file, &fetched->policy, why))
		return STS_FAILURE_INVALID;
	fetched->file = shorten(arena, fetched);
	return STS_FAILURE_NONE;
}

enum sts_failure
sts_fetch_policy(struct arena *arena, struct https *https,
		 struct resolver *resolver, struct domain domain,
		 struct deadline deadline, struct sts_fetched *fetched,
		 bool *aborted, struct why *why)
{
	const struct https_request request = {
	    .url = arena_printf(
		arena, "https://mta-sts." TEXT_FMT "/.well-known/mta-sts.txt",
		TEXT_ARG(domain.name)),
	    .body_most = LIMIT_STS_POLICY_BYTES,
	};
	struct https_reply reply;
	enum https_result result;

	result =
	    https_ask(https, arena, resolver, &request, deadline, &reply, why);
	*aborted = result == HTTPS_ABORTED;
	if (result == HTTPS_REPLIED)
		return read_reply(arena, &reply, fetched, why);
	return result == HTTPS_NOT_TRUSTED ? STS_FAILURE_WEBPKI
					   : STS_FAILURE_FETCH;
}
