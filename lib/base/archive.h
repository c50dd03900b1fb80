/* archive.h - what lies in a gzip or zip file, within bounds
 *
 * The one file that includes libarchive.  The content streams past in pieces,
 * so that memory does not grow with it.  Refused: more than the wanted bytes,
 * a ratio above LIMIT_ARCHIVE_RATIO (after LIMIT_ARCHIVE_FREE_BYTES, since
 * short text shrinks well), a zip with more or less than one file in it,
 * encryption, compression methods other than deflate, an archive within the
 * archive.
 */
#ifndef BASE_ARCHIVE_H
#define BASE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sink.h"
#include "base/text.h"

struct why;

enum archive_kind { ARCHIVE_NOT = 1, ARCHIVE_GZIP, ARCHIVE_ZIP };

/* By the first bytes, whatever a file name says. */
enum archive_kind archive_sniff(struct text bytes);

/* Bytes that are no archive go to the sink as they are, under the same bound
 * of `most` bytes.  False with a reason when something is refused or broken,
 * or the sink has had enough; what the sink has got by then is worthless. */
bool archive_read(struct text bytes, uint64_t most, struct sink to,
		  struct why *why);

#endif
