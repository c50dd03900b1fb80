#include "dmarc-reporter/intake_content.h"

#include "base/archive.h"
#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"

static const char *const kind_names[] = {NULL, "dmarc", "tls", "failure",
					 "bounce"};

const char *
intake_kind_name(enum intake_kind kind)
{
	return kind_names[kind];
}

/* --- what the bytes look like --- */

static struct text
without_mark(struct text bytes)
{
	if (text_starts(bytes, TEXT("\xef\xbb\xbf")))
		bytes = text_skip(bytes, 3);
	while (bytes.len > 0 && ascii_is_fws(bytes.at[0]))
		bytes = text_skip(bytes, 1);
	return bytes;
}

/* UTF-16, which the XML reader knows to read */
static bool
is_utf16(struct text bytes)
{
	return text_starts(bytes, TEXT("\xff\xfe")) ||
	       text_starts(bytes, TEXT("\xfe\xff"));
}

/* By the first byte: '<' or '{'. */
static enum intake_kind
sniff_plain(struct text bytes)
{
	struct text plain = without_mark(bytes);

	if (is_utf16(bytes) || text_starts(plain, TEXT("<")))
		return INTAKE_DMARC;
	return text_starts(plain, TEXT("{")) ? INTAKE_TLS : INTAKE_NOTHING;
}

static bool
take_first(void *handle, struct text bytes, struct why *why)
{
	enum intake_kind *kind = handle;

	*kind = sniff_plain(bytes);
	return why_set(why, "neither XML nor JSON is in it");
}

/* Looks into an archive as far as its first bytes. */
static enum intake_kind
sniff(struct text bytes, struct why *why)
{
	enum intake_kind kind = INTAKE_NOTHING;

	archive_read(bytes, LIMIT_REPORT_BYTES,
		     (struct sink){take_first, &kind}, why);
	return kind;
}

/* --- which part it is --- */

static bool
ends_with_any(struct text name, const char *const *endings)
{
	for (; *endings != NULL; endings++)
		if (text_ends_nocase(name, text_from(*endings)))
			return true;
	return false;
}

/* Mail for people often begins with what could be XML or JSON; so text counts
 * only if it says that it is a report. */
static bool
is_for_people(const struct mime_part *part)
{
	static const char *const endings[] = {".xml", ".json", ".gz", ".zip",
					      NULL};
	struct text plain = without_mark(part->bytes);

	if (!text_equal(part->type, TEXT("text/plain")) &&
	    !text_equal(part->type, TEXT("text/html")))
		return false;
	return !ends_with_any(part->name, endings) &&
	       !text_starts(plain, TEXT("<?xml")) &&
	       !text_starts(plain, TEXT("<feedback"));
}

static bool
has_type(const struct mime_part *part, const char *type)
{
	return !part->inner && text_equal(part->type, text_from(type));
}

static const struct mime_part *
find_type(const struct mime_parts *parts, const char *type)
{
	const struct mime_part *part;

	for (part = parts->first; part != NULL; part = part->next)
		if (has_type(part, type))
			return part;
	return NULL;
}

static bool
find_feedback(const struct mime_parts *parts, struct intake_content *content)
{
	const struct mime_part *part =
	    find_type(parts, "message/feedback-report");
	const struct mime_part *original;

	if (part == NULL)
		return false;
	content->kind = INTAKE_FAILURE;
	content->bytes = part->bytes;
	original = find_type(parts, "message/rfc822");
	if (original == NULL)
		original = find_type(parts, "text/rfc822-headers");
	if (original != NULL)
		content->original = original->bytes;
	return true;
}

static bool
find_status(const struct mime_parts *parts, struct intake_content *content)
{
	const struct mime_part *part =
	    find_type(parts, "message/delivery-status");

	if (part == NULL)
		part = find_type(parts, "message/global-delivery-status");
	if (part == NULL)
		return false;
	content->kind = INTAKE_BOUNCE;
	content->bytes = part->bytes;
	return true;
}

