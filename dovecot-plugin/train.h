/* train.h - what is learned of messages, exactly once
 *
 * Each message of an account is in one state; the newest event of it wins,
 * and one that is repeated changes nothing.  What was learned of it before is
 * unlearned first.  Up to a bound the words of an account count for all
 * accounts as well: nobody can teach all the others what he alone wants.
 */
#ifndef DOVECOT_PLUGIN_TRAIN_H
#define DOVECOT_PLUGIN_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "dovecot-plugin/meaning.h"
#include "io/pg.h"

struct arena;
struct why;

struct train_item {
	struct text account;
	enum train_state state;
	int64_t at_us;
	struct text message; /* message_key */
	uint64_t bytes;
	const int64_t *words; /* in order, each once */
	size_t word_count;
};

struct train_limits {
	uint64_t site_messages; /* of each kind that one account may share */
	uint64_t words, site_words, words_age_s;
};

struct train_counts {
	uint64_t spam, ham, undone;
};

/* The items of one account, in order of time, within a transaction of the
 * caller; adds to the counts. */
enum pg_status train_account(struct pg *pg, struct arena *arena,
			     const struct train_limits *limits,
			     const struct train_item *items, size_t count,
			     struct train_counts *counts, struct why *why);

#endif
