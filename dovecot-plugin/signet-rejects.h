#ifndef SIGNET_REJECTS_H
#define SIGNET_REJECTS_H

/* The mailbox of what the site rejected (signet_rejects_mailbox). A copy comes
   by LMTP to user+Rejects where lmtp_save_to_detail_mailbox is on; when its
   sender succeeds after all, the copy goes. Old ones go by Dovecot's
   autoexpunge. */

struct mail;
struct mail_deliver_context;
struct mail_storage;
struct signet_user;

bool signet_rejects_is_mailbox(struct signet_user *suser, const char *vname);

/* Delivers to the mailbox, read, once per Message-ID, without Sieve: nobody is
   to get an answer to, or a redirect of, a message that was rejected. Never
   falls back to INBOX. The return value is that of the delivery hook. */
int signet_rejects_deliver(struct signet_user *suser,
			   struct mail_deliver_context *ctx,
			   struct mail_storage **storage_r);

/* Removes what has the Message-ID and the From of the mail. */
void signet_rejects_remove(struct signet_user *suser, struct mail *mail);

#endif
