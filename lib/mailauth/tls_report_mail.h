/* tls_report_mail.h - is this message a TLS report (RFC 8460 section 5.3)?
 *
 * By its header: one Content-Type, which is multipart/report with
 * report-type=tlsrpt.  What is in the body is for who reads it.
 */
#ifndef MAILAUTH_TLS_REPORT_MAIL_H
#define MAILAUTH_TLS_REPORT_MAIL_H

#include <stdbool.h>

#include "base/text.h"

struct message;

bool tls_report_mail_is(const struct message *message);

/* The same for the value of a Content-Type field. */
bool tls_report_mail_type_is(struct text value);

#endif
