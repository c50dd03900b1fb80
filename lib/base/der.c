#include "base/der.h"

#include "base/scan.h"
#include "base/why.h"

#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_NULL 0x05
#define DER_OBJECT_ID 0x06
#define DER_SEQUENCE 0x30

/* 1.2.840.113549.1.1.1 */
static const struct text rsa_encryption =
    TEXT_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");

static bool
take_length(struct scan *in, size_t *length)
{
	unsigned char first, bytes;

	if (scan_at_end(in))
		return false;
	first = (unsigned char)*in->at++;
	*length = first;
	if (first < 0x80)
		return true;
	/* a key of any use fits in 64 KiB */
	bytes = first & 0x7f;
	if (bytes == 0 || bytes > 2 || in->end - in->at < bytes)
		return false;
	for (*length = 0; bytes > 0; bytes--)
		*length = *length << 8 | (unsigned char)*in->at++;
	return *length >= (first == 0x81 ? 0x80u : 0x100u);
}

static bool
take_value(struct scan *in, unsigned char wanted, struct text *value)
{
	const char *start = in->at;
	size_t length;

	if (scan_at_end(in) || (unsigned char)*in->at != wanted)
		return false;
	in->at++;
	if (!take_length(in, &length) || (size_t)(in->end - in->at) < length) {
		in->at = start;
		return false;
	}
	*value = text_of(in->at, length);
	in->at += length;
	return true;
}

static bool
take_positive(struct scan *in, struct text *number)
{
	struct text value;

	if (!take_value(in, DER_INTEGER, &value) || value.len == 0 ||
	    (value.at[0] & 0x80) != 0)
		return false;
	if (value.at[0] == 0) {
		value = text_skip(value, 1);
		if (value.len == 0 || (value.at[0] & 0x80) == 0)
			return false;
	}
	*number = value;
	return true;
}

static bool
read_rsa_public_key(struct text der, struct der_rsa_key *key, struct why *why)
{
	struct text sequence;
	struct scan in;

	scan_init(&in, der);
	if (!take_value(&in, DER_SEQUENCE, &sequence) || !scan_at_end(&in))
		return why_set(why, "not an RSA public key in DER");
	scan_init(&in, sequence);
	if (!take_positive(&in, &key->modulus) ||
	    !take_positive(&in, &key->exponent) || !scan_at_end(&in))
		return why_set(why, "bad numbers in the RSA public key");
	return true;
}

static bool
read_algorithm(struct text algorithm, struct why *why)
{
	struct text id, nothing;
	struct scan in;

	scan_init(&in, algorithm);
	if (!take_value(&in, DER_OBJECT_ID, &id) ||
	    !text_equal(id, rsa_encryption))
		return why_set(why, "the key is not an RSA key");
	/* RFC 3279: parameters are NULL; some leave them out */
	if (!scan_at_end(&in) && (!take_value(&in, DER_NULL, &nothing) ||
				  nothing.len > 0 || !scan_at_end(&in)))
		return why_set(why, "RSA algorithm with parameters");
	return true;
}

bool
der_read_rsa_key(struct text der, struct der_rsa_key *key, struct why *why)
{
	struct text sequence, algorithm, bits;
	struct scan in;

	scan_init(&in, der);
	if (!take_value(&in, DER_SEQUENCE, &sequence) || !scan_at_end(&in))
		return why_set(why, "not a public key in DER");
	scan_init(&in, sequence);
	if (!take_value(&in, DER_SEQUENCE, &algorithm))
		return read_rsa_public_key(der, key, why);
	if (!read_algorithm(algorithm, why))
		return false;
	if (!take_value(&in, DER_BIT_STRING, &bits) || !scan_at_end(&in) ||
	    bits.len == 0 || bits.at[0] != 0)
		return why_set(why, "bad bit string in the public key");
	return read_rsa_public_key(text_skip(bits, 1), key, why);
}
