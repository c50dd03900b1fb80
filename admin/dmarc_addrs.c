#include "admin/dmarc_addrs.h"

#include <getopt.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"
#include "dmarc-reporter/destinations.h"
#include "io/clock.h"
#include "io/config_common.h"
#include "io/resolver_unbound.h"
#include "mailauth/dmarc_discover.h"

#define STATUS_GOOD 0
#define STATUS_BAD 1
#define STATUS_USAGE 2
#define STATUS_TEMPERROR 75

struct check {
	struct arena *arena;
	struct resolver *resolver;
	struct deadline deadline;
	struct json *json; /* NULL: for people */
	int status;
};

static void
worsen(struct check *check, int status)
{
	if (status > check->status)
		check->status = status;
}

static void
print_line(struct check *check, const char *name, struct text value)
{
	printf("%-10s " TEXT_FMT "\n", name,
	       TEXT_ARG(utf8_for_log(check->arena, value, 2000)));
}

static const char *
verdict_of(const struct destination *one)
{
	switch (one->state) {
	case DESTINATION_WAITING:
		return "good";
	case DESTINATION_UNDECIDED:
		return "temperror";
	case DESTINATION_SKIPPED:
		return one->consent != NULL && one->reason != NULL &&
			       strcmp(one->consent, "given") == 0
			   ? "replaced"
			   : "bad";
	}
	return "bad";
}

static void
show_people(struct check *check, const char *tag, const struct destination *one)
{
	struct buf line;

	buf_init(&line, check->arena, LIMIT_FIELD_BYTES);
	buf_text(&line, one->uri);
	buf_printf(&line, ": %s", verdict_of(one));
	if (one->instead_of.len > 0)
		buf_printf(&line, ", in place of " TEXT_FMT,
			   TEXT_ARG(one->instead_of));
	if (one->consent != NULL)
		buf_printf(&line, ", consent %s", one->consent);
	if (one->consent_name.len > 0)
		buf_printf(&line, " at " TEXT_FMT " (dnssec %s)",
			   TEXT_ARG(one->consent_name),
			   dns_security_name(one->security));
	if (one->reason != NULL)
		buf_printf(&line, ": %s", one->reason);
	print_line(check, tag, buf_view(&line));
}

static void
show_json(struct check *check, struct json *list, const struct destination *one)
{
	struct json *entry = json_new_object(check->arena);

	json_put_text(entry, "uri", one->uri);
	json_put_string(entry, "verdict", verdict_of(one));
	json_put_text(entry, "address", one->address);
	if (one->instead_of.len > 0)
		json_put_text(entry, "instead_of", one->instead_of);
	json_put_string(entry, "consent", one->consent);
	if (one->consent_name.len > 0) {
		json_put_text(entry, "name", one->consent_name);
		json_put_string(entry, "dnssec",
				dns_security_name(one->security));
	}
	json_put_string(entry, "reason", one->reason);
	json_add(list, entry);
}

/* What a tag's addresses come to. */
static void
check_tag(struct check *check, struct domain policy_domain,
	  enum report_consent_tag tag)
{
	const char *name = tag == REPORT_CONSENT_RUA ? "rua" : "ruf";
	struct json *list =
	    check->json != NULL ? json_new_array(check->arena) : NULL;
	const struct destination *one;
	struct destinations found;

	destinations_find(check->arena, check->resolver, policy_domain, tag,
			  check->deadline, &found);
	if (found.found == DESTINATIONS_TEMPERROR)
		worsen(check, STATUS_TEMPERROR);
	if (found.found == DESTINATIONS_NOBODY && tag == REPORT_CONSENT_RUA)
		worsen(check, STATUS_BAD);
	if (found.first == NULL && list == NULL)
		print_line(check, name, TEXT("none"));
	for (one = found.first; one != NULL; one = one->next) {
		if (strcmp(verdict_of(one), "bad") == 0)
			worsen(check, STATUS_BAD);
		if (one->state == DESTINATION_UNDECIDED)
			worsen(check, STATUS_TEMPERROR);
		if (list != NULL)
			show_json(check, list, one);
		else
			show_people(check, name, one);
	}
	if (list != NULL)
		json_put(check->json, name, list);
}

