#ifndef SIGNET_MAIL_H
#define SIGNET_MAIL_H

/* The message as it is to be stored: our header fields at its top, and none of
   these names that came with it. It is a mail of the raw storage over a stream
   that reads the original's: Sieve, quota and storage see one message, and
   nothing is copied.

   It lives within one call of the delivery hook. The original must stay as it
   is meanwhile, and nothing may keep the new one afterwards; lmtp keeps the
   mail that was saved for the next recipient, so the caller prevents that. */

struct mail;
struct mail_deliver_context;

struct signet_mail {
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
};

/* Headers are whole fields, unfolded; X-Signet-Junk and X-Signet-Rule of
   somebody else go in any case. Returns 1 and mail_r; 0 if the original can be stored as it is; -1
   and error_r if the original must be, for want of anything better. */
int signet_mail_open(struct mail_deliver_context *ctx,
		     const ARRAY_TYPE(const_string) *headers,
		     struct signet_mail *mail_r, const char **error_r);
void signet_mail_close(struct signet_mail *mail);

#endif
