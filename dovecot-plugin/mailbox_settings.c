#include "dovecot-plugin/mailbox_settings.h"

#include "base/arena.h"
#include "base/why.h"
#include "io/listen.h"

#define ROW(name, member, type, otherwise, least, most, help)                  \
	{                                                                      \
		"mailbox", name, type,                                         \
		    offsetof(struct mailbox_settings, member), otherwise,      \
		    least, most, NULL, help                                    \
	}
#define OPTION(name, type, otherwise, help)                                    \
	ROW(#name, name, type, otherwise, 0, 0, help)
#define NUMBER(name, type, otherwise, least, most, help)                       \
	ROW(#name, name, type, otherwise, least, most, help)

const struct config_option mailbox_settings_table[] = {
    OPTION(socket, CONFIG_STRING, "unix:" SIGNET_RUNDIR "/mailbox.sock",
	   "write unix:/path"),
    OPTION(nudge, CONFIG_STRING, "unix:" SIGNET_RUNDIR "/mailbox.nudge",
	   "write unix:/path"),
    OPTION(socket_group, CONFIG_STRING, NULL,
	   "name the group that mail is delivered as"),
    OPTION(socket_mode, CONFIG_STRING, "0666",
	   "write an octal mode such as 0660"),
    OPTION(metrics, CONFIG_STRING, NULL,
	   "write unix:/path or inet:port@127.0.0.1"),
    NUMBER(connections, CONFIG_UINT, "4", 2, 64,
	   "write a number of connections to the database"),
    NUMBER(threads, CONFIG_UINT, "4", 1, 64, "write a number of threads"),
    NUMBER(patience, CONFIG_UINT, "150", 0, 240000,
	   "write milliseconds, fewer than signet_timeout of Dovecot"),
    OPTION(spool, CONFIG_STRING, SIGNET_SPOOLDIR "/dovecot",
	   "name the directory signet_spool_dir of Dovecot"),
    NUMBER(max_event, CONFIG_BYTES, "2M", 4096, 32u << 20,
	   "write a size above signet_max_message of Dovecot, such as 2M"),
    NUMBER(user_events, CONFIG_UINT, "1000", 1, 1000000,
	   "write a number of events in a minute"),
    OPTION(mail_owners, CONFIG_STRINGS, NULL,
	   "name the users of the system that hold mail, such as vmail"),
    ROW("keep_events", keep_events_s, CONFIG_SECONDS, "30d", 86400, UINT64_MAX,
	"write a time such as 30d"),
    OPTION(authserv_id, CONFIG_STRING, NULL,
	   "write the authserv_id of signet-milter"),
    OPTION(junk, CONFIG_BOOL, "yes", "write yes or no"),
    NUMBER(threshold, CONFIG_UINT, "95", 50, 100,
	   "write a percentage such as 95"),
    NUMBER(least_ham, CONFIG_UINT, "50", 1, 1000000,
	   "write how many messages that are no junk must be known"),
    OPTION(junk_mailbox, CONFIG_STRING, "Junk", "name a mailbox"),
    OPTION(junk_keyword, CONFIG_STRING, NULL,
	   "write a keyword such as $Junk, or leave it out"),
    OPTION(tagged_mailbox, CONFIG_STRING, NULL,
	   "name a mailbox such as Rejects, or leave it out"),
    OPTION(header, CONFIG_BOOL, "yes", "write yes or no"),
    NUMBER(words, CONFIG_UINT, "50000", 1000, 1000000,
	   "write how many words one account may have"),
    ROW("words_age", words_age_s, CONFIG_SECONDS, "365d", 86400, UINT64_MAX,
	"write a time such as 365d"),
    NUMBER(site_words, CONFIG_UINT, "200000", 1000, 2000000,
	   "write how many words all may share"),
    NUMBER(site_messages, CONFIG_UINT, "100", 0, 10000,
	   "write how many messages of one account all may learn from"),
    NUMBER(site_users, CONFIG_UINT, "2", 1, 1000,
	   "write how many accounts must know a word before all learn it"),
    NUMBER(cache, CONFIG_BYTES, "128M", 1u << 20, UINT64_MAX,
	   "write a size such as 128M"),
    ROW("look", look_s, CONFIG_SECONDS, "5s", 1, 3600,
	"write a time such as 5s"),
    OPTION(rules_skip, CONFIG_STRINGS, "Archive Archives",
	   "name folders into which everything is moved"),
    NUMBER(lists_accounts, CONFIG_UINT, "0", 0, 1000000,
	   "write how many accounts must have a rule for a list, 0 for off"),
    OPTION(lists_file, CONFIG_STRING, SIGNET_MAILBOXDIR "/lists",
	   "name the lists_file of signet-milter"),
    {.section = NULL},
};

static bool
blame(const struct config_source *source, const char *option, struct why *why)
{
	why_prefix(why, "%s", option);
	return config_blame(source, "mailbox", NULL, option, NULL, why);
}

static bool
check_path(const char *where, struct why *why)
{
	struct listen_address address;

	return listen_parse(where, &address, why) &&
	       (listen_path(&address) != NULL ||
		why_set(why, "\"%.80s\" is no unix socket; write unix:/path",
			where));
}

static bool
check(const struct config_source *source,
      const struct mailbox_settings *settings, struct why *why)
{
	struct listen_address address;
	mode_t mode;

	if (!check_path(settings->socket, why))
		return blame(source, "socket", why);
	if (!check_path(settings->nudge, why))
		return blame(source, "nudge", why);
	if (!listen_parse_mode(settings->socket_mode, &mode, why))
		return blame(source, "socket_mode", why);
	if (settings->metrics != NULL &&
	    !listen_parse(settings->metrics, &address, why))
		return blame(source, "metrics", why);
	if (settings->spool[0] != '/') {
		why_set(why, "\"%.80s\" is no whole path", settings->spool);
		return blame(source, "spool", why);
	}
	if (settings->lists_file[0] != '/') {
		why_set(why, "\"%.80s\" is no whole path",
			settings->lists_file);
		return blame(source, "lists_file", why);
	}
	return true;
}

bool
mailbox_settings_read(struct arena *arena, const char *path,
		      struct mailbox_settings *settings,
		      struct config_source **source, struct why *why)
{
	*settings = (struct mailbox_settings){.junk = false};
	*source = config_read(arena, path, why);
	if (*source == NULL ||
	    !config_common_fill(arena, *source, &settings->common, why) ||
	    !config_fill(*source, mailbox_settings_table, "mailbox", NULL,
			 settings, why) ||
	    !config_check(*source, config_known_sections, why) ||
	    !check(*source, settings, why))
		return false;
	if (settings->authserv_id == NULL)
		settings->authserv_id = settings->common.hostname;
	return true;
}
