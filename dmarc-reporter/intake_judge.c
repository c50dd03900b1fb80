#include "dmarc-reporter/intake_judge.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/mime.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/log.h"
#include "mailauth/message.h"

/* RFC 9990 knows no report about the future; clocks differ a little. */
#define AHEAD_S 60
#define LOG_BYTES 1000

struct judge {
	struct intake_case *it;
	struct arena *arena;
	struct sink to;
	struct buf piece; /* used again for each that is said: a report may
			     have any number of lines */
	struct message message;
	struct intake_sender sender;
	struct intake_content content;
};

static bool
say(struct judge *judge, enum intake_piece what, struct text text)
{
	struct buf *piece = &judge->piece;

	buf_clear(piece);
	buf_char(piece, (char)what);
	buf_text(piece, text);
	return buf_ok(piece) &&
	       judge->to.put(judge->to.handle, buf_view(piece), NULL);
}

/* Ends the judging: the answer is known. */
static bool
say_why(struct judge *judge, enum intake_piece what, const struct why *why)
{
	return say(judge, what, text_from(why->text));
}

static bool
put_line(void *handle, struct text line, struct why *why)
{
	return say(handle, PIECE_LINE, line) || why_set(why, "not taken");
}

/* --- what it is --- */

static struct text
field_text(struct judge *judge, const char *name)
{
	const struct header_field *field = message_find(&judge->message, name);

	if (field == NULL)
		return TEXT("");
	return utf8_for_log(judge->arena, field_unfolded(judge->arena, field),
			    LIMIT_ADDRESS_BYTES);
}

static void
read_header(struct judge *judge)
{
	struct intake_arrival *arrival = &judge->it->arrival;

	message_init(&judge->message, judge->arena);
	message_parse(&judge->message, judge->it->message);
	arrival->from = field_text(judge, "From");
	arrival->message_id = field_text(judge, "Message-ID");
	say(judge, PIECE_FROM, arrival->from);
	say(judge, PIECE_MESSAGE_ID, arrival->message_id);
}

static bool
find_content(struct judge *judge, struct why *why)
{
	struct mime_parts parts;

	judge->content = (struct intake_content){.is_broken = true};
	return mime_parse(judge->arena, judge->it->message, &parts, why) &&
	       intake_content_find(judge->arena, &parts, &judge->content, why);
}

/* --- bounces of our reports --- */

static struct text
local_part(struct text address)
{
	return text_first(address, text_find_last(address, '@'));
}

static bool
judge_bounce(struct judge *judge, const struct verp_token *token)
{
	struct sink lines = {put_line, judge};
	struct why why;

	if (!find_content(judge, &why) ||
	    judge->content.kind != INTAKE_BOUNCE ||
	    !intake_content_read(judge->arena, &judge->content, &why)) {
		why_set(&why, "mail to the sender of a report, and no "
			      "delivery status notification");
		return say_why(judge, PIECE_REFUSED, &why);
	}
	return say(judge, PIECE_BOUNCE,
		   text_from(arena_printf(judge->arena,
					  "kind=%s report=%llu recipients=%zu",
					  verp_kind_name(token->kind),
					  (unsigned long long)token->id,
					  judge->content.bounce.count))) &&
	       intake_bounce_events(judge->arena, &judge->it->arrival, token,
				    &judge->content.bounce, lines, NULL);
}

static bool
find_token(struct judge *judge, struct verp_token *token)
{
	const struct intake_case *it = judge->it;

	return it->settings->verp_key.len > 0 &&
	       it->arrival.recipient.len > 0 &&
	       verp_read(it->settings->verp_key,
			 local_part(it->arrival.recipient), token);
}

/* --- does it count --- */

static bool
find_sender(struct judge *judge, struct why *why)
{
	const struct intake_settings *settings = judge->it->settings;
	struct intake_trust trust = {.authserv_id =
					 text_from(settings->authserv_id),
				     .received_above = settings->received_above,
				     .suffixes = judge->it->suffixes};

	if (!intake_sender_find(judge->arena, &judge->message, &trust,
				&judge->sender, why))
		return false;
	/* nothing of it is read, then */
	if (judge->sender.dmarc_pass || domain_is_set(judge->sender.signer))
		return true;
	return why_set(why, "the sender is not proven: %s, and %s",
		       judge->sender.dmarc_reason, judge->sender.signer_reason);
}

static bool
is_proven(const struct judge *judge, struct why *why)
{
	if (judge->content.kind == INTAKE_TLS)
		return domain_is_set(judge->sender.signer) ||
		       why_set(why, "a TLS report, and %s",
			       judge->sender.signer_reason);
	return judge->sender.dmarc_pass ||
	       why_set(why, "a DMARC report, and %s",
		       judge->sender.dmarc_reason);
}

