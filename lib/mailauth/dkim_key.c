#include "mailauth/dkim_key.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/scan.h"
#include "base/tag_list.h"
#include "base/why.h"

static const struct text absent = {NULL, 0};

/* True if the colon-separated list holds the word; an absent list holds
 * all words. */
static bool
list_allows(const struct tag_list *tags, const char *tag, const char *word)
{
	const struct tag *found = tag_list_find(tags, tag);
	struct scan in;

	if (found == NULL)
		return true;
	scan_init(&in, found->value);
	while (!scan_at_end(&in))
		if (text_equal_nocase(text_trim(scan_until(&in, ':')),
				      text_from(word)))
			return true;
	return false;
}

static bool
has_flag(const struct tag_list *tags, const char *word)
{
	return tag_list_find(tags, "t") != NULL && list_allows(tags, "t", word);
}

static bool
read_version(const struct tag_list *tags, struct why *why)
{
	const struct tag *version = tag_list_find(tags, "v");

	if (version == NULL)
		return true;
	if (version != tags->first)
		return why_set(why, "v= is not first in the key record");
	if (!text_equal(version->value, TEXT("DKIM1")))
		return why_set(why, "v= of the key record is not DKIM1");
	return true;
}

static bool
read_type(const struct tag_list *tags, struct dkim_key *key, struct why *why)
{
	struct text type = tag_list_get(tags, "k", TEXT("rsa"));

	if (text_equal_nocase(type, TEXT("rsa")))
		key->type = CRYPTO_RSA;
	else if (text_equal_nocase(type, TEXT("ed25519")))
		key->type = CRYPTO_ED25519;
	else
		return why_set(why, "unknown key type in k=");
	return true;
}

bool
dkim_key_parse(struct arena *arena, struct text record, struct dkim_key *key,
	       struct why *why)
{
	struct tag_list tags;

	*key = (struct dkim_key){0};
	if (!tag_list_parse(arena, record, &tags, why))
		return why_prefix(why, "key record");
	if (!read_version(&tags, why) || !read_type(&tags, key, why))
		return false;
	if (tag_list_find(&tags, "p") == NULL)
		return why_set(why, "no p= in the key record");
	if (!base64_decode(arena, tag_list_get(&tags, "p", absent), &key->data))
		return why_set(why, "p= of the key record is not base64");
	key->sha1 = list_allows(&tags, "h", "sha1");
	key->sha256 = list_allows(&tags, "h", "sha256");
	key->email =
	    list_allows(&tags, "s", "email") || list_allows(&tags, "s", "*");
	key->tls_reports = key->email || list_allows(&tags, "s", "tlsrpt");
	key->test = has_flag(&tags, "y");
	key->strict_identity = has_flag(&tags, "s");
	return true;
}

bool
dkim_key_allows(const struct dkim_key *key,
		const struct dkim_signature *signature, bool tls_report,
		struct why *why)
{
	if (key->data.len == 0)
		return why_set(why, "the key is revoked");
	if (key->type != signature->key_type)
		return why_set(why, "the key is of another type than a=");
	if (!(signature->hash == CRYPTO_SHA1 ? key->sha1 : key->sha256))
		return why_set(why, "h= of the key leaves out the hash");
	if (!key->email && !key->tls_reports)
		return why_set(why, "s= of the key leaves out mail");
	if (!key->email && !tls_report)
		return why_set(why, "s= of the key allows TLS reports alone");
	if (key->strict_identity &&
	    !domain_equal(signature->identity_domain, signature->domain))
		return why_set(why, "t=s of the key wants i= in d= itself");
	return true;
}

struct public_key *
dkim_key_public(struct arena *arena, const struct dkim_key *key,
		struct public_key_source *source, struct why *why)
{
	switch (key->type) {
	case CRYPTO_RSA:
		return source != NULL
			   ? source->rsa(source, arena, key->data, why)
			   : public_key_rsa(arena, key->data, why);
	case CRYPTO_ED25519:
		return public_key_ed25519(arena, key->data, why);
	}
	return NULL;
}
