/* model_loader.h - threads that keep the cache of models as Postgres has it
 *
 * Some load what is wished for, each with a connection of its own.  One more
 * asks every few seconds what has changed, on other hosts or by hand, has the
 * rounds of the parts done (mailbox_part.h), and lets old rows go.
 */
#ifndef DOVECOT_PLUGIN_MODEL_LOADER_H
#define DOVECOT_PLUGIN_MODEL_LOADER_H

#include <stdbool.h>
#include <stdint.h>

struct mailbox_settings;
struct model_cache;
struct model_loader;

struct model_loader *model_loader_open(const struct mailbox_settings *settings,
				       struct model_cache *cache);
bool model_loader_start(struct model_loader *loader);
/* The rounds are due.  Any thread. */
void model_loader_hurry(void *loader);
/* After model_cache_stop.  False: not all threads have ended. */
bool model_loader_stop(struct model_loader *loader, int64_t wait_ms);
/* After they have. */
void model_loader_close(struct model_loader *loader);

#endif
