#include "mailtls/tlsa.h"

#include "base/buf.h"
#include "base/why.h"

bool
tlsa_parse(struct text raw, struct tlsa *tlsa, struct why *why)
{
	if (raw.len < 4)
		return why_set(why, "the record is cut short");
	tlsa->usage = (uint8_t)raw.at[0];
	tlsa->selector = (uint8_t)raw.at[1];
	tlsa->matching = (uint8_t)raw.at[2];
	tlsa->data = text_skip(raw, 3);
	return true;
}

bool
tlsa_is_usable(const struct tlsa *tlsa, struct why *why)
{
	static const size_t digest_bytes[] = {0, 32, 64};

	if (tlsa->usage != 2 && tlsa->usage != 3)
		return why_set(why, "usage %u is not for mail: 3 or 2",
			       tlsa->usage);
	if (tlsa->selector > 1)
		return why_set(why, "nobody knows selector %u", tlsa->selector);
	if (tlsa->matching > 2)
		return why_set(why, "nobody knows matching type %u",
			       tlsa->matching);
	if (tlsa->data.len == 0 ||
	    (tlsa->matching > 0 &&
	     tlsa->data.len != digest_bytes[tlsa->matching]))
		return why_set(why, "the digest has a wrong length");
	return true;
}

void
tlsa_write(struct buf *to, const struct tlsa *tlsa)
{
	size_t i;

	buf_printf(to, "%u %u %u ", tlsa->usage, tlsa->selector,
		   tlsa->matching);
	for (i = 0; i < tlsa->data.len; i++)
		buf_printf(to, "%02x", (unsigned char)tlsa->data.at[i]);
}

struct tlsa
tlsa_of(const struct certificate *certificate)
{
	return (struct tlsa){.usage = 3,
			     .selector = 1,
			     .matching = 1,
			     .data = certificate->key_sha256};
}

bool
tlsa_names(const struct tlsa *tlsa, const struct certificate *certificate)
{
	const struct text is[2][3] = {
	    {certificate->der, certificate->sha256, certificate->sha512},
	    {certificate->key_der, certificate->key_sha256,
	     certificate->key_sha512}};

	return tlsa->selector <= 1 && tlsa->matching <= 2 &&
	       text_equal(tlsa->data, is[tlsa->selector][tlsa->matching]);
}

bool
tlsa_match(const struct tlsa *tlsa, const struct certificate *chain,
	   size_t count)
{
	size_t i, most = tlsa->usage == 3 && count > 1 ? 1 : count;

	if (!tlsa_is_usable(tlsa, NULL))
		return false;
	for (i = 0; i < most; i++)
		if (tlsa_names(tlsa, &chain[i]))
			return true;
	return false;
}
