/* sign_plan.h - what is to be done with a message, once its header is there
 *
 * Is it ours; may the login write in that name; which keys sign; is it
 * sealed.
 */
#ifndef MILTER_SIGN_PLAN_H
#define MILTER_SIGN_PLAN_H

struct sign_session;

/* Sets origin, author, choice, signer, sealer, and action and reason where
 * they are known already. */
void sign_plan(struct sign_session *session);

#endif
