/* socketmap.h - the protocol of Postfix's and Sendmail's socketmap
 *
 * One netstring each way (socketmap_table(5)): "NAME KEY" and "OK value",
 * "NOTFOUND ", "TEMP why", "PERM why".  The name says which dialect the reply
 * is to have.
 */
#ifndef POLICY_SOCKETMAP_H
#define POLICY_SOCKETMAP_H

#include "postfix-policy/server.h"

struct query;

struct server_protocol socketmap_protocol(struct query *query);

#endif
