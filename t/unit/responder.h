/* responder.h - a name server of a few lines in a thread of the test
 *
 * Answers over UDP and TCP on a port of 127.0.0.1 that the system chose.  A
 * name without a row does not exist; a type without a row has no data.
 */
#ifndef RESPONDER_H
#define RESPONDER_H

#include <stddef.h>
#include <stdint.h>

enum responder_way {
	RESPOND_DATA,	  /* type, ttl and data of the row */
	RESPOND_SERVFAIL, /* for any type */
	RESPOND_SILENCE,  /* for any type */
	RESPOND_BY_TCP,	  /* data, but truncated over UDP */
	RESPOND_LATE	  /* nothing for RESPONDER_LATE_MS after the first
			     question of this kind, then data */
};

#define RESPONDER_LATE_MS 900

struct responder_row {
	const char *name; /* labels between dots, no final dot */
	enum responder_way way;
	uint16_t type;
	uint32_t ttl_s;
	const char *data; /* of the record, as it travels */
	size_t bytes;
};

struct responder;

/* `rows` ends with a NULL name and is kept. */
struct responder *responder_start(const struct responder_row *rows);
void responder_stop(struct responder *responder);

/* "127.0.0.1@PORT" */
const char *responder_address(const struct responder *responder);

/* Questions for the name so far, over both ways. */
unsigned responder_asked(struct responder *responder, const char *name);

#endif
