#include "dovecot-plugin/verified.h"

#include <string.h>

#include "base/arena.h"
#include "mailauth/auth_results.h"

static struct text
without_dot(struct text id)
{
	return id.len > 0 && id.at[id.len - 1] == '.'
		   ? text_first(id, id.len - 1)
		   : id;
}

/* The domain of "user@example.com" or of "example.com". */
static bool
read_domain(struct arena *arena, struct text value, struct domain *domain)
{
	size_t at = text_find_last(value, '@');

	if (at < value.len)
		value = text_skip(value, at + 1);
	return domain_parse(arena, value, domain, NULL);
}

/* The first property of this name that is a domain. */
static bool
find_domain(struct arena *arena, const struct auth_method *method,
	    struct text type, struct text name, struct domain *domain)
{
	const struct auth_property *property;

	for (property = method->properties; property != NULL;
	     property = property->next)
		if (text_equal_nocase(property->type, type) &&
		    text_equal_nocase(property->name, name))
			return read_domain(arena, property->value, domain);
	return false;
}

static size_t
add_domain(struct domain *domains, size_t count, size_t most,
	   struct domain domain)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (domain_equal(domains[i], domain))
			return count;
	if (count < most)
		domains[count++] = domain;
	return count;
}

static void
note_method(struct arena *arena, const struct auth_method *method,
	    struct verified *verified)
{
	struct domain domain;

	if (!text_equal_nocase(method->result, TEXT("pass")))
		return;
	if (text_equal_nocase(method->method, TEXT("dmarc")) &&
	    find_domain(arena, method, TEXT("header"), TEXT("from"), &domain))
		verified->author = domain;
	if (text_equal_nocase(method->method, TEXT("dkim")) &&
	    find_domain(arena, method, TEXT("header"), TEXT("d"), &domain))
		verified->dkim_count =
		    add_domain(verified->dkim, verified->dkim_count,
			       VERIFIED_DKIM_MOST, domain);
	if (!text_equal_nocase(method->method, TEXT("spf")))
		return;
	if (find_domain(arena, method, TEXT("smtp"), TEXT("mailfrom"), &domain))
		verified->mail_from = domain;
	else if (find_domain(arena, method, TEXT("smtp"), TEXT("helo"),
			     &domain))
		verified->helo = domain;
}

/* True if the field is ours and says something. */
static bool
note_field(struct arena *arena, const struct header_field *field,
	   struct text id, struct verified *verified)
{
	struct auth_results results;
	const struct auth_method *method;

	if (!auth_results_parse(arena, field->value, &results, NULL) ||
	    !text_equal_nocase(without_dot(results.id), id))
		return false;
	verified->found = true;
	for (method = results.methods; method != NULL; method = method->next)
		note_method(arena, method, verified);
	return results.methods != NULL;
}

void
verified_read(struct arena *arena, const struct message *message,
	      struct text authserv_id, struct verified *verified)
{
	const struct header_field *field;
	bool says_something = false;

	memset(verified, 0, sizeof(*verified));
	authserv_id = without_dot(authserv_id);
	for (field = message->top; field != NULL; field = field->below) {
		if (text_equal_nocase(field->name,
				      TEXT("Authentication-Results"))) {
			if (note_field(arena, field, authserv_id, verified))
				says_something = true;
		} else if (says_something &&
			   text_equal_nocase(field->name, TEXT("Received"))) {
			return;
		}
	}
}

size_t
verified_domains(const struct verified *verified, struct domain *domains)
{
	size_t count = verified->dkim_count;

	memcpy(domains, verified->dkim, count * sizeof(*domains));
	if (domain_is_set(verified->mail_from))
		count = add_domain(domains, count, VERIFIED_DOMAINS_MOST,
				   verified->mail_from);
	if (domain_is_set(verified->helo))
		count = add_domain(domains, count, VERIFIED_DOMAINS_MOST,
				   verified->helo);
	return count;
}
