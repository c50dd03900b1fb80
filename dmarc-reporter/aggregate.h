/* aggregate.h - DMARC aggregate reports as a kind of report */
#ifndef DMARC_REPORTER_AGGREGATE_H
#define DMARC_REPORTER_AGGREGATE_H

#include "reporter/deliver.h"
#include "reporter/kind.h"

extern const struct report_kind aggregate_kind;
extern const struct report_carrier aggregate_carrier;

#endif
