#include "mailtls/tls_reply.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "mailtls/tls_policy.h"

/* a sentence in a log line of the mail server */
#define WHY_MOST 300

static const struct {
	enum tls_dialect dialect;
	const char *name;
} dialects[TLS_DIALECTS] = {
    {TLS_DIALECT_POLICY, "policy"},
    {TLS_DIALECT_POLICY_TLSRPT, "policy-tlsrpt"},
    {TLS_DIALECT_REQUIRETLS, "requiretls"},
    {TLS_DIALECT_STS, "sts"},
};

enum tls_dialect
tls_dialect_of(struct text map)
{
	size_t i;

	for (i = 0; i < TLS_DIALECTS; i++)
		if (text_equal(map, text_from(dialects[i].name)))
			return dialects[i].dialect;
	return TLS_DIALECT_UNKNOWN;
}

const char *
tls_dialect_name(enum tls_dialect dialect)
{
	size_t i;

	for (i = 0; i < TLS_DIALECTS; i++)
		if (dialects[i].dialect == dialect)
			return dialects[i].name;
	return NULL;
}

enum tls_dialect
tls_dialect_at(unsigned index)
{
	return index < TLS_DIALECTS ? dialects[index].dialect
				    : TLS_DIALECT_UNKNOWN;
}

/* --- answers without a level --- */

static void
write_refusal(struct buf *to, const char *word, const char *why)
{
	size_t i;

	buf_printf(to, "%s ", word);
	for (i = 0; i < WHY_MOST && why != NULL && why[i] != '\0'; i++)
		buf_char(to, why[i] == ' ' || ascii_is_graph(why[i]) ? why[i]
								     : '?');
}

static void
write_not_found(struct buf *to)
{
	buf_string(to, "NOTFOUND ");
}

/* --- names of certificates --- */

static void
write_sts_names(struct buf *to, const struct sts_policy *sts)
{
	size_t i;

	for (i = 0; i < sts->count; i++)
		buf_printf(to, "%s%s" TEXT_FMT, i > 0 ? ":" : " match=",
			   sts->mx[i].wildcard ? "." : "",
			   TEXT_ARG(sts->mx[i].domain.name));
}

static void
write_names(struct buf *to, const struct tls_policy *policy)
{
	size_t i;

	for (i = 0; i < policy->match_count; i++)
		buf_printf(to, "%s" TEXT_FMT,
			   i > 0 ? ":" : " match=", TEXT_ARG(policy->match[i]));
}

/* --- what TLS reports need --- */

/* Postfix takes "{ name = value }" to the brace that closes it, so braces of
 * the value must be in pairs. */
static bool
has_paired_braces(struct text line)
{
	size_t i, open = 0;

	for (i = 0; i < line.len; i++) {
		if (line.at[i] == '{')
			open++;
		else if (line.at[i] == '}' && open-- == 0)
			return false;
	}
	return open == 0;
}

static void
write_policy_string(struct buf *to, struct text line)
{
	bool paired = has_paired_braces(line), readable = utf8_is_valid(line);
	size_t i;

	buf_string(to, " { policy_string = ");
	for (i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];
		bool good = c >= ' ' && c != 0x7f && (c < 0x80 || readable) &&
			    (paired || (c != '{' && c != '}'));

		buf_char(to, good ? (char)c : '?');
	}
	buf_string(to, " }");
}

static void
write_policy_strings(struct buf *to, struct text file)
{
	struct scan in;
	struct text line;

	scan_init(&in, file);
	while (!scan_at_end(&in)) {
		line = text_trim(scan_until(&in, '\n'));
		if (line.len > 0)
			write_policy_string(to, line);
	}
}

static void
write_report_attributes(struct buf *to, const struct tls_policy *policy,
			bool with_strings)
{
	buf_printf(to, " policy_type=sts policy_domain=" TEXT_FMT,
		   TEXT_ARG(policy->domain.name));
	if (with_strings)
		write_policy_strings(to, policy->sts_file);
}

static void
write_patterns(struct buf *to, const struct sts_policy *sts)
{
	size_t i;

	for (i = 0; i < sts->count; i++)
		buf_printf(to, " mx_host_pattern=%s" TEXT_FMT,
			   sts->mx[i].wildcard ? "*." : "",
			   TEXT_ARG(sts->mx[i].domain.name));
}

/* --- levels --- */

/* Postfix 3.10.5 and later passes over hosts that no mx_host_pattern has and
 * reports nothing.  Without one it connects, fails the handshake and reports
 * that; the names to match stay, so that nothing rests on policy_failure. */
static void
write_sts(struct buf *to, const struct tls_policy *policy,
	  enum tls_dialect dialect, bool with_strings)
{
	bool reports = dialect == TLS_DIALECT_POLICY_TLSRPT;
	bool fails = reports && policy->mx_mismatch;

