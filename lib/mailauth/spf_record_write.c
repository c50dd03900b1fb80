#include "mailauth/spf_record.h"

#include "base/buf.h"

static void
write_qualifier(struct buf *to, enum spf_result result)
{
	switch (result) {
	case SPF_FAIL:
		buf_char(to, '-');
		return;
	case SPF_SOFTFAIL:
		buf_char(to, '~');
		return;
	case SPF_NEUTRAL:
		buf_char(to, '?');
		return;
	case SPF_PASS:
	case SPF_NOT_EVALUATED:
	case SPF_NONE:
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
		return;
	}
}

static void
write_domain(struct buf *to, struct text domain)
{
	if (domain.len == 0)
		return;
	buf_char(to, ':');
	buf_text(to, domain);
}

static void
write_lengths(struct buf *to, const struct spf_directive *directive)
{
	if (directive->ip4_bits != 32)
		buf_printf(to, "/%u", directive->ip4_bits);
	if (directive->ip6_bits != 128)
		buf_printf(to, "//%u", directive->ip6_bits);
}

static void
write_net(struct buf *to, const struct ipnet *net)
{
	char address[IPADDR_STRING_BYTES];

	buf_printf(to, ":%s", ipaddr_write(&net->address, address));
	if (net->bits != (net->address.family == 4 ? 32 : 128))
		buf_printf(to, "/%u", net->bits);
}

static void
write_directive(struct buf *to, const struct spf_directive *directive)
{
	static const char *const names[] = {
	    NULL, "all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"};

	buf_char(to, ' ');
	write_qualifier(to, directive->result);
	buf_string(to, names[directive->mechanism]);
	switch (directive->mechanism) {
	case SPF_MECHANISM_A:
	case SPF_MECHANISM_MX:
		write_domain(to, directive->domain_spec);
		write_lengths(to, directive);
		return;
	case SPF_MECHANISM_IP4:
	case SPF_MECHANISM_IP6:
		write_net(to, &directive->net);
		return;
	case SPF_MECHANISM_ALL:
	case SPF_MECHANISM_INCLUDE:
	case SPF_MECHANISM_PTR:
	case SPF_MECHANISM_EXISTS:
		write_domain(to, directive->domain_spec);
		return;
	}
}

void
spf_record_write(struct buf *to, const struct spf_record *record)
{
	size_t i;

	buf_string(to, "v=spf1");
	for (i = 0; i < record->count; i++)
		write_directive(to, &record->directives[i]);
	if (record->redirect.len > 0) {
		buf_string(to, " redirect=");
		buf_text(to, record->redirect);
	}
	if (record->explanation.len > 0) {
		buf_string(to, " exp=");
		buf_text(to, record->explanation);
	}
}