static bool
is_asked_for(struct judge *judge, const struct intake_wanted *wanted,
	     struct why *why)
{
	int64_t end = intake_report_end(&judge->content);
	const char *about = "no domain";

	if (judge->content.kind == INTAKE_DMARC)
		about = text_string(judge->arena,
				    judge->content.dmarc->policy.domain);
	else if (judge->content.kind == INTAKE_TLS &&
		 judge->content.tls.policies != NULL)
		about = text_string(judge->arena,
				    judge->content.tls.policies->domain);
	else if (judge->content.kind == INTAKE_FAILURE &&
		 judge->content.failure.reported_domains != NULL)
		about =
		    text_string(judge->arena,
				judge->content.failure.reported_domains->text);
	if (!domain_is_set(
		intake_report_domain(judge->arena, &judge->content, wanted)))
		return why_set(why,
			       "a report about %.200s, which is not among the "
			       "domains of [report_intake]",
			       about);
	if (end > judge->it->arrival.now_ms / 1000 + AHEAD_S)
		return why_set(why, "a report about a time that is not over");
	return true;
}

static bool
read_content(struct judge *judge, struct why *why)
{
	if (!intake_content_read(judge->arena, &judge->content, why))
		return false;
	return judge->content.kind != INTAKE_DMARC ||
	       judge->content.dmarc->totals.records <= LIMIT_REPORT_ROWS ||
	       why_set(why, "more than %u records", LIMIT_REPORT_ROWS);
}

static struct text
log_pairs(struct judge *judge, const struct intake_summary *summary,
	  struct domain domain)
{
	struct buf pairs;

	buf_init(&pairs, judge->arena, LOG_BYTES * 10);
	log_pair(&pairs, "kind",
		 text_from(intake_kind_name(judge->content.kind)));
	log_pair(&pairs, "domain", domain.name);
	log_pair(&pairs, "sender", judge->sender.from.name);
	log_pair(&pairs, "organization",
		 text_first(summary->organization, 200));
	log_pair(&pairs, "report", text_first(summary->report_id, 200));
	buf_printf(&pairs, " rows=%llu messages=%llu defects=%zu id=%s",
		   (unsigned long long)summary->rows,
		   (unsigned long long)summary->messages, summary->defects,
		   summary->id);
	return buf_view(&pairs);
}

static bool
count_it(struct judge *judge, const struct intake_wanted *wanted)
{
	struct sink lines = {put_line, judge};
	struct intake_summary summary;
	struct domain domain =
	    intake_report_domain(judge->arena, &judge->content, wanted);

	return say(judge, PIECE_SENDER, judge->sender.from.name) &&
	       intake_report_events(judge->arena, &judge->it->arrival,
				    &judge->sender, &judge->content, wanted,
				    lines, &summary, NULL) &&
	       say(judge, PIECE_LOG, log_pairs(judge, &summary, domain));
}

static bool
judge_report(struct judge *judge)
{
	const struct intake_settings *settings = judge->it->settings;
	struct intake_wanted wanted = {&settings->wanted,
				       &settings->wanted_hosts};
	struct why why;

	if (!find_sender(judge, &why))
		return say_why(judge, PIECE_REFUSED, &why);
	if (!find_content(judge, &why))
		return say_why(judge,
			       judge->content.is_broken ? PIECE_ASIDE
							: PIECE_REFUSED,
			       &why);
	if (judge->content.kind == INTAKE_BOUNCE) {
		why_set(&why, "a delivery status notification, and not about "
			      "a report of ours");
		return say_why(judge, PIECE_REFUSED, &why);
	}
	if (!is_proven(judge, &why))
		return say_why(judge, PIECE_REFUSED, &why);
	if (!read_content(judge, &why))
		return say_why(judge, PIECE_ASIDE, &why);
	if (!is_asked_for(judge, &wanted, &why))
		return say_why(judge, PIECE_REFUSED, &why);
	return count_it(judge, &wanted);
}

bool
intake_judge(void *data, struct sink to)
{
	struct judge judge = {.it = data, .arena = arena_new(), .to = to};
	struct verp_token token;
	bool fine;

	buf_init(&judge.piece, judge.arena, INTAKE_LINE_BYTES * 3);
	read_header(&judge);
	if (find_token(&judge, &token))
		fine = judge_bounce(&judge, &token);
	else
		fine = judge_report(&judge);
	arena_free(judge.arena);
	return fine;
}
