/* dmarc_addrs.h - signet dmarc checkreportaddrs: would reports about a domain
 * arrive?
 *
 * Looks at each address of the domain's rua and ruf as a sender of reports
 * does: whether it can be used, and whether a foreign host agrees.
 */
#ifndef ADMIN_DMARC_ADDRS_H
#define ADMIN_DMARC_ADDRS_H

/* Exit status: 0 every address can be used, 1 not every one, or there is no
 * record or no address; 2 usage; 75 DNS did not tell. */
int dmarc_addrs_main(int argc, char **argv);

#endif
