/* outbound.h - signet-sign's steps, as glue.h wants them */
#ifndef MILTER_OUTBOUND_H
#define MILTER_OUTBOUND_H

#include "milter/glue.h"

/* Engines are struct sign_engine, sessions struct sign_session. */
extern const struct glue_calls outbound_calls;

#endif
