/* event_spool.h - the directory that processes of mail users write events to
 *
 * Anybody on the host may put anything there (mode 3733): links, pipes,
 * directories, huge files, a million of them.  Only plain files with the name
 * of an event are opened, without following links and without waiting; what
 * is anything else is put aside into SPOOL/bad with one line in the log.
 */
#ifndef DOVECOT_PLUGIN_EVENT_SPOOL_H
#define DOVECOT_PLUGIN_EVENT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

struct arena;
struct event_spool;
struct why;

/* files that one look takes up; the others come with the next */
#define EVENT_SPOOL_FILES 50000
/* files that are kept in bad/ */
#define EVENT_SPOOL_BAD 1000

/* The directory must be there, and others may not be able to read it.  Makes
 * bad/.  NULL with a reason. */
struct event_spool *event_spool_open(const char *directory, struct why *why);
void event_spool_close(struct event_spool *spool);

/* For poll(2): readable when a file may have come. */
int event_spool_watch(const struct event_spool *spool);
/* Takes notice of what made it readable. */
void event_spool_seen(struct event_spool *spool);

struct event_file {
	const char *name;
	int64_t at_us;
	uint64_t id; /* first half of it */
};

/* Names of events, the oldest first; what else lies there is dealt with.
 * `more` tells that not all are listed. */
bool event_spool_list(struct event_spool *spool, struct arena *arena,
		      struct event_file **files, size_t *count, bool *more,
		      struct why *why);

enum event_read_status {
	EVENT_READ_NONE,
	EVENT_READ_DONE,
	EVENT_READ_GONE,   /* somebody took it away */
	EVENT_READ_BAD,	   /* no event, with the reason */
	EVENT_READ_TROUBLE /* of ours, with the reason */
};

/* A whole file, and who wrote it. */
enum event_read_status event_spool_read(struct event_spool *spool,
					struct arena *arena, const char *name,
					size_t most, struct text *bytes,
					uid_t *owner, struct why *why);

/* What is done with: removed, or put aside with a line that says why.  With
 * `keep` a file stays where it is if there is no room in bad/. */
void event_spool_remove(struct event_spool *spool, const char *name);
void event_spool_aside(struct event_spool *spool, const char *name, bool keep,
		       const struct why *reason);

/* Any thread. */
struct event_spool_counts {
	uint64_t waiting;  /* files at the last look */
	int64_t oldest_us; /* of them; 0: none */
	uint64_t aside;	   /* files put aside since the start */
};
struct event_spool_counts event_spool_counts(struct event_spool *spool);

#endif
