/* dns_flight.h - questions on their way, each asked once
 *
 * Whoever wants an answer joins the flight of its question; the first to
 * join sends it.  A flight lives on the heap and is counted: an asker that
 * goes away early leaves nothing behind that the answer could hit.
 */
#ifndef IO_DNS_FLIGHT_H
#define IO_DNS_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/deadline.h"
#include "base/dns.h"

struct dns_packed;
struct dns_flight;
struct dns_flights;

/* `owner` is for dns_flight_owner alone. */
struct dns_flights *dns_flights_new(void *owner);

/* Lands what still flies as DNS_TEMPFAIL with this reason (a constant), and
 * frees the table.  Flights that somebody holds stay until released. */
void dns_flights_free(struct dns_flights *flights, const char *reason);

/* The flight of this question, held for the caller.  If `*is_first`, there
 * was none, and the caller must see to it that it lands. */
struct dns_flight *dns_flight_join(struct dns_flights *flights,
				   struct text name, enum dns_type type,
				   bool *is_first);

/* Gives the answer to all that joined, and ends the flight: who asks later
 * starts a new one.  Only who was first calls it, once. */
void dns_flight_land(struct dns_flights *flights, struct dns_flight *flight,
		     const struct dns_answer *answer);

/* NULL if there is none at the deadline.  Valid until released. */
const struct dns_packed *dns_flight_wait(struct dns_flight *flight,
					 struct deadline deadline);

void dns_flight_release(struct dns_flight *flight);

struct text dns_flight_name(const struct dns_flight *flight);
enum dns_type dns_flight_type(const struct dns_flight *flight);
void *dns_flight_owner(const struct dns_flight *flight);

/* Questions on their way now. */
size_t dns_flights_count(struct dns_flights *flights);

#endif
