/* sts_policy.h - the policy file of MTA-STS (RFC 8461 sections 3.2 and 4.1) */
#ifndef MAILTLS_STS_POLICY_H
#define MAILTLS_STS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/limits.h"

struct arena;
struct buf;
struct why;

enum sts_mode {
	STS_MODE_UNSET = 0,
	STS_MODE_NONE,
	STS_MODE_TESTING,
	STS_MODE_ENFORCE
};

struct sts_mx {
	struct domain domain;
	bool wildcard; /* "*.": exactly one label more */
};

struct sts_policy {
	enum sts_mode mode;
	uint32_t max_age_s; /* at most STS_AGE_MOST_S */
	const struct sts_mx *mx;
	size_t count; /* of mx; 0 with mode none only */
};

/* section 3.2: about a year; what is above it counts as this */
#define STS_AGE_MOST_S 31557600u

/* Wants all of the file.  Of a field given twice, mx apart, the first counts;
 * unknown fields are skipped.  A line that is no field, a missing field, an
 * mx that is no name, or more than LIMIT_STS_POLICY_BYTES or LIMIT_STS_MX is
 * an error. */
bool sts_policy_parse(struct arena *arena, struct text file,
		      struct sts_policy *policy, struct why *why);

/* What sts_policy_parse reads back to the same values, lines with CR LF. */
void sts_policy_write(struct buf *to, const struct sts_policy *policy);

/* Whether the policy names this MX host. */
bool sts_policy_match(const struct sts_policy *policy, struct domain host);

/* "none", "testing", "enforce"; NULL for UNSET. */
const char *sts_mode_name(enum sts_mode mode);

#endif
