#include "base/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"

/* One archive on its way to the sink. */
struct passage {
	struct archive *archive;
	uint64_t packed, most, passed;
	struct sink to;
};

enum archive_kind
archive_sniff(struct text bytes)
{
	if (text_starts(bytes, TEXT("\x1f\x8b")))
		return ARCHIVE_GZIP;
	if (text_starts(bytes, TEXT("PK\x03\x04")) ||
	    text_starts(bytes, TEXT("PK\x05\x06")))
		return ARCHIVE_ZIP;
	return ARCHIVE_NOT;
}

/* Formats that nobody sends a report in, but somebody may nest. */
static bool
is_packed(struct text bytes)
{
	return archive_sniff(bytes) != ARCHIVE_NOT ||
	       text_starts(bytes, TEXT("BZh")) ||
	       text_starts(bytes, TEXT("\xfd"
				       "7zXZ")) ||
	       text_starts(bytes, TEXT("7z\xbc\xaf\x27\x1c")) ||
	       text_starts(bytes, TEXT("Rar!")) ||
	       text_starts(bytes, TEXT("\x28\xb5\x2f\xfd"));
}

static bool
blame(struct archive *archive, const char *what, struct why *why)
{
	const char *reason = archive_error_string(archive);

	return why_set(why, "%s: %.200s", what,
		       reason != NULL ? reason : "broken");
}

static bool
pass(struct passage *passage, struct text piece, struct why *why)
{
	if (passage->passed == 0 && is_packed(piece))
		return why_set(why, "there is an archive within the archive");
	passage->passed += piece.len;
	if (passage->passed > passage->most)
		return why_set(why, "more than %llu bytes when unpacked",
			       (unsigned long long)passage->most);
	if (passage->passed > LIMIT_ARCHIVE_FREE_BYTES &&
	    passage->passed / LIMIT_ARCHIVE_RATIO > passage->packed)
		return why_set(why, "unpacks to more than %u times its size",
			       LIMIT_ARCHIVE_RATIO);
	return passage->to.put(passage->to.handle, piece, why);
}

static bool
pass_all(struct passage *passage, struct why *why)
{
	char piece[65536];
	la_ssize_t got;

	while ((got = archive_read_data(passage->archive, piece,
					sizeof(piece))) > 0)
		if (!pass(passage, text_of(piece, (size_t)got), why))
			return false;
	if (got < 0)
		return blame(passage->archive, "cannot be unpacked", why);
	if (passage->passed == 0)
		return why_set(why, "there is nothing in it");
	return true;
}

static bool
read_gzip(struct passage *passage, struct text bytes, struct why *why)
{
	struct archive *archive = passage->archive;
	struct archive_entry *entry;

	/* this filter once and no other: gzip in gzip stays packed */
	if (archive_read_append_filter(archive, ARCHIVE_FILTER_GZIP) !=
		ARCHIVE_OK ||
	    archive_read_set_format(archive, ARCHIVE_FORMAT_RAW) !=
		ARCHIVE_OK ||
	    archive_read_open_memory(archive, bytes.at, bytes.len) !=
		ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return blame(archive, "no gzip file", why);
	return pass_all(passage, why);
}

/* What packers put beside the file. */
static bool
is_litter(struct archive_entry *entry)
{
	struct text name = text_from(archive_entry_pathname(entry));

	return archive_entry_filetype(entry) == AE_IFDIR ||
	       text_starts(name, TEXT("__MACOSX/")) ||
	       text_ends_nocase(name, TEXT(".DS_Store"));
}

static bool
is_usable(struct archive *archive, struct archive_entry *entry, struct why *why)
{
	struct text method = text_from(archive_format_name(archive));

	if (archive_entry_is_encrypted(entry))
		return why_set(why, "the zip file is encrypted");
	if (archive_entry_filetype(entry) != AE_IFREG)
		return why_set(why, "the zip file holds what is no file");
	if (!text_ends_nocase(method, TEXT("(deflation)")) &&
	    !text_ends_nocase(method, TEXT("(uncompressed)")))
		return why_set(why,
			       "compression method of " TEXT_FMT " is not read",
			       TEXT_ARG(method));
	return true;
}

/* The next header of a file; 0 at the end, -1 when it is broken. */
static int
next_file(struct archive *archive, struct archive_entry **entry, unsigned *seen,
	  struct why *why)
{
	int status;

	while ((status = archive_read_next_header(archive, entry)) ==
	       ARCHIVE_OK) {
		if (++*seen > LIMIT_ARCHIVE_ENTRIES) {
			why_set(why, "too many entries in the zip file");
			return -1;
		}
		if (!is_litter(*entry))
			return 1;
	}
	if (status == ARCHIVE_EOF)
		return 0;
	blame(archive, "no whole zip file", why);
	return -1;
}

static bool
read_zip(struct passage *passage, struct text bytes, struct why *why)
{
	struct archive *archive = passage->archive;
	struct archive_entry *entry;
	unsigned seen = 0;
	int found;

	if (archive_read_support_format_zip(archive) != ARCHIVE_OK ||
	    archive_read_open_memory(archive, bytes.at, bytes.len) !=
		ARCHIVE_OK)
		return blame(archive, "no zip file", why);
	found = next_file(archive, &entry, &seen, why);
	if (found == 0)
		return why_set(why, "the zip file holds no file");
	if (found < 0 || !is_usable(archive, entry, why) ||
	    !pass_all(passage, why))
		return false;
	found = next_file(archive, &entry, &seen, why);
	if (found > 0)
		why_set(why, "the zip file holds more than one file");
	return found == 0;
}

static bool
read_plain(struct passage *passage, struct text bytes, struct why *why)
{
	struct text piece;

	if (bytes.len > passage->most)
		return why_set(why, "more than %llu bytes",
			       (unsigned long long)passage->most);
	while (bytes.len > 0) {
		piece =
		    text_of(bytes.at, bytes.len < 65536 ? bytes.len : 65536);
		if (!passage->to.put(passage->to.handle, piece, why))
			return false;
		bytes = text_skip(bytes, piece.len);
	}
	return true;
}

bool
archive_read(struct text bytes, uint64_t most, struct sink to, struct why *why)
{
	struct passage passage = {.packed = bytes.len, .most = most, .to = to};
	enum archive_kind kind = archive_sniff(bytes);
	bool fine;

	if (kind == ARCHIVE_NOT)
		return read_plain(&passage, bytes, why);
	passage.archive = archive_read_new();
	xalloc_check(passage.archive != NULL);
	fine = kind == ARCHIVE_ZIP ? read_zip(&passage, bytes, why)
				   : read_gzip(&passage, bytes, why);
	archive_read_free(passage.archive);
	return fine;
}