static void
tell(struct check *check, const char *name, struct text value)
{
	if (check->json != NULL)
		json_put_text(check->json, name, value);
	else
		print_line(check, name, value);
}

static void
check_domain(struct check *check, struct domain domain)
{
	struct dmarc_policy_found policy;

	dmarc_discover_policy(dmarc_discovery_new(check->arena, check->resolver,
						  DMARC_TREEWALK, NULL),
			      domain, check->deadline, &policy);
	tell(check, "domain", domain.name);
	switch (policy.found) {
	case DMARC_LOOKUP_FOUND:
		tell(check, "policy_at", policy.policy_domain.name);
		tell(check, "record", policy.record.text);
		tell(check, "dnssec",
		     text_from(dns_security_name(policy.security)));
		check_tag(check, policy.policy_domain, REPORT_CONSENT_RUA);
		check_tag(check, policy.policy_domain, REPORT_CONSENT_RUF);
		return;
	case DMARC_LOOKUP_NONE:
		worsen(check, STATUS_BAD);
		break;
	case DMARC_LOOKUP_TEMPERROR:
		worsen(check, STATUS_TEMPERROR);
		break;
	}
	tell(check, "record",
	     policy.reason != NULL ? text_from(policy.reason) : TEXT("none"));
}

static int
run(struct arena *arena, struct resolver_unbound *unbound, uint64_t timeout_s,
    struct domain domain, bool as_json)
{
	struct check check = {.arena = arena,
			      .resolver = resolver_unbound_resolver(unbound),
			      .deadline =
				  clock_deadline_in((int64_t)timeout_s * 1000),
			      .json = as_json ? json_new_object(arena) : NULL};
	struct buf out;

	check_domain(&check, domain);
	if (!as_json)
		return check.status;
	buf_init(&out, arena, LIMIT_EVENT_BYTES);
	json_write(check.json, 2, &out);
	puts(buf_cstring(&out));
	return check.status;
}

static struct resolver_unbound *
open_resolver(struct arena *arena, const char *path, uint64_t *timeout_s,
	      struct why *why)
{
	struct config_source *source = config_read(arena, path, why);
	struct resolver_options options = {0};
	struct config_common common = {0};

	if (source == NULL || !config_common_fill(arena, source, &common, why))
		return NULL;
	*timeout_s = common.dns_timeout_s;
	options.forward = common.forward.values;
	options.forward_count = common.forward.count;
	options.root_key = common.root_key != NULL
			       ? common.root_key
			       : resolver_default_root_key();
	if (common.root_key != NULL && strcmp(common.root_key, "none") == 0)
		options.root_key = NULL;
	return resolver_unbound_open(&options, why);
}

static int
start(struct arena *arena, const char *config, const char *name, bool as_json)
{
	struct resolver_unbound *unbound;
	struct domain domain;
	uint64_t timeout_s;
	struct why why;
	int status;

	if (!domain_parse(arena, text_from(name), &domain, &why)) {
		fprintf(stderr, "signet: %s\n", why.text);
		return STATUS_USAGE;
	}
	unbound = open_resolver(arena, config, &timeout_s, &why);
	if (unbound == NULL) {
		fprintf(stderr, "signet: %s\n", why.text);
		return STATUS_USAGE;
	}
	status = run(arena, unbound, timeout_s, domain, as_json);
	resolver_unbound_close(unbound);
	return status;
}

int
dmarc_addrs_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0}};
	const char *config = SIGNET_SYSCONFDIR "/signet.conf";
	struct arena *arena;
	bool as_json = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (option == 'c')
			config = optarg;
		else if (option == 'j')
			as_json = true;
		else
			return STATUS_USAGE;
	}
	if (optind + 1 != argc) {
		fputs("usage: signet dmarc checkreportaddrs [-c FILE] "
		      "[--json] DOMAIN\n",
		      stderr);
		return STATUS_USAGE;
	}
	arena = arena_new();
	status = start(arena, config, argv[optind], as_json);
	arena_free(arena);
	return status;
}
