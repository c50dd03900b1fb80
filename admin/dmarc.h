/* dmarc.h - signet dmarc: what an administrator asks about DMARC reports */
#ifndef ADMIN_DMARC_H
#define ADMIN_DMARC_H

int dmarc_main(int argc, char **argv);

#endif
