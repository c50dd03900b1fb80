#include "admin/dns_records.h"

#include <stdarg.h>

#include "admin/dns_plan.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/scan.h"

#define OUTPUT_MOST (4u << 20)

static void
put(const struct buf *to)
{
	fwrite(to->at, 1, to->len, stdout);
}

static struct json *
json_of(struct arena *arena, const struct plan_record *record)
{
	struct json *object = json_new_object(arena);

	json_put_string(object, "kind", plan_kind_name(record->kind));
	json_put_text(object, "name", record->name);
	json_put_int(object, "ttl", PLAN_TTL_S);
	json_put_string(object, "type", record->type);
	json_put_exact(object, "value", record->value);
	json_put_exact(object, "line", text_from(plan_line(arena, record)));
	json_put_string(object, "comment", record->comment);
	json_put_bool(object, "elsewhere", record->elsewhere);
	return object;
}

static void
print_json(struct arena *arena, const struct dns_settings *settings,
	   const struct plan *plan)
{
	struct json *all = json_new_object(arena);
	struct json *list = json_new_array(arena);
	const struct plan_record *record;
	struct buf to;

	for (record = plan->first; record != NULL; record = record->next)
		json_add(list, json_of(arena, record));
	json_put_text(all, "domain", settings->domain.name);
	json_put(all, "records", list);
	if (plan->sts_policy.len > 0)
		json_put_exact(all, "mta_sts_policy", plan->sts_policy);
	buf_init(&to, arena, OUTPUT_MOST);
	json_write(all, 2, &to);
	buf_char(&to, '\n');
	put(&to);
}

static void
write_policy(struct buf *to, const struct dns_settings *settings,
	     const struct plan *plan)
{
	struct scan in;

	if (plan->sts_policy.len == 0)
		return;
	buf_printf(to,
		   "\n; MTA-STS: the file https://mta-sts." TEXT_FMT
		   "/.well-known/mta-sts.txt holds\n",
		   TEXT_ARG(settings->domain.name));
	scan_init(&in, plan->sts_policy);
	while (!scan_at_end(&in)) {
		buf_string(to, ";   ");
		buf_text(to, text_trim(scan_until(&in, '\n')));
		buf_char(to, '\n');
	}
}

static void note(struct buf *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
note(struct buf *to, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	buf_printf(to, "; - %s\n", line);
}

/* What is missing from the plan because nobody told it. */
static void
write_notes(struct buf *to, const struct dns_settings *settings)
{
	const struct config_domain *options = &settings->options;

	if (settings->keys_trouble != NULL)
		note(to, "DKIM: a key is missing here: %s",
		     settings->keys_trouble);
	if (settings->known_trouble != NULL && !options->reports_only)
		note(to, "DKIM: keys of other hosts: %s",
		     settings->known_trouble);
	if (options->dmarc_rua.count == 0)
		note(to, "DMARC: nobody gets reports: [domain] dmarc_rua");
	if (options->tlsrpt_rua.count == 0)
		note(to, "TLS: nobody gets reports: [domain] tlsrpt_rua");
	if (options->reports_only)
		return;
	if (settings->key_count == 0 && settings->keys_trouble == NULL)
		note(to,
		     "DKIM: no key in %s/" TEXT_FMT ": signet keys new makes "
		     "one",
		     settings->keys.directory, TEXT_ARG(settings->domain.name));
	if (!settings->addresses_are_told)
		note(to, "A, AAAA, PTR: the addresses of this host are not "
			 "told: [common] public_addresses");
	if (settings->certificate_count == 0)
		note(to, "DANE: the certificate of the mail server is not "
			 "told: [domain] certificates");
	if (options->mta_sts == DOMAIN_STS_OFF)
		note(to, "MTA-STS: off: [domain] mta_sts");
}

static void
write_zone(struct buf *to, const struct dns_settings *settings,
	   const struct plan *plan)
{
	const struct plan_record *record;
	const char *comment = "";

	buf_printf(to, "; records of " TEXT_FMT "\n",
		   TEXT_ARG(settings->domain.name));
	for (record = plan->first; record != NULL; record = record->next) {
		if (strcmp(record->comment, comment) != 0)
			buf_printf(to, "\n; %s\n", record->comment);
		comment = record->comment;
		if (record->elsewhere)
			buf_string(to, "; ");
		plan_write_line(to, record);
		buf_char(to, '\n');
	}
}

int
dns_records(struct arena *arena, const struct dns_settings *settings,
	    enum dns_records_form form)
{
	struct buf to, notes;
	struct plan plan;

	plan_make(arena, settings, &plan);
	buf_init(&to, arena, OUTPUT_MOST);
	switch (form) {
	case DNS_RECORDS_JSON:
		print_json(arena, settings, &plan);
		return 0;
	case DNS_RECORDS_STS_POLICY:
		buf_text(&to, plan.sts_policy);
		put(&to);
		if (plan.sts_policy.len > 0)
			return 0;
		fputs("signet dns: mta_sts is off for this domain\n", stderr);
		return 2;
	case DNS_RECORDS_ZONE:
		break;
	}
	write_zone(&to, settings, &plan);
	write_policy(&to, settings, &plan);
	buf_init(&notes, arena, OUTPUT_MOST);
	write_notes(&notes, settings);
	if (notes.len > 0)
		buf_string(&to, "\n; not here:\n");
	buf_text(&to, buf_view(&notes));
	put(&to);
	return 0;
}
