#include "base/certificate.h"

#include <time.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"

static struct text
copy_bytes(struct arena *arena, const unsigned char *bytes, int length)
{
	return length > 0 ? text_copy(arena, text_of((const char *)bytes,
						     (size_t)length))
			  : text_of(NULL, 0);
}

static struct text
digest_of(struct arena *arena, struct text bytes, const EVP_MD *method)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_Digest(bytes.at, bytes.len, digest, &length, method, NULL) != 1)
		return text_of(NULL, 0);
	return copy_bytes(arena, digest, (int)length);
}

static bool
read_time(const ASN1_TIME *time, int64_t *unix_s)
{
	struct tm parts;

	if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1)
		return false;
	*unix_s = (int64_t)timegm(&parts);
	return true;
}

/* A subject that names its host the old way. */
static void
take_common_name(struct arena *arena, X509 *x509,
		 struct certificate *certificate)
{
	X509_NAME *subject = X509_get_subject_name(x509);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *value;
	struct text *name;

	if (at < 0)
		return;
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	name = arena_new_value(arena, struct text);
	*name = copy_bytes(arena, ASN1_STRING_get0_data(value),
			   ASN1_STRING_length(value));
	certificate->names = name;
	certificate->name_count = 1;
}

static void
take_names(struct arena *arena, GENERAL_NAMES *all,
	   struct certificate *certificate)
{
	int i, count = sk_GENERAL_NAME_num(all);
	const GENERAL_NAME *one;
	struct text *names;

	if (count > LIMIT_CERTIFICATE_NAMES)
		count = LIMIT_CERTIFICATE_NAMES;
	names = arena_new_array(arena, struct text, count + 1);
	for (i = 0; i < count; i++) {
		one = sk_GENERAL_NAME_value(all, i);
		if (one->type == GEN_DNS)
			names[certificate->name_count++] = copy_bytes(
			    arena, ASN1_STRING_get0_data(one->d.dNSName),
			    ASN1_STRING_length(one->d.dNSName));
	}
	certificate->names = names;
}

static bool
take_key(struct arena *arena, X509 *x509, struct certificate *certificate)
{
	unsigned char *der = NULL;
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);

	if (length <= 0)
		return false;
	certificate->key_der = copy_bytes(arena, der, length);
	OPENSSL_free(der);
	return true;
}

static bool
take_all(struct arena *arena, X509 *x509, struct certificate *certificate,
	 struct why *why)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);

	if (all != NULL)
		take_names(arena, all, certificate);
	else
		take_common_name(arena, x509, certificate);
	GENERAL_NAMES_free(all);
	certificate->is_self_issued =
	    X509_NAME_cmp(X509_get_subject_name(x509),
			  X509_get_issuer_name(x509)) == 0;
	if (!take_key(arena, x509, certificate))
		return why_set(why, "the certificate has no public key");
	certificate->sha256 = digest_of(arena, certificate->der, EVP_sha256());
	certificate->sha512 = digest_of(arena, certificate->der, EVP_sha512());
	certificate->key_sha256 =
	    digest_of(arena, certificate->key_der, EVP_sha256());
	certificate->key_sha512 =
	    digest_of(arena, certificate->key_der, EVP_sha512());
	return (read_time(X509_get0_notBefore(x509),
			  &certificate->not_before_s) &&
		read_time(X509_get0_notAfter(x509),
			  &certificate->not_after_s)) ||
	       why_set(why, "the certificate's dates cannot be read");
}

bool
certificate_parse(struct arena *arena, struct text der,
		  struct certificate *certificate, struct why *why)
{
	const unsigned char *at = (const unsigned char *)der.at;
	X509 *x509;
	bool ok;

	*certificate = (struct certificate){0};
	if (der.len == 0 || der.len > LIMIT_CERTIFICATE_BYTES)
		return why_set(why,
			       "the certificate is empty or above %u "
			       "bytes",
			       LIMIT_CERTIFICATE_BYTES);
	x509 = d2i_X509(NULL, &at, (long)der.len);
	ERR_clear_error();
	if (x509 == NULL)
		return why_set(why, "what should be a certificate is none");
	certificate->der = text_copy(arena, der);
	ok = at == (const unsigned char *)der.at + der.len
		 ? take_all(arena, x509, certificate, why)
		 : why_set(why, "bytes stand behind the certificate");
	X509_free(x509);
	ERR_clear_error();
	return ok;
}

/* One block of the PEM file, if it is a certificate.  False at the end. */
static bool
read_block(struct arena *arena, BIO *bio, struct certificate *list,
	   size_t *count, bool *ok, struct why *why)
{
	char *name = NULL, *header = NULL;
	unsigned char *bytes = NULL;
	long length = 0;

	if (PEM_read_bio(bio, &name, &header, &bytes, &length) != 1)
		return false;
	if (strcmp(name, "CERTIFICATE") == 0)
		*ok = certificate_parse(
		    arena, text_of((const char *)bytes, (size_t)length),
		    &list[(*count)++], why);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(bytes);
	return *ok && *count < LIMIT_CERTIFICATES;
}

bool
certificate_key_is_readable(struct text der)
{
	const unsigned char *at = (const unsigned char *)der.at;
	EVP_PKEY *key;

	if (der.len == 0 || der.len > LIMIT_CERTIFICATE_BYTES)
		return false;
	ERR_clear_error();
	key = d2i_PUBKEY(NULL, &at, (long)der.len);
	ERR_clear_error();
	EVP_PKEY_free(key);
	return key != NULL && at == (const unsigned char *)der.at + der.len;
}

bool
certificate_parse_pem(struct arena *arena, struct text pem,
		      const struct certificate **chain, size_t *count,
		      struct why *why)
{
	struct certificate *list =
	    arena_new_array(arena, struct certificate, LIMIT_CERTIFICATES);
	bool ok = true;
	BIO *bio;

	*count = 0;
	*chain = list;
	if (pem.len > LIMIT_CERTIFICATE_FILE_BYTES)
		return why_set(why, "the file is above %u bytes",
			       LIMIT_CERTIFICATE_FILE_BYTES);
	bio = BIO_new_mem_buf(pem.len > 0 ? pem.at : "", (int)pem.len);
	while (bio != NULL && read_block(arena, bio, list, count, &ok, why))
		;
	BIO_free(bio);
	ERR_clear_error();
	if (!ok)
		return false;
	return *count > 0 || why_set(why, "the file holds no certificate");
}

bool
certificate_covers(const struct certificate *certificate, struct domain host)
{
	struct domain parent = domain_parent(host);
	struct text name;
	size_t i;

	for (i = 0; i < certificate->name_count; i++) {
		name = certificate->names[i];
		if (text_equal_nocase(name, host.name))
			return true;
		if (text_starts(name, TEXT("*.")) && domain_labels(host) > 2 &&
		    text_equal_nocase(text_skip(name, 2), parent.name))
			return true;
	}
	return false;
}
