#include "mailtls/sts_record.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/why.h"
#include "mailtls/txt_fields.h"

static const char version[] = "v=STSv1";

bool
sts_record_is(struct text txt)
{
	struct scan in;

	return txt_fields_begin(&in, txt, version);
}

static bool
is_id(struct text id)
{
	size_t i;

	for (i = 0; i < id.len; i++)
		if (!ascii_is_alnum(id.at[i]))
			return false;
	return id.len > 0 && id.len <= STS_ID_BYTES;
}

static bool
take_field(const struct txt_field *field, struct sts_record *record,
	   struct why *why)
{
	if (!text_equal(field->name, TEXT("id")))
		return txt_fields_is_value(field->value) ||
		       why_set(why, "an extension has an impossible value");
	if (record->id.len > 0)
		return why_set(why, "id is given twice");
	if (!is_id(field->value))
		return why_set(why, "id is not 1 to 32 letters and digits");
	record->id = field->value;
	return true;
}

bool
sts_record_parse(struct text txt, struct sts_record *record, struct why *why)
{
	struct txt_field field;
	bool broken = false;
	struct scan in;

	*record = (struct sts_record){0};
	if (!txt_fields_begin(&in, txt, version))
		return why_set(why, "does not begin with v=STSv1;");
	while (txt_fields_next(&in, &field, &broken, why))
		if (!take_field(&field, record, why))
			return false;
	if (broken)
		return false;
	return record->id.len > 0 || why_set(why, "there is no id");
}

bool
sts_record_write(struct buf *to, const struct sts_record *record)
{
	if (!is_id(record->id))
		return false;
	buf_printf(to, "%s; id=", version);
	buf_text(to, record->id);
	buf_char(to, ';');
	return true;
}
