/* tls_kind.h - TLS reports as a kind of report */
#ifndef TLSRPT_COLLECTOR_TLS_KIND_H
#define TLSRPT_COLLECTOR_TLS_KIND_H

#include "reporter/deliver.h"
#include "reporter/kind.h"

extern const struct report_kind tls_kind;

/* reporter->handle is a struct https (io/https.h). */
extern const struct report_carrier tls_carrier;

#endif
