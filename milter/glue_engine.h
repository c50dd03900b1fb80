/* glue_engine.h - the engine that new connections begin with (glue_use) */
#ifndef MILTER_GLUE_ENGINE_H
#define MILTER_GLUE_ENGINE_H

struct glue_calls;

/* A session of the engine that is used now. */
void *glue_engine_open(const struct glue_calls *calls);

#endif
