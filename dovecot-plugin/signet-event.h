#ifndef SIGNET_EVENT_H
#define SIGNET_EVENT_H

/* Events: facts for signet-mailbox, each a file of the spool directory.

   A file is a line "signet-event 1", lines "name=value", an empty line, and
   the message or its header if there is one, with CRLF. In values the bytes
   below 0x21, 0x7f and % are %XX. Its name is T-MICROSECONDS-PID-RANDOM, so
   names in order are events in order; it comes by a rename from .tmp-..., so
   what is there is whole. Nobody but the daemon can list the directory, so
   nobody else finds a file (mode 3733, and 0640 for a file).

   Nothing waits here for the daemon, and nothing fails because of it. */

struct mail;
struct signet_user;

enum signet_event_part {
	SIGNET_EVENT_PART_NONE = 0,
	SIGNET_EVENT_PART_HEADER,
	SIGNET_EVENT_PART_MESSAGE,
};

/* Appends "name=value\n"; nothing if the value is NULL or empty. */
void signet_event_add(string_t *str, const char *name, const char *value);
void signet_event_add_number(string_t *str, const char *name, uint64_t value);

/* The text of an event of a kind: its head, the user and the session. In memory
   of the data stack. */
string_t *signet_event_begin(struct signet_user *suser, const char *kind);

/* Writes the event with its time, and with the part of the mail: cut at
   signet_max_message, with the size of the whole if that is known. Returns -1 if it is lost: that is logged once a
   session, and counted (struct signet_user.lost_events). */
int signet_event_spool(struct signet_user *suser, string_t *event,
		       struct mail *mail, enum signet_event_part part);
/* Wakes the daemon, which finds the files by itself if this is lost. */
void signet_event_nudge(struct signet_user *suser);

/* Says how many events of the session were lost. */
void signet_event_user_deinit(struct signet_user *suser);

#endif
