#include "mailauth/dkim_record.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/limits.h"

static const char *
type_name(enum crypto_key_type type)
{
	switch (type) {
	case CRYPTO_RSA:
		return "rsa";
	case CRYPTO_ED25519:
		return "ed25519";
	}
	return "rsa";
}

static const char *
flags_of(const struct dkim_record *record)
{
	if (record->test)
		return record->strict_identity ? " t=y:s;" : " t=y;";
	return record->strict_identity ? " t=s;" : "";
}

struct text
dkim_record_write(struct arena *arena, const struct dkim_record *record)
{
	struct buf out;

	buf_init(&out, arena, LIMIT_TAG_LIST_BYTES);
	buf_printf(&out, "v=DKIM1; k=%s;%s%s%s p=", type_name(record->type),
		   record->sha256_only ? " h=sha256;" : "",
		   record->email_only ? " s=email;" : "", flags_of(record));
	buf_text(&out, base64_encode(arena, record->data));
	return buf_view(&out);
}
