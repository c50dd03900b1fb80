/* source_datagram.h - what the MTA tells through libtlsrpt
 *
 * Takes the place of the collector that comes with libtlsrpt: same datagrams,
 * same socket.  Each becomes one tls_result event.
 */
#ifndef TLSRPT_COLLECTOR_SOURCE_DATAGRAM_H
#define TLSRPT_COLLECTOR_SOURCE_DATAGRAM_H

#include "tlsrpt-collector/collect.h"
#include "tlsrpt-collector/receiver.h"

extern const struct collect_source source_datagram;

struct source_datagram_counts {
	struct receiver_counts receiver;
	uint64_t refused; /* no such datagrams */
};

/* Of the one that is open; zeroes without. */
struct source_datagram_counts source_datagram_counts(void *handle);

#endif
