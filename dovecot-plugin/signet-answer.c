#include "lib.h"
#include "compat.h"
#include "array.h"
#include "buffer.h"
#include "hex-dec.h"
#include "str.h"
#include "unichar.h"
#include "signet-answer.h"

#include <ctype.h>

#define SIGNET_ANSWER_FIRST_LINE "signet-answer 1"
#define SIGNET_HEADER_PREFIX "X-Signet-"

/* bounds of what one message can be given */
#define SIGNET_ANSWER_MAX_KEYWORDS 8
#define SIGNET_ANSWER_MAX_HEADERS 8
#define SIGNET_ANSWER_MAX_HEADER_SIZE 8192
#define SIGNET_ANSWER_MAX_MAILBOX_SIZE 1024
#define SIGNET_ANSWER_MAX_WORD_SIZE 128

static int signet_answer_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* NULL if the value is not UTF-8 text without control characters, of at most
   max_size bytes. */
static const char *
signet_answer_decode(pool_t pool, const char *value, size_t max_size)
{
	string_t *str = t_str_new(128);
	const unsigned char *p;

	for (p = (const unsigned char *)value; *p != '\0'; p++) {
		unsigned char c = *p;

		if (c == '%') {
			int high = signet_answer_hex(p[1]);
			int low = high < 0 ? -1 : signet_answer_hex(p[2]);

			if (low < 0)
				return NULL;
			c = high * 16 + low;
			p += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return NULL;
		str_append_c(str, c);
	}
	if (str_len(str) == 0 || str_len(str) > max_size ||
	    !uni_utf8_data_is_valid(str_data(str), str_len(str)))
		return NULL;
	return p_strdup(pool, str_c(str));
}

static bool signet_answer_is_word(const char *value)
{
	const char *p;

	if (value == NULL)
		return FALSE;
	for (p = value; *p != '\0'; p++) {
		if (*p <= ' ')
			return FALSE;
	}
	return TRUE;
}

/* "X-Signet-Name: value" */
static bool signet_answer_is_header(const char *value)
{
	const char *p;

	if (value == NULL ||
	    strncasecmp(value, SIGNET_HEADER_PREFIX,
			strlen(SIGNET_HEADER_PREFIX)) != 0)
		return FALSE;
	p = value + strlen(SIGNET_HEADER_PREFIX);
	if (!i_isalnum(*p))
		return FALSE;
	while (i_isalnum(*p) || *p == '-')
		p++;
	return *p == ':';
}

static int
signet_answer_field(pool_t pool, const char *name, const char *value,
		    struct signet_answer *answer)
{
	const char *str;

	if (strcmp(name, "mailbox") == 0) {
		answer->mailbox = signet_answer_decode(pool, value,
			SIGNET_ANSWER_MAX_MAILBOX_SIZE);
		return answer->mailbox == NULL ? -1 : 0;
	}
	if (strcmp(name, "verdict") == 0) {
		answer->verdict = signet_answer_decode(pool, value,
			SIGNET_ANSWER_MAX_WORD_SIZE);
		return signet_answer_is_word(answer->verdict) ? 0 : -1;
	}
	if (strcmp(name, "keyword") == 0) {
		str = signet_answer_decode(pool, value,
					   SIGNET_ANSWER_MAX_WORD_SIZE);
		if (!signet_answer_is_word(str) ||
		    array_count(&answer->keywords) >= SIGNET_ANSWER_MAX_KEYWORDS)
			return -1;
		array_push_back(&answer->keywords, &str);
		return 0;
	}
	if (strcmp(name, "header") == 0) {
		str = signet_answer_decode(pool, value,
					   SIGNET_ANSWER_MAX_HEADER_SIZE);
		if (!signet_answer_is_header(str) ||
		    array_count(&answer->headers) >= SIGNET_ANSWER_MAX_HEADERS)
			return -1;
		array_push_back(&answer->headers, &str);
		return 0;
	}
	if (strcmp(name, "remove_rejects") == 0)
		answer->remove_rejects = strcmp(value, "1") == 0;
	return 0;
}

static int
signet_answer_line(pool_t pool, const char *line, struct signet_answer *answer,
		   const char **error_r)
{
	const char *value = strchr(line, '=');
	const char *name;

	if (value == NULL) {
		*error_r = "its answer has a line without '='";
		return -1;
	}
	name = t_strdup_until(line, value);
	if (signet_answer_field(pool, name, value + 1, answer) < 0) {
		/* the names that can fail are ours */
		*error_r = t_strdup_printf(
			"its answer has a %s that cannot be", name);
		return -1;
	}
	return 0;
}

void signet_answer_init(struct signet_answer *answer, pool_t pool)
{
	i_zero(answer);
	answer->verdict = "none";
	p_array_init(&answer->keywords, pool, 2);
	p_array_init(&answer->headers, pool, 2);
}

int signet_answer_parse(pool_t pool, const buffer_t *data,
			struct signet_answer *answer_r, const char **error_r)
{
	const char *const *lines;

	signet_answer_init(answer_r, pool);
	if (memchr(data->data, '\0', data->used) != NULL) {
		*error_r = "its answer is not text";
		return -1;
	}
	lines = t_strsplit(t_strndup(data->data, data->used), "\n");
	if (*lines == NULL || strcmp(*lines, SIGNET_ANSWER_FIRST_LINE) != 0) {
		*error_r = "its answer does not begin with \""
			SIGNET_ANSWER_FIRST_LINE"\"";
		return -1;
	}
	for (lines++; *lines != NULL && **lines != '\0'; lines++) {
		if (signet_answer_line(pool, *lines, answer_r, error_r) < 0)
			return -1;
	}
	return 0;
}
