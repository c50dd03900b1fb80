#ifndef SIGNET_KEYWORDS_H
#define SIGNET_KEYWORDS_H

/* What the keywords of a message say of junk, in all spellings of clients. */

struct signet_opinion {
	bool junk, notjunk;
};

/* The list is NULL-ended. */
struct signet_opinion signet_opinion_of(const char *const *keywords);

#endif
