#include "milter/glue_engine.h"

#include <pthread.h>

#include "milter/glue.h"

static pthread_mutex_t engine_lock = PTHREAD_MUTEX_INITIALIZER;
static void *current;

void
glue_use(const struct glue_calls *of, void *engine)
{
	void *before;

	if (engine != NULL)
		of->hold(engine);
	pthread_mutex_lock(&engine_lock);
	before = current;
	current = engine;
	pthread_mutex_unlock(&engine_lock);
	if (before != NULL)
		of->release(before);
}

void *
glue_engine_open(const struct glue_calls *calls)
{
	void *session;

	pthread_mutex_lock(&engine_lock);
	session = calls->open(current);
	pthread_mutex_unlock(&engine_lock);
	return session;
}
