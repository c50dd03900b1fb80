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

/* What X-Signet-TLS says of a message of ours, for the milter_header_checks
 * of a Postfix that does not know RFC 8689: "require", "optional", or NULL
 * for none.  Who asks for both wants protection (section 5). */
const char *sign_requiretls_word(const struct sign_session *session);

#endif
