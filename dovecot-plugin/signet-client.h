#ifndef SIGNET_CLIENT_H
#define SIGNET_CLIENT_H

/* One question to signet-mailbox, over a unix stream socket: everything about
   it, connecting included, ends at one deadline of the monotonic clock. */

struct istream;

enum signet_client_result {
	SIGNET_CLIENT_ANSWERED,
	/* nobody listens, or what came is no answer: this cost no time */
	SIGNET_CLIENT_FAILED,
	/* the deadline passed */
	SIGNET_CLIENT_TIMED_OUT,
};

struct signet_question {
	const char *socket_path;
	unsigned int timeout_msecs;
	/* "signet-deliver 1\n", lines of name=value, an empty line */
	const char *head;
	/* of which at most this many bytes are sent, from its start */
	struct istream *message;
	uoff_t max_message;
};

/* Appends the value to dest with all bytes below 0x21, 0x7f and '%' as %XX. */
void signet_client_encode(string_t *dest, const char *value);

/* The answer includes the empty line that ends it. Otherwise error_r is a
   sentence's end ("it did not answer within 300 ms"). */
enum signet_client_result
signet_client_ask(const struct signet_question *question, buffer_t *answer,
		  const char **error_r);

#endif
