/* postfix_log_reason.h - sentences of Postfix and OpenSSL as words of RFC 8460
 *
 * Each reads log->detail and sets log->failure (a result type of section 4.3,
 * if the sentence tells one) and log->reason, one word with hyphens.
 */
#ifndef MAILTLS_POSTFIX_LOG_REASON_H
#define MAILTLS_POSTFIX_LOG_REASON_H

struct postfix_log;

/* "num=62:hostname mismatch", "untrusted issuer /CN=..." */
void postfix_log_certificate_reason(struct postfix_log *log);

/* "lost connection", "-1", "Connection reset by peer" */
void postfix_log_handshake_reason(struct postfix_log *log);

/* "error:0A000410:SSL routines::ssl/tls alert handshake failure:..." */
void postfix_log_library_reason(struct postfix_log *log);

/* "no TLSA records found" */
void postfix_log_lookup_reason(struct postfix_log *log);

/* Of a delivery: those of a lookup, and of a verdict on the host. */
void postfix_log_delivery_reason(struct postfix_log *log);

#endif
