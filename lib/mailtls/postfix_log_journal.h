/* postfix_log_journal.h - what postfix_log_journal.c has of postfix_log.c */
#ifndef MAILTLS_POSTFIX_LOG_JOURNAL_H
#define MAILTLS_POSTFIX_LOG_JOURNAL_H

#include <stdbool.h>

#include "base/text.h"

struct postfix_log;

/* The message that a program with this tag ("postfix/smtp") logged. */
bool postfix_log_message(struct text tag, struct text message,
			 struct postfix_log *log);

#endif
