/* sign_sent.h - the message as the mail server will send it
 *
 * That is what must be signed (RFC 6376 section 5.3), and it is not what a
 * milter sees: Postfix breaks long lines, Sendmail writes fields with
 * addresses anew and adds what is missing ([sign] mail_server).
 */
#ifndef MILTER_SIGN_SENT_H
#define MILTER_SIGN_SENT_H

struct sign_session;

/* When the header is there: sets `sent` and `form`, and prepares the body's
 * digests.  If the message is signed or sealed, what `form` says is to be
 * done to it. */
void sign_sent(struct sign_session *session);

#endif