	buf_string(to, "OK secure");
	write_sts_names(to, policy->sts);
	buf_string(to, " servername=hostname");
	if (!reports)
		return;
	if (fails)
		buf_string(to, " connection_reuse=no");
	write_report_attributes(to, policy, with_strings);
	if (fails)
		buf_string(to, " policy_failure=validation-failure");
	else
		write_patterns(to, policy->sts);
}

static bool
is_sts_ground(const struct tls_policy *policy)
{
	return policy->ground == TLS_GROUND_STS ||
	       policy->ground == TLS_GROUND_STS_MX;
}

static void
write_level(struct buf *to, const struct tls_policy *policy,
	    enum tls_level level, enum tls_dialect dialect, bool with_strings)
{
	if (level == TLS_LEVEL_SECURE && is_sts_ground(policy)) {
		write_sts(to, policy, dialect, with_strings);
		return;
	}
	buf_printf(to, "OK %s", tls_level_name(level));
	if (level != TLS_LEVEL_SECURE)
		return;
	write_names(to, policy);
	buf_string(to, " servername=hostname");
}

static void
write_postfix(struct buf *to, const struct tls_policy *policy,
	      enum tls_dialect dialect, bool with_strings)
{
	switch (policy->verdict) {
	case TLS_VERDICT_NONE:
		write_not_found(to);
		return;
	case TLS_VERDICT_LEVEL:
		write_level(to, policy, policy->level, dialect, with_strings);
		return;
	case TLS_VERDICT_UNSET:
	case TLS_VERDICT_TEMP:
		break;
	}
	write_refusal(to, "TEMP", policy->why);
}

static void
write_requiretls(struct buf *to, const struct tls_policy *policy)
{
	if (policy->verdict == TLS_VERDICT_UNSET ||
	    policy->verdict == TLS_VERDICT_TEMP) {
		write_refusal(to, "TEMP", policy->why);
	} else if (policy->verified_level == TLS_LEVEL_UNSET) {
		write_refusal(to,
			      "PERM REQUIRETLS cannot be met:", policy->why);
	} else {
		write_level(to, policy, policy->verified_level,
			    TLS_DIALECT_REQUIRETLS, false);
	}
}

/* --- Sendmail --- */

/* Sendmail knows "secure" and nothing else, and does DANE by itself where it
 * can.  PERM would be "there is no policy" to it. */
static void
write_override_for_sendmail(struct buf *to, const struct tls_policy *policy)
{
	switch (policy->level) {
	case TLS_LEVEL_NONE:
	case TLS_LEVEL_MAY:
	case TLS_LEVEL_DANE:
		write_not_found(to);
		return;
	case TLS_LEVEL_SECURE:
		buf_string(to, "OK secure");
		if (policy->match_count > 0)
			write_names(to, policy);
		else
			buf_printf(to, " match=" TEXT_FMT ":." TEXT_FMT,
				   TEXT_ARG(policy->domain.name),
				   TEXT_ARG(policy->domain.name));
		buf_string(to, " servername=hostname");
		return;
	case TLS_LEVEL_UNSET:
	case TLS_LEVEL_ENCRYPT:
	case TLS_LEVEL_DANE_ONLY:
		break;
	}
	write_refusal(to, "TEMP Sendmail cannot be told so:", policy->why);
}

static void
write_sendmail(struct buf *to, const struct tls_policy *policy)
{
	if (policy->verdict == TLS_VERDICT_UNSET ||
	    policy->verdict == TLS_VERDICT_TEMP)
		write_refusal(to, "TEMP", policy->why);
	else if (policy->ground == TLS_GROUND_OVERRIDE)
		write_override_for_sendmail(to, policy);
	else if (policy->sts_unknown)
		write_refusal(to, "TEMP", "MTA-STS could not be asked");
	else if (policy->sts != NULL)
		write_sts(to, policy, TLS_DIALECT_STS, false);
	else
		write_not_found(to);
}

/* --- all --- */

static void
write_reply(struct buf *to, const struct tls_policy *policy,
	    enum tls_dialect dialect, bool with_strings)
{
	buf_clear(to);
	switch (dialect) {
	case TLS_DIALECT_POLICY:
	case TLS_DIALECT_POLICY_TLSRPT:
		write_postfix(to, policy, dialect, with_strings);
		return;
	case TLS_DIALECT_REQUIRETLS:
		write_requiretls(to, policy);
		return;
	case TLS_DIALECT_STS:
		write_sendmail(to, policy);
		return;
	case TLS_DIALECT_UNKNOWN:
		break;
	}
	buf_string(to, "PERM there is no map of that name");
}

static bool
fits(const struct buf *to)
{
	return buf_ok(to) && to->len <= LIMIT_SOCKETMAP_REPLY_BYTES;
}

void
tls_reply_write(struct buf *to, const struct tls_policy *policy,
		enum tls_dialect dialect)
{
	write_reply(to, policy, dialect, true);
	if (!fits(to))
		write_reply(to, policy, dialect, false);
	if (fits(to))
		return;
	buf_clear(to);
	buf_string(to, "TEMP the answer is longer than the mail server takes");
}
