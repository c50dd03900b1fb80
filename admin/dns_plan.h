/* dns_plan.h - the records a domain should publish
 *
 * Made from the settings alone: the same settings, the same records in the
 * same order.  `signet dns records` prints them, `signet dns check` compares
 * with them and takes its remedies from them.
 */
#ifndef ADMIN_DNS_PLAN_H
#define ADMIN_DNS_PLAN_H

#include "admin/dns_settings.h"
#include "base/text.h"

struct arena;
struct buf;

#define PLAN_TTL_S 3600

enum plan_kind {
	PLAN_MX = 1,
	PLAN_ADDRESS,
	PLAN_PTR,
	PLAN_SPF,
	PLAN_HELO_SPF,
	PLAN_DKIM,
	PLAN_DMARC,
	PLAN_CONSENT,
	PLAN_TLSRPT,
	PLAN_HOST_TLSRPT,
	PLAN_STS,
	PLAN_TLSA
};

struct plan_record {
	enum plan_kind kind;
	struct text name;    /* no final dot */
	const char *type;    /* "TXT" */
	struct text value;   /* TXT: its text; else the data as a zone file
				has it */
	const char *comment; /* what it is for */
	bool elsewhere;	     /* in a zone that others look after */
	const struct plan_record *next;
};

struct plan {
	const struct plan_record *first;
	struct text sts_policy; /* the file; empty without MTA-STS */
};

void plan_make(struct arena *arena, const struct dns_settings *settings,
	       struct plan *plan);

/* The first one of a kind whose name is `name`, or any if that is empty. */
const struct plan_record *plan_find(const struct plan *plan,
				    enum plan_kind kind, struct text name);

/* "NAME.	3600	TYPE	DATA", no line end. */
void plan_write_line(struct buf *to, const struct plan_record *record);
/* The same for a record that is in no plan; lies in the arena. */
const char *plan_txt_line(struct arena *arena, struct text name,
			  struct text value);
const char *plan_line(struct arena *arena, const struct plan_record *record);

/* "mx", "spf" ... */
const char *plan_kind_name(enum plan_kind kind);

#endif
