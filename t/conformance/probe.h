/* probe.h - the library as a filter, for the conformance tests
 *
 * A request is one line, "command<TAB>name=value<TAB>name=value...", the
 * answer one line of the same pairs without the command.  Bytes of a value
 * other than letters, digits and "-._~" are written %XX.  Each group of
 * commands is one file with a function for each command, and a row in the
 * table of probe.c.
 */
#ifndef CONFORMANCE_PROBE_H
#define CONFORMANCE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct probe;

typedef void probe_command(struct probe *probe);

/* Ends with the request. */
struct arena *probe_arena(struct probe *probe);

/* A value of the request; "" if it is absent. */
struct text probe_get(const struct probe *probe, const char *name);
bool probe_has(const struct probe *probe, const char *name);
int64_t probe_get_int(const struct probe *probe, const char *name);

/* A pair of the answer. */
void probe_put(struct probe *probe, const char *name, struct text value);
void probe_put_string(struct probe *probe, const char *name, const char *value);
void probe_put_int(struct probe *probe, const char *name, int64_t value);

/* The resolver of a zone text in the value `zone`.  NULL if it is wrong: the
 * answer then has "error", and the command returns. */
struct resolver *probe_resolver(struct probe *probe);

probe_command probe_arc;
probe_command probe_dkim;
probe_command probe_dmarc;
probe_command probe_dmarc_record;
probe_command probe_idna;
probe_command probe_psl;
probe_command probe_report_read;
probe_command probe_report_write;
probe_command probe_seal;
probe_command probe_sign;
probe_command probe_spf;
probe_command probe_iprev;

probe_command probe_address;
probe_command probe_address_list;
probe_command probe_auth_results;
probe_command probe_header;
probe_command probe_auth_write;

#endif
