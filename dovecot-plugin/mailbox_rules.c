#include "dovecot-plugin/mailbox_rules.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "dovecot-plugin/mailbox_lists.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "dovecot-plugin/rule_header.h"
#include "io/log.h"

#define AT "'epoch'::timestamptz + $2::bigint * interval '1 microsecond'"
#define SHOWN_MOST 200

/* One event on its way into Postgres. */
struct change {
	const struct mailbox_settings *settings;
	struct pg *pg;
	struct arena *arena;
	const struct happening *happening;
	struct why *why;
};

/* Empty is null. */
static struct pg_param
text_or_null(struct text text)
{
	return text.len > 0 ? pg_text(text) : pg_string(NULL);
}

static struct pg_param
time_of(struct change *change)
{
	return pg_string(arena_printf(change->arena, "%" PRId64,
				      change->happening->event->at_us));
}

static void
tell(struct change *change, const char *what, struct text name,
     const struct pg_rows *rows)
{
	const struct mailbox_event *event = change->happening->event;
	struct buf line;

	if (!log_wants_debug())
		return;
	buf_init(&line, change->arena, 4096);
	buf_printf(&line, "rules: %s", what);
	log_pair(&line, "account", event->user);
	log_pair(&line, "name", utf8_for_log(change->arena, name, SHOWN_MOST));
	log_pair(&line, "from", event->from);
	log_pair(&line, "to", event->to);
	log_pair(&line, "result", pg_rows_text(rows, 0, 0));
	log_debug("%s", buf_cstring(&line));
}

static enum pg_status
call(struct change *change, const char *sql, const struct pg_param *params,
     size_t count, const char *what, struct text name)
{
	enum pg_status status;
	struct pg_rows *rows;

	status = pg_call(change->pg, change->arena, sql, params, count, &rows,
			 change->why);
	if (status == PG_DONE)
		tell(change, what, name, rows);
	return status;
}

/* --- moves --- */

/* Folders for mail that is done with say nothing about the next of its kind.
 * Which character stands between the parts of a name is not told. */
static bool
is_end_of_part(struct text name, size_t at)
{
	return name.len == at || name.at[at] == '/' || name.at[at] == '.';
}

static bool
is_skipped(const struct mailbox_settings *settings, struct text name)
{
	size_t i;

	/* as many servers name what lies beside it, too */
	if (text_starts(name, TEXT("INBOX")) && name.len > 6 &&
	    is_end_of_part(name, 5))
		name = text_skip(name, 6);
	for (i = 0; i < settings->rules_skip.count; i++) {
		struct text folder = text_from(settings->rules_skip.values[i]);

		if (text_starts(name, folder) &&
		    is_end_of_part(name, folder.len))
			return true;
	}
	return false;
}

static enum pg_status
moved_out(struct change *change, const struct rule_message *message)
{
	const struct mailbox_event *event = change->happening->event;
	struct pg_param params[7];
	struct rule rule;

	if (is_skipped(change->settings, event->to) ||
	    !rule_suggest(message, &rule))
		return PG_DONE;
	params[0] = pg_text(event->user);
	params[1] = time_of(change);
	params[2] = pg_string(rule_kind_name(rule.kind));
	params[3] = pg_text(rule.value);
	params[4] = text_or_null(rule.domain.name);
	params[5] = pg_text(event->to);
	params[6] = text_or_null(event->to_guid);
	return call(change,
		    "select signet.rule_moved_out($1, " AT
		    ", $3, $4, $5, $6, $7)",
		    params, 7, "moved out of INBOX", rule.value);
}

static enum pg_status
moved_in(struct change *change, const struct rule_message *message)
{
	const struct mailbox_event *event = change->happening->event;
	struct text domains[VERIFIED_DOMAINS_MOST], address = {NULL, 0};
	struct pg_param params[7];
	size_t i;

	for (i = 0; i < message->verified_count; i++)
		domains[i] = message->verified[i].name;
	if (rule_author_is_verified(message))
		address = message->address;
	params[0] = pg_text(event->user);
	params[1] = time_of(change);
	params[2] = text_or_null(message->list_id);
	params[3] = text_or_null(address);
	params[4] = pg_texts(change->arena, domains, message->verified_count);
	params[5] = pg_text(event->from);
	params[6] = text_or_null(event->from_guid);
	return call(change,
		    "select signet.rule_moved_in($1, " AT
		    ", $3, $4, $5, $6, $7)",
		    params, 7, "moved back to INBOX",
		    message->list_id.len > 0 ? message->list_id : address);
}

static enum pg_status
moved(struct change *change)
{
	const struct happening *happening = change->happening;
	const struct mailbox_event *event = happening->event;
	struct rule_message message;
	bool out = event->from_class == MAILBOX_INBOX &&
		   event->to_class == MAILBOX_OTHER,
	     in = event->from_class == MAILBOX_OTHER &&
		  event->to_class == MAILBOX_INBOX;

	if ((!out && !in) || happening->header == NULL ||
	    event->from.len == 0 || event->to.len == 0)
		return PG_DONE;
	rule_header_read(change->arena, happening->header, happening->verified,
			 &message);
	return out ? moved_out(change, &message) : moved_in(change, &message);
}

/* --- folders --- */

