/* inbound.h - signet-milter's steps, as glue.h wants them */
#ifndef MILTER_INBOUND_H
#define MILTER_INBOUND_H

#include "milter/glue.h"

/* Engines are struct engine, sessions struct session. */
extern const struct glue_calls inbound_calls;

#endif
