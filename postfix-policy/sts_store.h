/* sts_store.h - what the parts of the cache share: memory and file together
 *
 * For sts_cache.c, sts_job.c, sts_refresh.c and share.c; others go through
 * sts_cache.h.
 */
#ifndef POSTFIX_POLICY_STS_STORE_H
#define POSTFIX_POLICY_STS_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "postfix-policy/sts_cache.h"
#include "postfix-policy/sts_stored.h"
#include "postfix-policy/sts_table.h"

struct arena;
struct buf;
struct https;
struct resolver;
struct sts_file;
struct sts_job;

/* A name to be taken from the file. */
struct sts_gone {
	struct sts_gone *next;
	size_t bytes;
	char domain[];
};

struct sts_cache {
	const struct sts_settings *settings;
	struct resolver *resolver;
	struct https *https;
	pthread_mutex_t lock; /* for all below */
	struct sts_table *table;
	struct sts_gone *gone; /* to be taken from the file */
	struct sts_cache_counts counts;
	uint32_t random;
	bool closing;
	/* sts_job.c */
	struct sts_job *jobs;
	unsigned threads;
	pthread_cond_t threads_ended;
	/* sts_refresh.c */
	pthread_t keeper;
	bool has_keeper;
	bool is_unsaved; /* something is new for the file */
	pthread_cond_t keeper_wanted;
	/* the file: of the thread that saves, without the lock */
	struct sts_file *file; /* NULL: memory only */
	size_t dead_lines;     /* of the file that count no more */
	bool file_failed;      /* and that was logged */
	bool file_anew;	       /* to be written anew, since it lacks lines */
	bool file_damaged;     /* and a copy of it is kept */
};

/* Reads the file into the table and logs what is wrong with it. */
void sts_store_load(struct sts_cache *cache, int64_t now_s);

/* Writes to the file what it lacks; all anew if `anew` or when it holds mostly
 * what counts no more.  Trouble is logged once. */
void sts_store_save(struct sts_cache *cache, bool anew);

/* --- with the lock held --- */

/* A policy is known now: in the table, to be saved, and to be shared unless it
 * comes from there. */
struct sts_entry *sts_store_put(struct sts_cache *cache,
				const struct sts_stored *stored,
				const struct sts_policy *policy, bool share);

/* Takes the entry out of memory, and out of the file when that is saved. */
void sts_store_drop(struct sts_cache *cache, struct text domain);

/* When to look at the entry again: a part of its time, with jitter. */
void sts_store_plan(struct sts_cache *cache, struct sts_entry *entry,
		    int64_t now_s);

/* 0 to `most`. */
uint32_t sts_store_random(struct sts_cache *cache, uint32_t most);

/* There is something for the file: the thread that saves need not wait. */
void sts_store_is_unsaved(struct sts_cache *cache);

/* The entry as it is saved; its texts point into it. */
struct sts_stored sts_store_entry(const struct sts_entry *entry);

#endif
