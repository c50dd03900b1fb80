#include "mailauth/dmarc_record.h"

#include "base/buf.h"

static void
write_policy(struct buf *to, const char *tag, enum dmarc_policy policy)
{
	if (policy != DMARC_POLICY_UNSET)
		buf_printf(to, "; %s=%s", tag, dmarc_policy_name(policy));
}

static void
write_uris(struct buf *to, const char *tag, const struct dmarc_uri *uri)
{
	const char *between = "";

	if (uri == NULL)
		return;
	buf_printf(to, "; %s=", tag);
	for (; uri != NULL; uri = uri->next) {
		buf_string(to, between);
		buf_text(to, uri->uri);
		between = ",";
	}
}

void
dmarc_record_write(struct buf *to, const struct dmarc_record *record)
{
	buf_string(to, "v=DMARC1");
	write_policy(to, "p", record->p);
	write_policy(to, "sp", record->sp);
	write_policy(to, "np", record->np);
	if (record->psd != DMARC_PSD_UNKNOWN)
		buf_printf(to, "; psd=%c",
			   record->psd == DMARC_PSD_YES ? 'y' : 'n');
	if (record->strict_dkim)
		buf_string(to, "; adkim=s");
	if (record->strict_spf)
		buf_string(to, "; aspf=s");
	if (record->testing)
		buf_string(to, "; t=y");
	write_uris(to, "rua", record->rua);
	write_uris(to, "ruf", record->ruf);
	if (record->fo.len > 0 && !text_equal(record->fo, TEXT("0"))) {
		buf_string(to, "; fo=");
		buf_text(to, record->fo);
	}
}