static bool
find_report(const struct mime_parts *parts, struct intake_content *content,
	    struct why *why)
{
	const struct mime_part *part;
	struct why reason;

	why_set(why, "no report is in the message%s%s",
		parts->left_out != NULL ? ": " : "",
		parts->left_out != NULL ? parts->left_out : "");
	for (part = parts->first; part != NULL; part = part->next) {
		if (part->inner || part->bytes.len == 0 || is_for_people(part))
			continue;
		content->kind = sniff(part->bytes, &reason);
		content->bytes = part->bytes;
		content->name = part->name;
		if (content->kind != INTAKE_NOTHING)
			return true;
		/* an archive that cannot be read says why */
		if (archive_sniff(part->bytes) == ARCHIVE_NOT)
			continue;
		content->is_broken = true;
		why_set(why, "%s", reason.text);
	}
	return false;
}

bool
intake_content_find(struct arena *arena, const struct mime_parts *parts,
		    struct intake_content *content, struct why *why)
{
	*content = (struct intake_content){0};
	return find_status(parts, content) || find_feedback(parts, content) ||
	       find_report(parts, content, why);
}

bool
intake_content_open(struct arena *arena, struct text file,
		    struct intake_content *content, struct why *why)
{
	struct mime_parts parts;

	*content = (struct intake_content){.bytes = file};
	if (archive_sniff(file) != ARCHIVE_NOT ||
	    sniff_plain(file) != INTAKE_NOTHING) {
		content->kind = sniff(file, why);
		return content->kind != INTAKE_NOTHING;
	}
	return mime_parse(arena, file, &parts, why) &&
	       intake_content_find(arena, &parts, content, why);
}

/* --- reading it --- */

static bool
take_json(void *handle, struct text bytes, struct why *why)
{
	struct buf *buf = handle;

	buf_text(buf, bytes);
	return buf_ok(buf) || why_set(why, "more than %u bytes of JSON",
				      LIMIT_TLS_REPORT_BYTES);
}

static bool
read_tls(struct arena *arena, struct intake_content *content, struct why *why)
{
	struct buf json;

	buf_init(&json, arena, LIMIT_TLS_REPORT_BYTES);
	return archive_read(content->bytes, LIMIT_REPORT_BYTES,
			    (struct sink){take_json, &json}, why) &&
	       tlsrpt_report_read(arena, buf_view(&json), &content->tls, why);
}

static bool
read_dmarc(struct arena *arena, struct text bytes,
	   dmarc_report_record_fn *callback, void *handle,
	   const struct dmarc_report_head **head, struct why *why)
{
	struct dmarc_report_reader *reader =
	    dmarc_report_reader_new(arena, callback, handle);

	return archive_read(bytes, LIMIT_REPORT_BYTES,
			    dmarc_report_reader_sink(reader), why) &&
	       dmarc_report_reader_end(reader, head, why);
}

bool
intake_content_read(struct arena *arena, struct intake_content *content,
		    struct why *why)
{
	switch (content->kind) {
	case INTAKE_DMARC:
		return read_dmarc(arena, content->bytes, NULL, NULL,
				  &content->dmarc, why);
	case INTAKE_TLS:
		return read_tls(arena, content, why);
	case INTAKE_FAILURE:
		return arf_read(arena, content->bytes, &content->failure, why);
	case INTAKE_BOUNCE:
		return dsn_read(arena, content->bytes, &content->bounce, why);
	case INTAKE_NOTHING:
		break;
	}
	return why_set(why, "there is no report");
}

bool
intake_content_rows(struct arena *arena, const struct intake_content *content,
		    dmarc_report_record_fn *callback, void *handle,
		    struct why *why)
{
	const struct dmarc_report_head *head;

	return read_dmarc(arena, content->bytes, callback, handle, &head, why);
}
