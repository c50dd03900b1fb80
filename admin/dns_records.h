/* dns_records.h - signet dns records: what to publish, as a zone file */
#ifndef ADMIN_DNS_RECORDS_H
#define ADMIN_DNS_RECORDS_H

#include <stdbool.h>

#include "admin/dns_settings.h"

struct arena;

enum dns_records_form {
	DNS_RECORDS_ZONE,
	DNS_RECORDS_JSON,
	DNS_RECORDS_STS_POLICY /* the policy file alone */
};

/* Prints; returns the exit status. */
int dns_records(struct arena *arena, const struct dns_settings *settings,
		enum dns_records_form form);

#endif
