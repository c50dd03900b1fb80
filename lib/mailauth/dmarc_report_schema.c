#include "mailauth/dmarc_report_check.h"

/* The build makes these from the files beside them. */
static const unsigned char rfc9990[] = {
#include "mailauth/schema/rfc9990.inc"
};

static const unsigned char rfc7489[] = {
#include "mailauth/schema/rfc7489.inc"
};

struct text
dmarc_report_schema(enum dmarc_report_dialect dialect)
{
	switch (dialect) {
	case DMARC_REPORT_RFC9990:
		break;
	case DMARC_REPORT_RFC7489:
		return text_of((const char *)rfc7489, sizeof(rfc7489));
	}
	return text_of((const char *)rfc9990, sizeof(rfc9990));
}
