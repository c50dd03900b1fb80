/* list_options - all options of all programs, for the test of the manual
 *
 * One a line: section, name, default ("-" if unset), the words it takes, its
 * type, and the least and the most that a number may be (0: no matter), with
 * tabs between.
 */
#include <inttypes.h>
#include <stdio.h>

#include "dmarc-reporter/intake_settings.h"
#include "dmarc-reporter/report_settings.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "io/config_common.h"
#include "io/config_domain.h"
#include "io/config_keys.h"
#include "io/config_reports.h"
#include "milter/options.h"
#include "milter/sign_options.h"
#include "postfix-policy/settings.h"
#include "postfix-policy/sts_settings.h"
#include "sql/load_settings.h"
#include "tlsrpt-collector/collect_settings.h"
#include "tlsrpt-collector/maillog_settings.h"
#include "tlsrpt-collector/tls_report_settings.h"

static const char *
type_name(enum config_type type)
{
	switch (type) {
	case CONFIG_STRING:
		return "string";
	case CONFIG_STRINGS:
		return "list";
	case CONFIG_BOOL:
		return "flag";
	case CONFIG_UINT:
		return "number";
	case CONFIG_SECONDS:
		return "time";
	case CONFIG_BYTES:
		return "bytes";
	case CONFIG_WORD:
		return "word";
	case CONFIG_WORDS:
		return "words";
	case CONFIG_NETWORKS:
		return "networks";
	}
	return "";
}

static void
list(const struct config_option *table)
{
	const struct config_option *option;
	const char *const *word;

	for (option = table; option->section != NULL; option++) {
		printf("%s\t%s\t%s\t", option->section, option->name,
		       option->otherwise != NULL ? option->otherwise : "-");
		for (word = option->words; word != NULL && *word != NULL;
		     word++)
			printf("%s ", *word);
		if (option->type == CONFIG_BOOL)
			fputs("yes no ", stdout);
		printf("\t%s\t%" PRIu64 "\t%" PRIu64 "\n",
		       type_name(option->type), option->least, option->most);
	}
}

int
main(void)
{
	list(config_common_table);
	list(config_domain_table);
	list(config_keys_table);
	list(config_reports_table);
	list(milter_options_table);
	list(sign_options_table);
	list(load_settings_table);
	list(policy_options_table);
	list(sts_settings_table);
	list(report_settings_table);
	list(intake_settings_table);
	list(collect_settings_table);
	list(maillog_settings_table);
	list(tls_report_settings_table);
	list(mailbox_settings_table);
	return 0;
}
