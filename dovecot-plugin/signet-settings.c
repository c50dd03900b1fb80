#include "lib.h"
#include "compat.h"
#include "settings-parser.h"
#if SIGNET_DOVECOT_24
#  include "settings.h"
#endif
#include "mail-user.h"
#include "signet-settings.h"

static const struct signet_settings signet_default_settings = {
	.training = TRUE,
	.spool_dir = "/var/spool/signet/dovecot",
	.nudge = "/run/signet/mailbox.nudge",
	.spool_fsync = FALSE,
	.max_message = 1024 * 1024,
	.socket = "/run/signet/mailbox.sock",
	.timeout_msecs = 300,
	.junk_mailbox = "Junk",
	.trash_mailbox = "Trash",
	.rejects_mailbox = "Rejects",
	.quota_interval_msecs = 10 * 1000,
};

#if SIGNET_DOVECOT_24

#undef DEF
#define DEF(type, key, field) \
	SETTING_DEFINE_STRUCT_##type("signet_"key, field, \
				     struct signet_settings)
static const struct setting_define signet_setting_defines[] = {
	DEF(BOOL, "training", training),
	DEF(STR, "spool_dir", spool_dir),
	DEF(STR, "nudge", nudge),
	DEF(BOOL, "spool_fsync", spool_fsync),
	DEF(SIZE, "max_message", max_message),
	DEF(STR, "socket", socket),
	DEF(TIME_MSECS, "timeout", timeout_msecs),
	DEF(STR, "junk_mailbox", junk_mailbox),
	DEF(STR, "trash_mailbox", trash_mailbox),
	DEF(STR, "rejects_mailbox", rejects_mailbox),
	DEF(TIME_MSECS, "quota_interval", quota_interval_msecs),
	SETTING_DEFINE_LIST_END
};

static const struct setting_parser_info signet_setting_parser_info = {
	.name = "signet",
	.plugin_dependency = "lib95_signet_plugin",
	.defines = signet_setting_defines,
	.defaults = &signet_default_settings,
	.struct_size = sizeof(struct signet_settings),
	.pool_offset1 = 1 + offsetof(struct signet_settings, pool),
};

/* lib95_signet_settings.so is this file alone: the configuration process loads
   it to know our settings. */
extern const char *signet_settings_version;
extern const struct setting_parser_info *signet_settings_set_infos[];
SIGNET_EXPORT const char *signet_settings_version = DOVECOT_ABI_VERSION;
SIGNET_EXPORT const struct setting_parser_info *signet_settings_set_infos[] = {
	&signet_setting_parser_info,
	NULL
};

int signet_settings_get(struct mail_user *user,
			const struct signet_settings **set_r,
			const char **error_r)
{
	return settings_get(user->event, &signet_setting_parser_info, 0,
			    set_r, error_r);
}

void signet_settings_free(const struct signet_settings **set)
{
	settings_free(*set);
}

#else

enum signet_setting_type {
	SIGNET_STR,
	SIGNET_BOOL,
	SIGNET_SIZE,
	SIGNET_MSECS,
};

#undef DEF
#define DEF(type, key, field) \
	{ SIGNET_##type, "signet_"key, \
	  offsetof(struct signet_settings, field) }
static const struct signet_setting {
	enum signet_setting_type type;
	const char *key;
	size_t offset;
} signet_settings[] = {
	DEF(BOOL, "training", training),
	DEF(STR, "spool_dir", spool_dir),
	DEF(STR, "nudge", nudge),
	DEF(BOOL, "spool_fsync", spool_fsync),
	DEF(SIZE, "max_message", max_message),
	DEF(STR, "socket", socket),
	DEF(MSECS, "timeout", timeout_msecs),
	DEF(STR, "junk_mailbox", junk_mailbox),
	DEF(STR, "trash_mailbox", trash_mailbox),
	DEF(STR, "rejects_mailbox", rejects_mailbox),
	DEF(MSECS, "quota_interval", quota_interval_msecs),
};

static int signet_bool_parse(const char *value, bool *bool_r,
			     const char **error_r)
{
	if (strcasecmp(value, "yes") == 0 || strcasecmp(value, "y") == 0 ||
	    strcmp(value, "1") == 0)
		*bool_r = TRUE;
	else if (strcasecmp(value, "no") == 0 || strcasecmp(value, "n") == 0 ||
		 strcmp(value, "0") == 0)
		*bool_r = FALSE;
	else {
		*error_r = "neither yes nor no";
		return -1;
	}
	return 0;
}

static int signet_setting_parse(const struct signet_setting *def,
				struct signet_settings *set, const char *value,
				const char **error_r)
{
	void *field = PTR_OFFSET(set, def->offset);

	switch (def->type) {
	case SIGNET_STR:
		*(const char **)field = p_strdup(set->pool, value);
		return 0;
	case SIGNET_BOOL:
		return signet_bool_parse(value, field, error_r);
	case SIGNET_SIZE:
		return settings_get_size(value, field, error_r);
	case SIGNET_MSECS:
		return settings_get_time_msecs(value, field, error_r);
	}
	i_unreached();
}

int signet_settings_get(struct mail_user *user,
			const struct signet_settings **set_r,
			const char **error_r)
{
	struct signet_settings *set =
		p_new(user->pool, struct signet_settings, 1);
	const char *value, *error;
	unsigned int i;

	*set = signet_default_settings;
	set->pool = user->pool;
	for (i = 0; i < N_ELEMENTS(signet_settings); i++) {
		value = mail_user_plugin_getenv(user, signet_settings[i].key);
		if (value == NULL)
			continue;
		if (signet_setting_parse(&signet_settings[i], set, value,
					 &error) < 0) {
			*error_r = t_strdup_printf("%s=%s: %s",
						   signet_settings[i].key,
						   value, error);
			return -1;
		}
	}
	*set_r = set;
	return 0;
}

void signet_settings_free(const struct signet_settings **set)
{
	/* in the user's pool */
	*set = NULL;
}

#endif
