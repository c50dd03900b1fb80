#ifndef SIGNET_DELIVER_H
#define SIGNET_DELIVER_H

/* The delivery hook of lmtp and lda. The plugin calls init once a process, when
   Sieve has already set its hook: ours is then asked first, and calls on to the
   one that was there. In binaries that deliver nothing it does nothing. */

void signet_deliver_init(void);
void signet_deliver_deinit(void);

#endif
