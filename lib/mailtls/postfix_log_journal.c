#include "mailtls/postfix_log_journal.h"

#include "base/json.h"
#include "base/scan.h"
#include "mailtls/postfix_log.h"
#include "mailtls/postfix_log_time.h"

static struct text
member(const struct json *object, const char *name)
{
	const struct json *value = json_member(object, name);
	struct text text = {NULL, 0};

	if (value != NULL)
		json_text(value, &text);
	return text;
}

static bool
take_number(const struct json *object, const char *name, uint64_t most,
	    uint64_t *number)
{
	return text_to_u64(member(object, name), most, number);
}

bool
postfix_log_parse_json(struct arena *arena, struct text line,
		       struct postfix_log *log)
{
	struct json_doubts doubts;
	const struct json *object;
	uint64_t pid, unix_us;

	*log = (struct postfix_log){.kind = POSTFIX_LOG_OTHER};
	object = json_parse(arena, line, &doubts, NULL);
	if (object == NULL || json_kind(object) != JSON_KIND_OBJECT)
		return false;
	log->cursor = member(object, "__CURSOR");
	log->host = member(object, "_HOSTNAME");
	if (!take_number(object, "SYSLOG_PID", UINT32_MAX, &pid) &&
	    !take_number(object, "_PID", UINT32_MAX, &pid))
		return false;
	/* the time of the sender first, as syslog would have it */
	if (!take_number(object, "_SOURCE_REALTIME_TIMESTAMP", INT64_MAX,
			 &unix_us) &&
	    !take_number(object, "__REALTIME_TIMESTAMP", INT64_MAX, &unix_us))
		return false;
	if (unix_us > 253402300799u * UINT64_C(1000000))
		return false; /* after the year 9999 */
	log->pid = (uint32_t)pid;
	postfix_log_set_time((int64_t)unix_us, &log->time);
	return postfix_log_message(member(object, "SYSLOG_IDENTIFIER"),
				   member(object, "MESSAGE"), log);
}
