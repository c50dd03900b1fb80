#include "base/netstring.h"

#include "base/ascii.h"

enum netstring_step
netstring_parse(struct text input, size_t most, struct text *payload,
		size_t *used)
{
	size_t length = 0, at = 0;

	while (at < input.len && ascii_is_digit(input.at[at])) {
		if (at > 0 && length == 0)
			return NETSTRING_BROKEN;
		length = length * 10 + (size_t)(input.at[at] - '0');
		if (length > most)
			return NETSTRING_TOO_LONG;
		at++;
	}
	if (at == input.len)
		return NETSTRING_MORE;
	if (at == 0 || input.at[at] != ':')
		return NETSTRING_BROKEN;
	at++;
	if (input.len - at <= length)
		return NETSTRING_MORE;
	if (input.at[at + length] != ',')
		return NETSTRING_BROKEN;
	*payload = text_of(input.at + at, length);
	*used = at + length + 1;
	return NETSTRING_WHOLE;
}

size_t
netstring_head(char head[NETSTRING_FRAME_BYTES], size_t payload_bytes)
{
	char digits[NETSTRING_FRAME_BYTES];
	size_t count = 0, i;

	do {
		digits[count++] = (char)('0' + payload_bytes % 10);
		payload_bytes /= 10;
	} while (payload_bytes > 0);
	for (i = 0; i < count; i++)
		head[i] = digits[count - 1 - i];
	head[count] = ':';
	return count + 1;
}
