#include "bench_canon.h"

#include <ctype.h>
#include <string.h>

/* Removes empty lines at the end; keeps one CRLF if there is text. */
static size_t
trim_lines(char *out, size_t n)
{
	while (n >= 4 && memcmp(out + n - 4, "\r\n\r\n", 4) == 0)
		n -= 2;
	if (n == 2 && memcmp(out, "\r\n", 2) == 0)
		n = 0;
	return n;
}

static size_t
relax_body(const char *in, size_t len, char *out)
{
	bool blank = false;
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		char c = in[i];

		if (c == ' ' || c == '\t') {
			blank = true;
			continue;
		}
		if (blank && c != '\r')
			out[n++] = ' ';
		blank = false;
		out[n++] = c;
	}
	return n;
}

size_t
canon_body(bool relaxed, const char *in, size_t len, char *out)
{
	size_t n = len;

	if (relaxed)
		n = relax_body(in, len, out);
	else if (len > 0)
		memcpy(out, in, len);
	if (n >= 2 && memcmp(out + n - 2, "\r\n", 2) != 0) {
		memcpy(out + n, "\r\n", 2);
		n += 2;
	}
	n = trim_lines(out, n);
	if (n == 0 && !relaxed) {
		memcpy(out, "\r\n", 2);
		n = 2;
	}
	return n;
}

size_t
canon_header(bool relaxed, const char *in, size_t len, char *out)
{
	bool name = true, blank = false, crlf;
	size_t i, n = 0;

	if (!relaxed) {
		memcpy(out, in, len);
		return len;
	}
	crlf = len >= 2 && in[len - 2] == '\r' && in[len - 1] == '\n';
	for (i = 0; i < len; i++) {
		char c = in[i];

		if (c == ' ' || c == '\t') {
			blank = true;
		} else if (c != '\r' && c != '\n') {
			if (blank && !name)
				out[n++] = ' ';
			blank = false;
			out[n++] = name ? (char)tolower((unsigned char)c) : c;
			if (name && c == ':') {
				name = false;
				while (i + 1 < len &&
				       (in[i + 1] == ' ' || in[i + 1] == '\t' ||
					in[i + 1] == '\r' || in[i + 1] == '\n'))
					i++;
			}
		}
	}
	if (crlf) {
		memcpy(out + n, "\r\n", 2);
		n += 2;
	}
	return n;
}
