/* tls_override.h - `signet tls override add|list|remove` */
#ifndef ADMIN_TLS_OVERRIDE_H
#define ADMIN_TLS_OVERRIDE_H

/* Arguments from "override" on.  Exit status: 0, 1: there is no such
 * override, 2: usage or trouble. */
int tls_override_main(int argc, char **argv);

#endif
