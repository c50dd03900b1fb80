#include "mailtls/requiretls.h"

void
requiretls_mail_argument(struct requiretls *state, struct text argument)
{
	if (text_equal_nocase(argument, TEXT("REQUIRETLS")))
		state->mail_parameter = true;
}

void
requiretls_field(struct requiretls *state, struct text name,
		 struct text value)
{
	value = text_trim(value);
	if (text_equal_nocase(name, TEXT("Require-TLS-ESMTP"))) {
		if (text_equal_nocase(value, TEXT("yes")))
			state->header = true;
	} else if (text_equal_nocase(name, TEXT("TLS-Required"))) {
		state->tls_required_fields++;
		state->tls_required_no = state->tls_required_fields == 1 &&
					 text_equal_nocase(value, TEXT("no"));
	}
}

bool
requiretls_is_forged(const struct requiretls *state, bool tls)
{
	return state->header && (!state->mail_parameter || !tls);
}
