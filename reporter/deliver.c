#include "reporter/deliver.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "reporter/reporter.h"
#include "io/clock.h"

struct deliver {
	struct reporter *reporter;
	const struct report_carrier *carrier;
	struct transfer *transfer;
	struct text verp_key;
};

/* What is sent in one call of deliver_report. */
struct parcel {
	struct deliver *deliver;
	const struct claim *claim;
	struct text gzip;
	const char *file_name;
	struct deliver_counts *counts;
};

struct deliver *
deliver_open(struct arena *arena, struct reporter *reporter,
	     const struct report_carrier *carrier, struct why *why)
{
	const struct config_reports *reports = reporter->reports;
	struct transfer_options options = {
	    .server = reports->smtp,
	    .helo = reporter->common->hostname,
	    .timeout_ms = (int64_t)reports->smtp_timeout_s * 1000};
	struct deliver *deliver = xcalloc(1, sizeof(*deliver));

	deliver->reporter = reporter;
	deliver->carrier = carrier;
	if (config_reports_verp_key(arena, reports, &deliver->verp_key, why))
		deliver->transfer = transfer_open(&options, why);
	if (deliver->transfer != NULL)
		return deliver;
	deliver_close(deliver);
	return NULL;
}

void
deliver_close(struct deliver *deliver)
{
	if (deliver == NULL)
		return;
	transfer_close(deliver->transfer);
	free(deliver);
}

static enum transfer_result
mail_to(struct arena *arena, const struct parcel *parcel,
	const struct letter *letter, struct why *why)
{
	struct deliver *deliver = parcel->deliver;
	struct text token =
	    verp_make(arena, deliver->verp_key, deliver->carrier->verp,
		      (uint64_t)letter->next->id);
	struct transfer_mail mail = {
	    .sender =
		arena_printf(arena, "report+" TEXT_FMT "@%s", TEXT_ARG(token),
			     deliver->reporter->reports->envelope_domain),
	    .recipient = letter->next->address};
	struct buf content;

	buf_init(&content, arena, deliver->carrier->mail_bytes);
	if (!deliver->carrier->compose(deliver->reporter, arena, letter,
				       &content, why))
		return TRANSFER_REFUSED;
	mail.content = buf_view(&content);
	return transfer_send(deliver->transfer, &mail, why);
}

static enum transfer_result
send_to(struct arena *arena, const struct parcel *parcel,
	const struct claim_next *next, struct why *why)
{
	struct deliver *deliver = parcel->deliver;
	struct letter letter = {.claim = parcel->claim,
				.next = next,
				.gzip = parcel->gzip,
				.file_name = parcel->file_name,
				.now_s = clock_unix_ms() / 1000};

	if (next->address[0] != '\0')
		return mail_to(arena, parcel, &letter, why);
	if (deliver->carrier->post != NULL)
		return deliver->carrier->post(deliver->reporter, arena, &letter,
					      why);
	why_set(why, "no mail address");
	return TRANSFER_REFUSED;
}

static const char *
count_result(enum transfer_result result, struct deliver_counts *counts)
{
	switch (result) {
	case TRANSFER_ACCEPTED:
		counts->sent++;
		return "sent";
	case TRANSFER_REFUSED:
		counts->given_up++;
		return "given_up";
	case TRANSFER_NOT_TRIED:
	case TRANSFER_AWAY:
	case TRANSFER_AGAIN:
		break;
	}
	counts->again++;
	return "again";
}

/* One destination; *there is false when there is none. */
static enum deliver_result
step(struct arena *arena, const struct parcel *parcel, struct pace *pace,
     bool *there, struct why *why)
{
	struct reporter *reporter = parcel->deliver->reporter;
	enum transfer_result result;
	struct claim_next next;
	struct why reply, lost;

	if (claim_next(reporter, arena, parcel->claim, &next, there, why) !=
	    PG_DONE)
		return DELIVER_DATABASE;
	if (!*there)
		return DELIVER_DONE;
	result = send_to(arena, parcel, &next, &reply);
	if (claim_result(reporter, arena, &next,
			 count_result(result, parcel->counts), reply.text,
			 &lost) != PG_DONE) {
		why_set(why, "%s", lost.text);
		return DELIVER_DATABASE;
	}
	/* what a web server does says nothing about the mail server */
	if (next.address[0] == '\0')
		return DELIVER_DONE;
	if (pace_note(pace, result == TRANSFER_ACCEPTED) &&
	    result != TRANSFER_AWAY)
		return DELIVER_DONE;
	why_set(why, "%s: %s", reporter->reports->smtp, reply.text);
	return DELIVER_STOP;
}

enum deliver_result
deliver_report(struct deliver *deliver, const struct claim *claim,
	       struct text gzip, const char *file_name, struct pace *pace,
	       struct deliver_counts *counts, struct why *why)
{
	struct parcel parcel = {deliver, claim, gzip, file_name, counts};
	struct arena *arena = arena_new();
	enum deliver_result result;
	bool there;

	do {
		arena_reset(arena);
		result = step(arena, &parcel, pace, &there, why);
	} while (result == DELIVER_DONE && there);
	arena_free(arena);
	return result;
}
