/* sts_table.h - policies in memory, each in one small piece
 *
 * An entry takes 44 bytes, its domain, its id and its file as it was served;
 * whoever needs the policy reads it from the file.  Locks belong to the
 * caller.  Above its bounds the table drops what nobody asked for longest.
 */
#ifndef POSTFIX_POLICY_STS_TABLE_H
#define POSTFIX_POLICY_STS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "mailtls/sts_state.h"
#include "postfix-policy/sts_stored.h"

struct sts_entry {
	struct sts_entry *next; /* in the bucket */
	uint32_t hash;
	uint32_t fetched_s, checked_s, used_s; /* as in sts_stored */
	uint32_t expires_s;
	uint32_t due_s;	  /* to be refreshed */
	uint32_t retry_s; /* no fetch before this; 0: none failed */
	uint16_t file_bytes, failure_bytes;
	uint8_t domain_bytes, id_bytes;
	uint8_t failure; /* enum sts_failure of the last fetch */
	uint8_t marks;	 /* STS_MARK_ */
	char bytes[];	 /* domain, id, file, sentence of the failure */
};

/* not yet in the file */
#define STS_MARK_UNSAVED 1u
/* not yet told to the other hosts */
#define STS_MARK_UNSHARED 2u
/* mode none */
#define STS_MARK_NONE 4u
/* is being fetched for a refresh */
#define STS_MARK_REFRESH 8u

struct sts_table;

struct sts_table *sts_table_new(size_t most_entries, size_t most_bytes);
void sts_table_free(struct sts_table *table);

struct text sts_entry_domain(const struct sts_entry *entry);
struct text sts_entry_id(const struct sts_entry *entry);
struct text sts_entry_file(const struct sts_entry *entry);
struct text sts_entry_why(const struct sts_entry *entry);
/* There is a policy, and its time is not over. */
bool sts_entry_is_valid(const struct sts_entry *entry, int64_t now_s);

/* NULL if there is none. */
struct sts_entry *sts_table_find(struct sts_table *table, struct text domain);

/* Puts a policy, in place of what was there; marks are 0. */
struct sts_entry *sts_table_put(struct sts_table *table,
				const struct sts_stored *stored,
				const struct sts_policy *policy);

/* Notes that a fetch failed, in the entry or in a new one without policy. */
struct sts_entry *sts_table_fail(struct sts_table *table, struct text domain,
				 enum sts_failure failure, struct text why,
				 int64_t now_s, int64_t retry_s);

void sts_table_drop(struct sts_table *table, struct text domain);

/* Each entry once, in no order: begin with {0}; NULL at the end.  The one that
 * it gave may be dropped before the next call. */
struct sts_cursor {
	size_t bucket;
	struct sts_entry *next;
	bool begun;
};
struct sts_entry *sts_table_next(struct sts_table *table,
				 struct sts_cursor *cursor);

/* A copy of all entries in one piece of memory, for work without the lock; the
 * caller frees it.  NULL if there is none.  Their marks then lose
 * `marks_off`. */
struct sts_entry *sts_table_copy(struct sts_table *table, uint8_t marks_off);
/* The next one in such a copy; NULL at the end. */
const struct sts_entry *sts_entry_after(const struct sts_entry *entry);

size_t sts_table_entries(const struct sts_table *table);
size_t sts_table_bytes(const struct sts_table *table);

#endif
