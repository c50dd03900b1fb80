#ifndef SIGNET_ANSWER_H
#define SIGNET_ANSWER_H

/* What signet-mailbox answers about a delivery:

	signet-answer 1
	mailbox=Junk
	keyword=$Junk
	header=X-Signet-Junk:%20...
	verdict=junk
	remove_rejects=1

   and an empty line. Values are encoded as those of the question are; names
   that we do not know are skipped. */

struct signet_answer {
	/* to file in, NULL: where it would go anyway */
	const char *mailbox;
	/* a word for the log, "none" if there was none */
	const char *verdict;
	ARRAY_TYPE(const_string) keywords;
	/* whole fields, unfolded, without the line's end; all of them have
	   names that begin with "X-Signet-" */
	ARRAY_TYPE(const_string) headers;
	/* accepted, and its sender was verified */
	bool remove_rejects;
};

/* An answer that wants nothing. */
void signet_answer_init(struct signet_answer *answer, pool_t pool);

/* Returns -1 and error_r, a sentence's end, for what is no answer of this
   version. */
int signet_answer_parse(pool_t pool, const buffer_t *data,
			struct signet_answer *answer_r, const char **error_r);

#endif
