/* mail_part.h - what the mails of all kinds of reports have in common */
#ifndef REPORTER_MAIL_PART_H
#define REPORTER_MAIL_PART_H

#include "base/text.h"

struct arena;
struct buf;
struct claim;

/* The name as a quoted string, or as an encoded word when it is not ASCII. */
void mail_part_name(struct arena *arena, struct buf *mail, const char *name);

/* "Subject: Report Domain: D Submitter: S Report-ID: <ID>" (RFC 9990 section
 * 3.5.2, RFC 8460 section 5.3), folded between its parts. */
void mail_part_subject(struct buf *mail, struct text policy_domain,
		       struct text submitter, struct text report_id);

/* A MIME part with the file, and the end of the multipart. */
void mail_part_file(struct arena *arena, struct buf *mail, const char *boundary,
		    const char *media_type, const char *file_name,
		    struct text file);

#endif
