/* tls_page.h - `signet tls DOMAIN`: one page for whoever has to know now */
#ifndef ADMIN_TLS_PAGE_H
#define ADMIN_TLS_PAGE_H

/* Arguments from "tls" on.  Exit status: 0, 1: mail waits, 2: usage or
 * trouble. */
int tls_page_main(int argc, char **argv);

#endif
