/* dns.h - signet dns: the records of our domains, to publish and to check */
#ifndef ADMIN_DNS_H
#define ADMIN_DNS_H

/* signet-dns(8) tells arguments and exit status. */
int dns_main(int argc, char **argv);

#endif
