/* sign_requiretls.h - mail that must not travel in clear (RFC 8689)
 *
 * Whoever submits a message with REQUIRETLS, as a parameter of MAIL or as the
 * field that Postfix 3.11 reads, is told at once when the domain of a
 * recipient has no way to protect it, in place of a bounce later.
 */
#ifndef MILTER_SIGN_REQUIRETLS_H
#define MILTER_SIGN_REQUIRETLS_H

struct sign_session;

/* Asks signet-policy for the domain of each recipient ([sign]
 * requiretls_check) and has the message refused for the first that cannot be
 * protected.  What cannot be asked refuses nothing: delivery will see. */
void sign_requiretls(struct sign_session *session);

#endif
