/* dns_store.h - findings of signet dns check, kept in PostgreSQL */
#ifndef ADMIN_DNS_STORE_H
#define ADMIN_DNS_STORE_H

#include <stdbool.h>

#include "admin/dns_findings.h"
#include "admin/dns_settings.h"

struct why;

/* The whole run in one call; and our addresses, if they are told. */
bool dns_store(const struct dns_settings *settings,
	       const struct dns_findings *findings, struct why *why);

#endif