static enum pg_status
deleted(struct change *change, struct text separator)
{
	const struct mailbox_event *event = change->happening->event;
	struct pg_param params[5];

	params[0] = pg_text(event->user);
	params[1] = time_of(change);
	params[2] = pg_text(event->from);
	params[3] = text_or_null(event->from_guid);
	params[4] = text_or_null(separator);
	return call(change,
		    "select signet.rule_mailbox_deleted($1, " AT
		    ", $3, $4, $5)",
		    params, 5, "folder deleted", event->from);
}

static enum pg_status
renamed(struct change *change)
{
	const struct mailbox_event *event = change->happening->event;
	struct pg_param params[6];

	/* what many programs do when a folder is deleted */
	if (event->to_class == MAILBOX_TRASH)
		return deleted(change, event->separator);
	params[0] = pg_text(event->user);
	params[1] = time_of(change);
	params[2] = pg_text(event->from);
	params[3] = pg_text(event->to);
	params[4] = text_or_null(event->to_guid);
	params[5] = text_or_null(event->separator);
	return call(change,
		    "select signet.rule_mailbox_renamed($1, " AT
		    ", $3, $4, $5, $6)",
		    params, 6, "folder renamed", event->from);
}

static enum pg_status
take_one(struct change *change)
{
	switch (change->happening->event->kind) {
	case EVENT_MOVE:
		return moved(change);
	case EVENT_RENAME:
		return renamed(change);
	case EVENT_DELETE:
		return deleted(change, TEXT(""));
	case EVENT_KIND_NONE:
	case EVENT_COPY:
	case EVENT_APPEND:
	case EVENT_KEYWORD:
	case EVENT_QUOTA:
		break;
	}
	return PG_DONE;
}

static enum pg_status
take(const struct mailbox_settings *settings, struct pg *pg,
     struct arena *arena, const struct happening *happenings, size_t count,
     struct why *why)
{
	enum pg_status status = PG_DONE;
	size_t i;

	for (i = 0; i < count && status == PG_DONE; i++) {
		struct change change = {settings, pg, arena, &happenings[i],
					why};

		status = take_one(&change);
	}
	return status;
}

/* --- accounts and delivery --- */

/* What load keeps. */
struct account_rules {
	struct rule *values;
	size_t count;
};

static void
keep_rule(struct arena *arena, const struct pg_rows *rows, size_t row,
	  struct account_rules *rules)
{
	struct rule *rule = &rules->values[rules->count];
	struct text domain = pg_rows_text(rows, row, 3);

	rule->id = pg_rows_int(rows, row, 0);
	rule->kind = rule_kind_of(pg_rows_text(rows, row, 1));
	rule->value = text_copy(arena, pg_rows_text(rows, row, 2));
	if (domain.len > 0 && !domain_parse(arena, domain, &rule->domain, NULL))
		return;
	rule->mailbox = text_copy(arena, pg_rows_text(rows, row, 4));
	rules->count++;
}

static enum pg_status
load(const struct mailbox_settings *settings, struct pg *pg,
     struct arena *arena, struct text account, const void **held,
     struct why *why)
{
	struct arena *scratch = arena_new();
	struct pg_param param = pg_text(account);
	struct account_rules *rules;
	enum pg_status status;
	struct pg_rows *rows;
	size_t i;

	(void)settings;
	*held = NULL;
	status = pg_call(pg, scratch,
			 "select l.id, l.kind, l.value, l.domain, l.mailbox "
			 "from signet.rules_load($1) l",
			 &param, 1, &rows, why);
	if (status == PG_DONE && pg_rows_count(rows) > 0) {
		rules = arena_new_value(arena, struct account_rules);
		rules->values =
		    arena_new_array(arena, struct rule, pg_rows_count(rows));
		for (i = 0; i < pg_rows_count(rows); i++)
			keep_rule(arena, rows, i, rules);
		*held = rules;
	}
	arena_free(scratch);
	return status;
}

/* Why it is there, for people who wonder. */
static void
add_reason(struct arena *arena, const struct rule *rule, struct answer *answer)
{
	if (text_is_ascii(rule->value))
		answer_add_header(
		    answer,
		    text_from(arena_printf(arena, "X-Signet-Rule: %s " TEXT_FMT,
					   rule_kind_name(rule->kind),
					   TEXT_ARG(rule->value))));
}

/* Who asks for another folder than INBOX, as by user+folder, has it. */
static bool
is_inbox(struct text mailbox)
{
	return mailbox.len == 0 || text_equal_nocase(mailbox, TEXT("INBOX"));
}

static bool
judge(const void *held, struct arena *arena, const struct delivery *delivery,
      struct answer *answer)
{
	const struct account_rules *rules = held;
	struct rule_message message;
	const struct rule *rule;

	if (rules == NULL || !is_inbox(delivery->question->mailbox))
		return false;
	rule_header_read(arena, delivery->header, delivery->verified, &message);
	rule = rule_match(rules->values, rules->count, &message);
	if (rule == NULL)
		return false;
	if (!is_inbox(rule->mailbox))
		answer->mailbox = text_copy(arena, rule->mailbox);
	answer->verdict = "rule";
	add_reason(arena, rule, answer);
	return true;
}

const struct mailbox_part mailbox_rules = {
    .name = "rules",
    .kinds = 1u << EVENT_MOVE | 1u << EVENT_RENAME | 1u << EVENT_DELETE,
    .events = take,
    .load = load,
    .judge = judge,
    .round = mailbox_lists_round,
};
