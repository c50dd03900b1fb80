/* status.h - `signet status`: how things stand, on one screen */
#ifndef ADMIN_STATUS_H
#define ADMIN_STATUS_H

/* Exit status: 0 all is well, 1 something needs a look, 2 usage or
 * configuration. */
int status_main(int argc, char **argv);

#endif
