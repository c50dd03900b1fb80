#ifndef SIGNET_NOTIFY_H
#define SIGNET_NOTIFY_H

/* What users do with messages and mailboxes, as the notify plugin tells it:
   gathered while a transaction runs, and spooled (signet-event.h) when it has
   been committed.

   Nothing of a message is read before that. A header looked up through the
   source of a copy would enter the cache of the source's transaction, whose
   commit frees the text of the error that IMAP is about to send when the quota
   refuses the copy. signet-reader.h tells how it is read afterwards. */

void signet_notify_init(void);
void signet_notify_deinit(void);

#endif
