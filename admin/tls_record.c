#include "admin/tls_record.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/dns.h"
#include "base/utf8.h"
#include "base/why.h"
#include "mailtls/tlsrpt_record.h"

#define SHOWN_MOST 200

static void
write_record(struct arena *arena, struct text txt, struct buf *to)
{
	struct tlsrpt_record record;
	const struct tlsrpt_uri *uri;
	struct why why;

	if (!tlsrpt_record_parse(arena, txt, &record, &why)) {
		buf_printf(to, "a broken record: " TEXT_FMT "\n",
			   TEXT_ARG(utf8_for_log(arena, text_from(why.text),
						 SHOWN_MOST)));
		return;
	}
	buf_string(to, "reports go to");
	for (uri = record.rua; uri != NULL; uri = uri->next)
		buf_printf(to, " " TEXT_FMT,
			   TEXT_ARG(utf8_for_log(arena, uri->uri, SHOWN_MOST)));
	buf_char(to, '\n');
}

static void
write_found(struct arena *arena, const struct dns_answer *answer,
	    struct buf *to)
{
	struct text only = text_of(NULL, 0);
	size_t i, count = 0;

	for (i = 0; i < answer->count; i++)
		if (tlsrpt_record_is(answer->records[i].text)) {
			only = answer->records[i].text;
			count++;
		}
	if (count == 1)
		write_record(arena, only, to);
	else if (count == 0)
		buf_string(to, "they want no reports\n");
	else
		buf_string(to, "several records, so that none counts\n");
}

void
tls_record_write(struct arena *arena, struct resolver *resolver,
		 struct domain domain, struct deadline deadline, struct buf *to)
{
	struct text name = text_from(
	    arena_printf(arena, "_smtp._tls." TEXT_FMT, TEXT_ARG(domain.name)));
	const struct dns_answer *answer;

	buf_string(to, "TLSRPT    ");
	switch (dns_wait(dns_ask(arena, resolver, name, DNS_TXT), deadline,
			 &answer)) {
	case DNS_FOUND:
		write_found(arena, answer, to);
		return;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		buf_string(to, "they want no reports\n");
		return;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		buf_printf(to, "could not be asked: " TEXT_FMT "\n",
			   TEXT_ARG(utf8_for_log(
			       arena, text_from(answer->reason), SHOWN_MOST)));
		return;
	}
}
