/* preflight.h - would our report pass DMARC where it arrives?
 *
 * RFC 9990 section 3.5.2: reports must, or they are thrown away.  One of two
 * must hold: the envelope sender's domain aligns with From, and its SPF record
 * covers every address of ours; or a signing key of an aligned domain is
 * published, so that the local mail server can sign.  For a kind of report that
 * must be signed (RFC 8460 section 3) it is the second.
 */
#ifndef REPORTER_PREFLIGHT_H
#define REPORTER_PREFLIGHT_H

struct arena;
struct reporter;
struct why;

enum preflight_result {
	PREFLIGHT_PASS = 1,
	PREFLIGHT_FAIL,
	PREFLIGHT_TEMPERROR /* DNS did not tell */
};

/* `why` gets one sentence for every result. */
enum preflight_result preflight_alignment(struct reporter *reporter,
					  struct arena *arena, struct why *why);

#endif
