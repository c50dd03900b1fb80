#include "unit.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/archive.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"

struct entry {
	const char *name;
	struct text content;
};

/* What libarchive packs; the filter alone, around one content, for gzip. */
static struct text
pack(struct arena *arena, bool zip, const struct entry *entries, size_t count)
{
	size_t room = 4u << 20, used = 0, i;
	char *bytes = arena_bytes(arena, room);
	struct archive *to = archive_write_new();

	if (zip)
		archive_write_set_format_zip(to);
	else
		archive_write_set_format_raw(to);
	if (!zip)
		archive_write_add_filter_gzip(to);
	assert_int_equal(archive_write_open_memory(to, bytes, room, &used),
			 ARCHIVE_OK);
	for (i = 0; i < count; i++) {
		struct archive_entry *entry = archive_entry_new();
		bool is_directory = entries[i].content.at == NULL;

		archive_entry_set_pathname(entry, entries[i].name);
		archive_entry_set_filetype(entry,
					   is_directory ? AE_IFDIR : AE_IFREG);
		if (!is_directory)
			archive_entry_set_size(
			    entry, (la_int64_t)entries[i].content.len);
		assert_int_equal(archive_write_header(to, entry), ARCHIVE_OK);
		if (!is_directory)
			archive_write_data(to, entries[i].content.at,
					   entries[i].content.len);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(to), ARCHIVE_OK);
	archive_write_free(to);
	return text_of(bytes, used);
}

static struct text
pack_one(struct arena *arena, bool zip, struct text content)
{
	struct entry entry = {"report.xml", content};

	return pack(arena, zip, &entry, 1);
}

static bool
put(void *handle, struct text bytes, struct why *why)
{
	buf_text(handle, bytes);
	return buf_ok(handle) || why_set(why, "the test has no room");
}

static struct sink
into(struct buf *buf)
{
	return (struct sink){put, buf};
}

static struct text
read_back(struct arena *arena, struct text bytes, struct why *why)
{
	static struct buf to;

	buf_init(&to, arena, 3u << 20);
	if (!archive_read(bytes, 3u << 20, into(&to), why))
		return text_of(NULL, 0);
	return buf_view(&to);
}

static void
assert_refused(struct text bytes, uint64_t most, struct arena *arena,
	       const char *reason)
{
	struct buf to;
	struct why why;

	buf_init(&to, arena, 40u << 20);
	assert_false(archive_read(bytes, most, into(&to), &why));
	if (strstr(why.text, reason) == NULL)
		fail_msg("got \"%s\", want \"%s\"", why.text, reason);
}

static void
reads_what_was_packed(void **state)
{
	struct text text = TEXT("<feedback>hello</feedback>");

	assert_text(read_back(*state, pack_one(*state, false, text), NULL),
		    text.at);
	assert_text(read_back(*state, pack_one(*state, true, text), NULL),
		    text.at);
	assert_text(read_back(*state, text, NULL), text.at);
	assert_int_equal(archive_sniff(text), ARCHIVE_NOT);
	assert_int_equal(archive_sniff(pack_one(*state, true, text)),
			 ARCHIVE_ZIP);
	assert_int_equal(archive_sniff(pack_one(*state, false, text)),
			 ARCHIVE_GZIP);
}

static void
litter_beside_the_file_is_passed_over(void **state)
{
	const struct entry entries[] = {
	    {"reports/", text_of(NULL, 0)},
	    {"__MACOSX/._a.xml", TEXT_INIT("x")},
	    {"reports/a.xml", TEXT_INIT("content")},
	    {"reports/.DS_Store", TEXT_INIT("y")},
	};

	assert_text(read_back(*state, pack(*state, true, entries, 4), NULL),
		    "content");
}

static void
one_file_no_more_no_less(void **state)
{
	const struct entry two[] = {{"a.xml", TEXT_INIT("a")},
				    {"b.xml", TEXT_INIT("b")}};
	const struct entry none[] = {{"a/", text_of(NULL, 0)}};
	struct entry many[LIMIT_ARCHIVE_ENTRIES + 1];
	size_t i;

	assert_refused(pack(*state, true, two, 2), 1000, *state,
		       "more than one file");
	assert_refused(pack(*state, true, none, 1), 1000, *state,
		       "holds no file");
	for (i = 0; i < LIMIT_ARCHIVE_ENTRIES + 1; i++)
		many[i] = (struct entry){"d/", text_of(NULL, 0)};
	assert_refused(pack(*state, true, many, i), 1000, *state,
		       "too many entries");
}

static void
nothing_nested(void **state)
{
	struct text gzip = pack_one(*state, false, TEXT("a"));
	struct text zip = pack_one(*state, true, TEXT("a"));

	assert_refused(pack_one(*state, true, zip), 1000, *state,
		       "archive within");
	assert_refused(pack_one(*state, true, gzip), 1000, *state,
		       "archive within");
	assert_refused(pack_one(*state, false, gzip), 1000, *state,
		       "archive within");
	assert_refused(pack_one(*state, false, zip), 1000, *state,
		       "archive within");
}

/* item_37: 30 MB of one byte shrink to a thousandth. */
static void
bombs_are_refused_early(void **state)
{
	size_t bytes = 30u << 20;
	char *zeros = calloc(1, bytes);
	struct text bomb = text_of(zeros, bytes);

	assert_refused(pack_one(*state, false, bomb), 64u << 20, *state,
		       "times its size");
	assert_refused(pack_one(*state, true, bomb), 64u << 20, *state,
		       "times its size");
	assert_refused(pack_one(*state, true, bomb), 1u << 20, *state,
		       "more than 1048576 bytes");
	assert_refused(bomb, 1u << 20, *state, "more than 1048576 bytes");
	free(zeros);
}

static void
broken_files(void **state)
{
	static const char words[] = "all kinds of words, to be cut short 12345";
	struct text gzip = pack_one(*state, false, TEXT(words));
	struct text zip = pack_one(*state, true, TEXT(words));

	assert_refused(text_first(gzip, gzip.len - 12), 1000, *state,
		       "cannot be unpacked");
	assert_refused(text_first(gzip, 5), 1000, *state, "");
	assert_refused(text_first(zip, 20), 1000, *state, "");
	assert_refused(text_first(zip, zip.len / 3), 1000, *state, "");
}

static bool
refuse(void *handle, struct text bytes, struct why *why)
{
	return why_set(why, "enough");
}

static void
the_sink_may_end_it(void **state)
{
	struct sink sink = {refuse, NULL};
	struct why why;

	assert_false(
	    archive_read(pack_one(*state, true, TEXT("a")), 100, sink, &why));
	assert_string_equal(why.text, "enough");
	assert_false(archive_read(TEXT("plain"), 100, sink, &why));
	assert_string_equal(why.text, "enough");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(reads_what_was_packed),
	    arena_unit_test(litter_beside_the_file_is_passed_over),
	    arena_unit_test(one_file_no_more_no_less),
	    arena_unit_test(nothing_nested),
	    arena_unit_test(bombs_are_refused_early),
	    arena_unit_test(broken_files),
	    arena_unit_test(the_sink_may_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
