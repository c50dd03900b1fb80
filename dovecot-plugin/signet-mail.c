#include "lib.h"
#include "compat.h"
#include "array.h"
#include "istream.h"
#include "istream-concat.h"
#include "istream-header-filter.h"
#include "str.h"
#include "smtp-address.h"
#include "mail-user.h"
#include "mail-storage-private.h"
#include "mail-deliver.h"
#include "raw-storage.h"
#include "signet-mail.h"

/* What answers write, and nobody else may have written. X-Signet-Verdict is
   signet-milter's, who sees to it that there is none but his. */
static const char *const signet_mail_own_headers[] = {
	"X-Signet-Junk",
	"X-Signet-Rule",
};

/* RFC 5322 section 2.1.1 */
#define SIGNET_HEADER_LINE_SIZE 78
#define SIGNET_HEADER_LINE_MAX_SIZE 998

/* Appends a field, folded at spaces. A line without any, longer than is
   allowed, is cut there: what it says is for people. */
static void signet_mail_fold(string_t *dest, const char *header, const char *eol)
{
	size_t len, cut;

	while ((len = strlen(header)) > SIGNET_HEADER_LINE_SIZE) {
		cut = SIGNET_HEADER_LINE_SIZE;
		while (cut > 0 && header[cut] != ' ')
			cut--;
		/* a line of blanks alone would end the header's folding */
		if (strspn(header, " ") >= cut) {
			cut = SIGNET_HEADER_LINE_SIZE;
			while (cut < len && header[cut] != ' ')
				cut++;
		}
		if (cut == len || header[cut + strspn(header + cut, " ")] == '\0')
			break;
		str_append_data(dest, header, I_MIN(cut,
			SIGNET_HEADER_LINE_MAX_SIZE));
		str_append(dest, eol);
		header += cut;
	}
	str_append_data(dest, header, I_MIN(strlen(header),
		SIGNET_HEADER_LINE_MAX_SIZE));
	str_append(dest, eol);
}

static const char *signet_mail_header_name(const char *header)
{
	return t_strcut(header, ':');
}

static int signet_mail_name_cmp(const char *const *a, const char *const *b)
{
	return strcasecmp(*a, *b);
}

/* The names that are to go, of those which are there. Sorted, as the filter
   wants them. */
static int
signet_mail_foreign(struct mail *mail, const ARRAY_TYPE(const_string) *headers,
		    ARRAY_TYPE(const_string) *names_r)
{
	ARRAY_TYPE(const_string) names;
	const char *const *header, *const *name, *value;
	int ret;

	t_array_init(&names, 4);
	t_array_init(names_r, 4);
	array_append(&names, signet_mail_own_headers,
		     N_ELEMENTS(signet_mail_own_headers));
	array_foreach(headers, header) {
		value = signet_mail_header_name(*header);
		array_push_back(&names, &value);
	}
	array_sort(&names, signet_mail_name_cmp);
	array_foreach(&names, name) {
		ret = mail_get_first_header(mail, *name, &value);
		if (ret < 0)
			return -1;
		if (ret > 0)
			array_push_back(names_r, name);
	}
	return 0;
}

/* CRLF or LF, as the message has it */
static const char *signet_mail_eol(struct istream *input)
{
	const unsigned char *data, *lf;
	size_t size;
	bool crlf = TRUE;

	i_stream_seek(input, 0);
	if (i_stream_read_more(input, &data, &size) > 0) {
		lf = memchr(data, '\n', size);
		crlf = lf == NULL || (lf > data && lf[-1] == '\r');
	}
	i_stream_seek(input, 0);
	return crlf ? "\r\n" : "\n";
}

static struct istream *
signet_mail_create_stream(struct istream *original,
			  const ARRAY_TYPE(const_string) *headers,
			  const ARRAY_TYPE(const_string) *foreign)
{
	struct istream *inputs[3] = { NULL, NULL, NULL }, *input;
	const char *const *header, *eol = signet_mail_eol(original);
	string_t *head = t_str_new(512);

	array_foreach(headers, header)
		signet_mail_fold(head, *header, eol);
	inputs[0] = i_stream_create_copy_from_data(str_data(head),
						   str_len(head));
	if (array_count(foreign) == 0) {
		inputs[1] = i_stream_create_limit(original, UOFF_T_MAX);
	} else {
		inputs[1] = i_stream_create_header_filter(original,
			HEADER_FILTER_EXCLUDE | HEADER_FILTER_CRLF_PRESERVE,
			array_front(foreign), array_count(foreign),
			*null_header_filter_callback, NULL);
	}
	input = i_stream_create_concat(inputs);
	i_stream_set_name(input, "<signet delivery>");
	i_stream_unref(&inputs[0]);
	i_stream_unref(&inputs[1]);
	return input;
}

static int
signet_mail_open_raw(struct mail_deliver_context *ctx, struct istream *input,
		     struct signet_mail *mail_r, const char **error_r)
{
	struct mail *original = ctx->src_mail;
	const char *sender = ctx->mail_from == NULL ? "" :
		smtp_address_encode(ctx->mail_from);
	time_t received;

	if (mail_get_received_date(original, &received) < 0)
		received = (time_t)-1;
	if (raw_mailbox_alloc_stream(original->box->storage->user, input,
				     received, sender, &mail_r->box) < 0) {
		*error_r = t_strdup(mailbox_get_last_internal_error(
			mail_r->box, NULL));
		mailbox_free(&mail_r->box);
		return -1;
	}
	mail_r->trans = mailbox_transaction_begin(mail_r->box, 0, __func__);
	mail_r->mail = mail_alloc(mail_r->trans, 0, NULL);
	mail_set_seq(mail_r->mail, 1);
	return 1;
}

int signet_mail_open(struct mail_deliver_context *ctx,
		     const ARRAY_TYPE(const_string) *headers,
		     struct signet_mail *mail_r, const char **error_r)
{
	struct mail *original = ctx->src_mail;
	ARRAY_TYPE(const_string) foreign;
	struct istream *input;
	int ret;

	i_zero(mail_r);
	if (signet_mail_foreign(original, headers, &foreign) < 0 ||
	    mail_get_stream(original, NULL, NULL, &input) < 0) {
		*error_r = t_strdup(mailbox_get_last_internal_error(
			original->box, NULL));
		return -1;
	}
	if (array_count(headers) == 0 && array_count(&foreign) == 0)
		return 0;
	if (strcmp(original->box->storage->name, RAW_STORAGE_NAME) != 0) {
		*error_r = "the message to deliver is no raw mail";
		return -1;
	}
	input = signet_mail_create_stream(input, headers, &foreign);
	ret = signet_mail_open_raw(ctx, input, mail_r, error_r);
	i_stream_unref(&input);
	return ret;
}

void signet_mail_close(struct signet_mail *mail)
{
	mail_free(&mail->mail);
	mailbox_transaction_rollback(&mail->trans);
	mailbox_free(&mail->box);
}
