/* key_file.h - a private key from a file that nobody else can read */
#ifndef MILTER_KEY_FILE_H
#define MILTER_KEY_FILE_H

#include "base/private_key.h"
#include "base/text.h"

struct arena;
struct why;

/* The file must be a regular one, belong to root or to the user of this
 * process, be readable for its group at most and writable for its owner
 * alone: else the reason names the file, its mode or owner, and the command
 * that sets it right.  The bytes that were read are wiped. */
struct private_key *key_file_read(struct arena *arena, const char *path,
				  struct why *why);

/* The key of a KeyTable entry that is no file: base64 of its DER. */
struct private_key *key_file_inline(struct arena *arena, struct text base64,
				    struct why *why);

#endif
