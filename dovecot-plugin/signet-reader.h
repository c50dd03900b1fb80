#ifndef SIGNET_READER_H
#define SIGNET_READER_H

/* Messages after the commit that changed them, each through a transaction of
   the reader's own, which is rolled back: so neither a cache nor an error of
   somebody else's is touched.

   A mailbox that IMAP has open knows where its messages are. One that is opened
   anew may have to read the whole directory of a maildir for that, so it is
   the last resort. */

struct mail;
struct mailbox;
struct mail_storage;
struct signet_user;

struct signet_reader {
	struct signet_user *suser;
	/* whose transaction was committed */
	struct mailbox *box;

	/* what is being read, and whether it is the reader's own */
	struct mailbox *reading;
	bool own, synced;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
};

/* A mailbox that somebody else may have closed since. */
struct signet_source {
	struct mail_storage *storage;
	struct mailbox *box;
};

void signet_reader_init(struct signet_reader *reader,
			struct signet_user *suser, struct mailbox *box);
/* A message of the source; NULL if it is not to be had there any more. */
struct mail *signet_reader_source(struct signet_reader *reader,
				  const struct signet_source *source,
				  uint32_t uid);
/* One of the mailbox that was there before the transaction. */
struct mail *signet_reader_old(struct signet_reader *reader, uint32_t uid);
/* One that the transaction put there. */
struct mail *signet_reader_new(struct signet_reader *reader, uint32_t uid);
void signet_reader_deinit(struct signet_reader *reader);

#endif
