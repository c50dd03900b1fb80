#ifndef SIGNET_DELIVER_H
#define SIGNET_DELIVER_H

/* The delivery hook of lmtp and lda. The plugin calls init once a process, when
   Sieve has already set its hook: ours is then asked first, and calls on to the
   one that was there. In binaries that deliver nothing it does nothing.

   A delivery asks signet-mailbox (signet-client.h) and does what the answer
   says by changing what the next hook finds: the default mailbox, to which
   Sieve's implicit keep goes, the message (signet-mail.h), and keywords that
   are added to what is saved to that mailbox. So a user's Sieve still decides.
   Without an answer, and when doing what it says fails, the message is
   delivered as if the plugin were not there. */

struct module;

void signet_deliver_init(struct module *module);
void signet_deliver_deinit(void);

#endif
