#include "io/dns_wire.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"

/* Takes `count` bytes off the front. */
static bool
take(struct text *data, size_t count, struct text *taken)
{
	if (data->len < count)
		return false;
	*taken = text_first(*data, count);
	*data = text_skip(*data, count);
	return true;
}

static bool
take_length(struct text *data, size_t *length)
{
	struct text byte;

	if (!take(data, 1, &byte))
		return false;
	*length = (unsigned char)byte.at[0];
	return true;
}

static bool
is_clear(struct text label)
{
	return !text_has(label, '.') && !text_has(label, '\0');
}

/* The name must be all that is left. */
static bool
read_name(struct arena *arena, struct text data, struct text *name)
{
	char *at = arena_bytes(arena, data.len);
	struct text label;
	size_t length, used = 0;

	for (;;) {
		if (!take_length(&data, &length))
			return false;
		if (length == 0)
			break;
		if (length > LIMIT_LABEL_BYTES ||
		    !take(&data, length, &label) || !is_clear(label))
			return false;
		if (used > 0)
			at[used++] = '.';
		memcpy(at + used, label.at, length);
		used += length;
		if (used > LIMIT_DOMAIN_BYTES)
			return false;
	}
	*name = text_of(at, used);
	return data.len == 0;
}

/* RFC 7208 section 3.3, RFC 6376 section 3.6.2.2: strings are joined with
 * nothing between them. */
static bool
read_strings(struct arena *arena, struct text data, struct text *joined)
{
	char *at = arena_bytes(arena, data.len);
	struct text string;
	size_t length, used = 0;

	while (take_length(&data, &length)) {
		if (!take(&data, length, &string))
			return false;
		if (length > 0)
			memcpy(at + used, string.at, length);
		used += length;
	}
	*joined = text_of(at, used);
	return true;
}

static bool
read_address(struct text data, uint8_t family, size_t length,
	     struct ipaddr *address)
{
	if (data.len != length)
		return false;
	address->family = family;
	memcpy(address->bytes, data.at, length);
	return true;
}

static bool
read_mx(struct arena *arena, struct text data, struct dns_record *record)
{
	struct text preference;

	if (!take(&data, 2, &preference))
		return false;
	record->preference = (uint16_t)((unsigned char)preference.at[0] << 8 |
					(unsigned char)preference.at[1]);
	return read_name(arena, data, &record->name);
}

bool
dns_wire_record(struct arena *arena, enum dns_type type, struct text data,
		struct dns_record *record)
{
	memset(record, 0, sizeof(*record));
	switch (type) {
	case DNS_A:
		return read_address(data, 4, 4, &record->address);
	case DNS_AAAA:
		return read_address(data, 6, 16, &record->address);
	case DNS_MX:
		return read_mx(arena, data, record);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return read_name(arena, data, &record->name);
	case DNS_TXT:
		return read_strings(arena, data, &record->text);
	case DNS_SOA:
	case DNS_TLSA:
		record->text = text_copy(arena, data);
		return true;
	}
	return false;
}

void
dns_wire_escape(struct text name, char to[DNS_WIRE_NAME_BYTES])
{
	size_t used = 0, i;
	unsigned char c;

	for (i = 0; i < name.len && i < LIMIT_DOMAIN_BYTES; i++) {
		c = (unsigned char)name.at[i];
		if (ascii_is_alnum((char)c) || c == '-' || c == '_' ||
		    c == '.') {
			to[used++] = (char)c;
			continue;
		}
		to[used++] = '\\';
		to[used++] = (char)('0' + c / 100);
		to[used++] = (char)('0' + c / 10 % 10);
		to[used++] = (char)('0' + c % 10);
	}
	/* absolute */
	to[used++] = '.';
	to[used] = '\0';
}

const char *
dns_wire_rcode_name(int rcode)
{
	switch (rcode) {
	case 1:
		return "FORMERR";
	case 2:
		return "SERVFAIL";
	case 4:
		return "NOTIMP";
	case 5:
		return "REFUSED";
	}
	return "an error of the server";
}
