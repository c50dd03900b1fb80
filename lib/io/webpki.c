#include "io/webpki.h"

#include <time.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/why.h"
#include "base/xalloc.h"

struct webpki {
	X509_STORE *store;
};

struct webpki *
webpki_open(const char *ca_file, struct why *why)
{
	struct webpki *webpki = xcalloc(1, sizeof(*webpki));
	int good;

	webpki->store = X509_STORE_new();
	xalloc_check(webpki->store != NULL);
	good = ca_file == NULL ? X509_STORE_set_default_paths(webpki->store)
			       : X509_STORE_load_file(webpki->store, ca_file);
	ERR_clear_error();
	if (good == 1)
		return webpki;
	why_set(why, "%s holds no certificates that can be read",
		ca_file == NULL ? "the system" : ca_file);
	webpki_close(webpki);
	return NULL;
}

void
webpki_close(struct webpki *webpki)
{
	if (webpki == NULL)
		return;
	X509_STORE_free(webpki->store);
	free(webpki);
}

static X509 *
read_one(const struct certificate *certificate)
{
	const unsigned char *at = (const unsigned char *)certificate->der.at;

	return d2i_X509(NULL, &at, (long)certificate->der.len);
}

static STACK_OF(X509) * read_rest(const struct certificate *chain, size_t count)
{
	STACK_OF(X509) *rest = sk_X509_new_null();

	xalloc_check(rest != NULL);
	for (size_t i = 1; i < count; i++) {
		X509 *one = read_one(&chain[i]);

		if (one != NULL && sk_X509_push(rest, one) == 0)
			X509_free(one);
	}
	return rest;
}

static enum webpki_verdict
verdict_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return WEBPKI_TRUSTED;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return WEBPKI_EXPIRED;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return WEBPKI_SELF_SIGNED;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		return WEBPKI_UNKNOWN_ISSUER;
	default:
		return WEBPKI_INVALID;
	}
}

static int
verify(struct webpki *webpki, X509 *own, STACK_OF(X509) * rest, int64_t now_s)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int error = X509_V_ERR_UNSPECIFIED;

	xalloc_check(context != NULL);
	if (X509_STORE_CTX_init(context, webpki->store, own, rest) == 1) {
		X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
		X509_STORE_CTX_set_time(context, 0, (time_t)now_s);
		if (X509_verify_cert(context) == 1)
			error = X509_V_OK;
		else
			error = X509_STORE_CTX_get_error(context);
	}
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return error;
}

enum webpki_verdict
webpki_check(struct webpki *webpki, const struct certificate *chain,
	     size_t count, int64_t now_s, struct why *why)
{
	X509 *own = count == 0 ? NULL : read_one(&chain[0]);
	STACK_OF(X509) * rest;
	int error;

	if (own == NULL) {
		why_set(why, "no certificate that can be read");
		return WEBPKI_INVALID;
	}
	rest = read_rest(chain, count);
	error = verify(webpki, own, rest, now_s);
	sk_X509_pop_free(rest, X509_free);
	X509_free(own);
	if (error != X509_V_OK)
		why_set(why, "%s", X509_verify_cert_error_string(error));
	return verdict_of(error);
}
