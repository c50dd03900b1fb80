/* model.h - what delivery knows of one account: settings, words, rules
 *
 * A copy of what Postgres has, made at one moment and never changed; many
 * threads read it at once.  The account without a name is what all share.
 */
#ifndef DOVECOT_PLUGIN_MODEL_H
#define DOVECOT_PLUGIN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dovecot-plugin/mailbox_part.h"

struct arena;
struct mailbox_settings;
struct pg;
struct why;

/* mailbox_parts has not more */
#define MODEL_PARTS 8

struct model_counts {
	uint32_t spam, ham;
};

struct model {
	struct arena *arena; /* of what the parts hold */
	struct text account;
	int64_t version;
	bool junk;	    /* its mail is judged */
	double threshold;   /* probability */
	uint32_t spam, ham; /* messages learned */
	size_t words;
	int64_t *word; /* in order */
	struct model_counts *counts;
	const void *held[MODEL_PARTS];
	size_t bytes;  /* of memory, all in all */
	unsigned refs; /* of model_cache.c, under its lock */
};

/* Words of another JUNK_WORDS_VERSION do not count. */
enum pg_status model_load(const struct mailbox_settings *settings,
			  struct pg *pg, struct text account,
			  struct model **model, struct why *why);

/* As if nothing were known. */
struct model *model_new(const struct mailbox_settings *settings,
			struct text account);
void model_free(struct model *model);

/* What it learned of a word; zeroes if nothing. */
struct model_counts model_find(const struct model *model, int64_t word);

#endif
