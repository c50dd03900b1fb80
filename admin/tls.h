/* tls.h - `signet tls`: how mail to a domain is protected, and why
 *
 *	signet tls [options] DOMAIN		one page
 *	signet tls override add|list|remove	the operator's word
 */
#ifndef ADMIN_TLS_H
#define ADMIN_TLS_H

/* Exit status: 0, 1: something could not be found out, 2: usage or
 * trouble. */
int tls_main(int argc, char **argv);

#endif
