#include "tlsrpt-collector/log_feed.h"

#include "tlsrpt-collector/log_journal.h"
#include "tlsrpt-collector/log_tail.h"
#include "tlsrpt-collector/maillog_settings.h"

void
log_feed_open(const struct maillog_settings *settings, const char *mark,
	      struct log_feed *feed)
{
	if (settings->log_journal)
		log_journal_open(settings->log_journalctl, mark, feed);
	else
		log_tail_open(settings->log_file, mark, feed);
}

const char *
log_feed_name(const struct maillog_settings *settings)
{
	return settings->log_journal ? "journal" : settings->log_file;
}
