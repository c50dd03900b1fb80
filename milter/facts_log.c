#include "milter/facts.h"

#include "base/arena.h"
#include "io/clock.h"
#include "io/log.h"

/* What the sender chose freely must leave room for what we say. */
#define SHORT(text) text_first((text), 200)

static struct text
client_text(const struct session *session)
{
	char *to = arena_bytes(session->arena, IPADDR_STRING_BYTES);

	return text_from(ipaddr_write(&session->verdict.client, to));
}

static void
log_dkim(const struct session *session, struct buf *line)
{
	const struct verdict *verdict = &session->verdict;
	struct buf value;
	size_t i;

	buf_init(&value, session->arena, 500);
	for (i = 0; i < verdict->dkim_count; i++) {
		if (i > 0)
			buf_char(&value, ',');
		/* room for a result, a whole domain and this */
		if (value.len > 200) {
			buf_printf(&value, "+%zu", verdict->dkim_count - i);
			break;
		}
		buf_string(&value, dkim_result_name(verdict->dkim[i].result));
		buf_char(&value, ':');
		buf_text(&value, verdict->dkim[i].domain.name);
	}
	log_pair(line, "dkim",
		 verdict->dkim_count > 0 ? buf_view(&value) : TEXT("none"));
}

static void
log_checks(const struct session *session, struct buf *line)
{
	const struct verdict *verdict = &session->verdict;

	log_pair(line, "iprev",
		 text_from(iprev_result_name(verdict->iprev.result)));
	if (verdict->dnsbl.result != DNSBL_NOT_EVALUATED)
		log_pair(line, "dnsbl",
			 text_from(dnsbl_result_name(verdict->dnsbl.result)));
	log_pair(line, "spf",
		 text_from(spf_result_name(verdict->mail_from.result)));
	log_pair(line, "helo_spf",
		 text_from(spf_result_name(verdict->helo.result)));
	log_dkim(session, line);
	log_pair(line, "arc", text_from(arc_result_name(verdict->arc.result)));
	log_pair(line, "dmarc",
		 text_from(dmarc_result_name(verdict->dmarc.result)));
	if (verdict->dmarc.policy.found == DMARC_LOOKUP_FOUND)
		log_pair(
		    line, "policy",
		    text_from(dmarc_policy_name(verdict->dmarc.published)));
	if (verdict->override_count > 0)
		log_pair(line, "override",
			 text_from(override_name(verdict->overrides[0].type)));
}

void
facts_log(const struct session *session, struct text queue_id, struct buf *line)
{
	const struct decision *decision = &session->decision;
	const struct author *author = &session->verdict.author;

	buf_text(line, queue_id.len > 0 ? queue_id : TEXT("NOQUEUE"));
	buf_char(line, ':');
	log_pair(line, "client", client_text(session));
	log_pair(line, "helo", SHORT(session->client_helo));
	log_pair(line, "mail_from", SHORT(session->sender));
	log_pair(line, "from",
		 author->domain_count > 0
		     ? author->domains[0].name
		     : text_from(author_status_name(author->status)));
	log_pair(line, "rcpts",
		 text_from(arena_printf(session->arena, "%zu",
					session->recipient_count)));
	if (session->verdict.skipped != SKIP_NOTHING)
		log_pair(line, "skipped",
			 text_from(skip_name(session->verdict.skipped)));
	else
		log_checks(session, line);
	log_pair(line, "action", text_from(action_name(decision->action)));
	if (decision->reason != NULL)
		log_pair(line, "why", text_from(decision->reason));
	if (session->engine->options->mode == MODE_TEST)
		log_pair(line, "mode", TEXT("test"));
	if (forged_count(&session->forged) > 0)
		log_pair(
		    line, "forged",
		    text_from(arena_printf(session->arena, "%zu",
					   forged_count(&session->forged))));
	log_pair(line, "ms",
		 text_from(arena_printf(
		     session->arena, "%lld",
		     (long long)(clock_monotonic_ms() - session->begun_ms))));
	log_pair(line, "id", session->id);
}
