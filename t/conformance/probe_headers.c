/* probe_headers.c - what the readers of header fields get, for the probe
 *
 * Values are parts of several lines where there are several of something:
 * nothing that parses holds a line feed.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/auth_results.h"
#include "mailauth/author.h"
#include "t/conformance/probe.h"

static void
put_mailboxes(struct probe *probe, const struct mailbox_list *list)
{
	const struct mailbox *mailbox;
	struct buf addresses, displays;

	buf_init(&addresses, probe_arena(probe), LIMIT_HEADER_BYTES);
	buf_init(&displays, probe_arena(probe), LIMIT_HEADER_BYTES);
	for (mailbox = list->first; mailbox != NULL; mailbox = mailbox->next) {
		buf_text(&addresses, mailbox->address);
		buf_char(&addresses, '\n');
		buf_text(&displays, text_without_fws(probe_arena(probe),
						     mailbox->display));
		buf_char(&displays, '\n');
	}
	probe_put(probe, "addresses", buf_view(&addresses));
	probe_put(probe, "displays", buf_view(&displays));
}

/* address: text */
void
probe_address(struct probe *probe)
{
	struct mailbox mailbox;
	struct why why = {""};
	bool good = mailbox_parse_addr_spec(
	    probe_arena(probe), probe_get(probe, "text"), &mailbox, &why);

	probe_put_int(probe, "good", good);
	probe_put_string(probe, "reason", good ? "" : why.text);
	if (good)
		probe_put(probe, "address", mailbox.address);
}

/* address-list: text, a message that begins with a field of addresses */
void
probe_address_list(struct probe *probe)
{
	struct message message;
	struct mailbox_list list;
	struct why why = {""};
	bool good;

	message_init(&message, probe_arena(probe));
	message_parse(&message, probe_get(probe, "text"));
	if (message.top == NULL) {
		probe_put_string(probe, "error", "no field");
		return;
	}
	good = mailbox_parse_list(probe_arena(probe), message.top->value, &list,
				  &why);
	probe_put_int(probe, "good", good);
	probe_put_string(probe, "reason", good ? "" : why.text);
	if (!good)
		return;
	probe_put_string(probe, "doubt", list.doubt != NULL ? list.doubt : "");
	put_mailboxes(probe, &list);
}

/* header: text, a message. Answers with its fields, unfolded, and the
 * author. */
void
probe_header(struct probe *probe)
{
	struct text raw = probe_get(probe, "text");
	const struct header_field *field;
	struct message message;
	struct author author;
	struct buf to;
	size_t i;

	message_init(&message, probe_arena(probe));
	probe_put(probe, "body", text_skip(raw, message_parse(&message, raw)));
	buf_init(&to, probe_arena(probe), LIMIT_HEADER_BYTES * 2);
	for (field = message.top; field != NULL; field = field->below)
		buf_printf(&to, TEXT_FMT ": " TEXT_FMT "\n",
			   TEXT_ARG(field->name),
			   TEXT_ARG(field_unfolded(probe_arena(probe), field)));
	probe_put(probe, "fields", buf_view(&to));
	author_find(probe_arena(probe), &message, &author);
	probe_put_string(probe, "status", author_status_name(author.status));
	probe_put_string(probe, "reason",
			 author.reason != NULL ? author.reason : "");
	buf_clear(&to);
	for (i = 0; i < author.domain_count; i++)
		buf_printf(&to, TEXT_FMT "\n",
			   TEXT_ARG(author.domains[i].name));
	probe_put(probe, "domains", buf_view(&to));
	put_mailboxes(probe, &author.mailboxes);
}

static void
describe_method(struct buf *to, const struct auth_method *method)
{
	const struct auth_property *property;

	buf_printf(to, "method " TEXT_FMT " " TEXT_FMT "\n",
		   TEXT_ARG(method->method), TEXT_ARG(method->result));
	if (method->reason.len > 0)
		buf_printf(to, "reason " TEXT_FMT "\n",
			   TEXT_ARG(method->reason));
	for (property = method->properties; property != NULL;
	     property = property->next)
		buf_printf(to,
			   "property " TEXT_FMT " " TEXT_FMT " " TEXT_FMT "\n",
			   TEXT_ARG(property->type), TEXT_ARG(property->name),
			   TEXT_ARG(property->value));
}

/* auth-results: text, a message; number, which of its
 * Authentication-Results fields; id, whether it claims to be of that one */
void
probe_auth_results(struct probe *probe)
{
	struct arena *arena = probe_arena(probe);
	int64_t number = probe_get_int(probe, "number");
	const struct header_field *field;
	const struct auth_method *method;
	struct auth_results results;
	struct message message;
	struct why why = {""};
	struct buf to;
	bool good;

	message_init(&message, arena);
	message_parse(&message, probe_get(probe, "text"));
	field = message_find(&message, "Authentication-Results");
	while (field != NULL && number-- > 0)
		field = message_find_next(field, "Authentication-Results");
	if (field == NULL) {
		probe_put_string(probe, "error", "no such field");
		return;
	}
	good = auth_results_parse(arena, field->value, &results, &why);
	probe_put_int(probe, "good", good);
	probe_put_string(probe, "reason", good ? "" : why.text);
	probe_put_int(
	    probe, "claims",
	    auth_results_claims(arena, field->value, probe_get(probe, "id")));
	if (!good)
		return;
	probe_put_int(probe, "lax", results.lax);
	probe_put(probe, "authserv_id", results.id);
	buf_init(&to, arena, LIMIT_HEADER_BYTES);
	for (method = results.methods; method != NULL; method = method->next)
		describe_method(&to, method);
	probe_put(probe, "results", buf_view(&to));
}

/* auth-write: value, written wherever a value can stand */
void
probe_auth_write(struct probe *probe)
{
	struct text value = probe_get(probe, "value");
	struct auth_writer writer;
	struct buf to;

	buf_init(&to, probe_arena(probe), LIMIT_AUTH_RESULTS_BYTES);
	auth_write_begin(&writer, &to, TEXT("mx.example.net"));
	auth_write_method(&writer, "spf", "fail");
	auth_write_reason(&writer, value);
	auth_write_property(&writer, "smtp", "mailfrom", value);
	auth_write_comment(&writer, value);
	auth_write_method(&writer, "dkim", "pass");
	auth_write_comment(&writer, value);
	auth_write_property(&writer, "header", "d", value);
	auth_write_end(&writer);
	probe_put(probe, "field", buf_view(&to));
}
