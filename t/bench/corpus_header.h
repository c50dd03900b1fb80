/* corpus_header.h - one header field of a message of the corpus */
#ifndef BENCH_CORPUS_HEADER_H
#define BENCH_CORPUS_HEADER_H

/* A header field as the milter protocol sends it: lines end in LF, `value`
 * keeps the space behind the colon. Both are zero-terminated. */
struct header {
	const char *name;
	const char *value;
};

#endif
