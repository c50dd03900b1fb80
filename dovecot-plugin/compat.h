#ifndef SIGNET_COMPAT_H
#define SIGNET_COMPAT_H

/* What differs between the releases of Dovecot, all of it here: the other
   files are written for 2.4, and compile for 2.3 as well. Include it after
   lib.h and before anything else of Dovecot's. */

#define SIGNET_DOVECOT_24 DOVECOT_PREREQ(2, 4, 0)

/* The plugin is loaded with RTLD_NOW into binaries that have no LDA, and also
   where the quota plugin is not: what may be missing is weak, and callers ask
   whether it is there. */
#define SIGNET_WEAK __attribute__((weak))
/* The rest of our symbols stay out of the process's global name space. */
#define SIGNET_EXPORT __attribute__((visibility("default")))

#if SIGNET_DOVECOT_24
#  define signet_notify_unregister(ctx) notify_unregister(&(ctx))
#else
#  define signet_notify_unregister(ctx) notify_unregister(ctx)
#endif

#endif
