#include "milter/glue.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/listen.h"
#include "io/log.h"
#include "io/spool.h"
#include "milter/counters.h"
#include "milter/facts.h"
#include "milter/live.h"
#include "milter/session.h"

/* connections that may wait to be taken; libmilter's own 20 is few for a
 * burst */
#define BACKLOG 1024

/* how long a stop waits for messages on their way */
#define STOP_WAIT_MS 10000

static struct listen_address own_socket;
static atomic_bool is_open; /* own_socket may be read by other threads */
static atomic_bool stopping;
static sem_t stopped; /* smfi_stop has returned */

/* how long the end waits for that; smfi_stop needs five seconds at most */
#define STOP_END_S 10

static void
set_on_its_way(struct session *session, bool on_its_way)
{
	if (session->on_its_way == on_its_way)
		return;
	session->on_its_way = on_its_way;
	if (on_its_way)
		live_begin();
	else
		live_end();
}

static void
end_message(struct session *session)
{
	session_reset(session);
	set_on_its_way(session, false);
}

static pthread_mutex_t engine_lock = PTHREAD_MUTEX_INITIALIZER;
static struct engine *current;

void
glue_use(struct engine *engine)
{
	struct engine *before;

	pthread_mutex_lock(&engine_lock);
	before = current;
	current = engine != NULL ? engine_hold(engine) : NULL;
	pthread_mutex_unlock(&engine_lock);
	if (before != NULL)
		engine_release(before);
}

static struct session *
new_session(void)
{
	struct session *session;

	pthread_mutex_lock(&engine_lock);
	session = session_new(current);
	pthread_mutex_unlock(&engine_lock);
	return session;
}

/* Every connection begins with on_connect, unless the peer is no mail
 * server: libmilter takes the steps in many orders. */
static struct session *
session_of(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL) {
		session = new_session();
		smfi_setpriv(ctx, session);
	}
	return session;
}

static struct text
macro(SMFICTX *ctx, const char *name)
{
	return text_from(smfi_getsymval(ctx, (char *)(uintptr_t)name));
}

/* "<a@example.com>" or the same without brackets, as local mail comes. */
static struct text
without_brackets(const char *path)
{
	struct text text = text_from(path);

	if (text.len >= 2 && text.at[0] == '<' &&
	    text.at[text.len - 1] == '>')
		return text_of(text.at + 1, text.len - 2);
	return text;
}

/* --- stages that are not answered --- */

static atomic_bool answers_wanted; /* by a mail server that was here */

/* libmilter writes a log line for each stage that it was told not to answer
 * and that returns anything but SMFIS_NOREPLY.  It does without an answer
 * even so, while a mail server that knows no such flags would wait for ever:
 * once one was here, stages answer where they can. */
static sfsistat
silent(void)
{
	return atomic_load(&answers_wanted) ? SMFIS_CONTINUE : SMFIS_NOREPLY;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1,
	     unsigned long f2, unsigned long f3, unsigned long *pf0,
	     unsigned long *pf1, unsigned long *pf2, unsigned long *pf3)
{
	unsigned long no_reply = SMFIP_NR_CONN | SMFIP_NR_HELO |
				 SMFIP_NR_MAIL | SMFIP_NR_RCPT |
				 SMFIP_NR_DATA | SMFIP_NR_UNKN |
				 SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;

	if ((f1 & no_reply) != no_reply)
		atomic_store(&answers_wanted, true);
	*pf0 = (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE) & f0;
	*pf1 = (no_reply | SMFIP_NOUNKNOWN | SMFIP_NODATA |
		SMFIP_HDR_LEADSPC) &
	       f1;
	*pf2 = *pf3 = 0;
	if ((f1 & SMFIP_HDR_LEADSPC) == 0)
		log_warning("the mail server cannot hand over leading space "
			    "of header fields: DKIM signatures with simple "
			    "header canonicalization will fail");
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, struct sockaddr *address)
{
	struct session *session = session_of(ctx);
	struct ipaddr peer = {0};

	ipaddr_from_sockaddr(address, &peer);
	session_connect(session, text_from(name), &peer);
	counters_add(COUNT_CONNECTIONS);
	return silent();
}

static sfsistat
on_helo(SMFICTX *ctx, char *helo)
{
	session_helo(session_of(ctx), text_from(helo));
	return silent();
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct session *session = session_of(ctx);
	struct text version = macro(ctx, "{tls_version}");

	if (version.len > 0)
		session_tls(session, version, macro(ctx, "{cipher}"),
			    macro(ctx, "{cipher_bits}"));
	set_on_its_way(session, true);
	session_mail(session, without_brackets(argv[0]),
		     macro(ctx, "{auth_authen}"));
	for (argv++; *argv != NULL; argv++)
		session_mail_argument(session, text_from(*argv));
	return silent();
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	session_rcpt(session_of(ctx), without_brackets(argv[0]));
	return silent();
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	session_header(session_of(ctx), text_from(name), text_from(value));
	return silent();
}

static sfsistat
on_end_of_header(SMFICTX *ctx)
{
	session_end_of_header(session_of(ctx));
	return silent();
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t bytes)
{
	/* A mail server that wants answers may not know SMFIS_SKIP, and the
	 * size of the message is a fact. */
	session_body(session_of(ctx), text_of((const char *)chunk, bytes));
	return silent();
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		end_message(session);
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	smfi_setpriv(ctx, NULL);
	if (session == NULL)
		return SMFIS_CONTINUE;
	end_message(session);
	session_free(session);
	return SMFIS_CONTINUE;
}

/* --- the end of a message --- */

/* From the last on, so that the numbers of those above stay valid whatever
 * the MTA does with them. */
static void
remove_fields(SMFICTX *ctx, const char *name,
	      const struct forged_list *list)
{
	size_t i;

	for (i = list->count; i > 0; i--)
		smfi_chgheader(ctx, (char *)(uintptr_t)name,
			       (int)list->numbers[i - 1], NULL);
}

/* libmilter wants folded lines with a bare line feed, and with LEADSPC the
 * space after the colon. */
static char *
header_value(struct session *session, struct text value)
{
	char *to = arena_bytes(session->arena, value.len + 2), *at = to;
	size_t i;

	*at++ = ' ';
	for (i = 0; i < value.len; i++)
		if (value.at[i] != '\r')
			*at++ = value.at[i];
	*at = '\0';
	return to;
}

static void
change_message(SMFICTX *ctx, struct session *session)
{
	const struct decision *decision = &session->decision;

	if (session->engine->options->role != ROLE_INTERNAL) {
		remove_fields(ctx, RESULTS_FIELD, &session->forged.results);
		remove_fields(ctx, TAG_FIELD, &session->forged.tags);
	}
	smfi_insheader(ctx, 0, (char *)(uintptr_t) RESULTS_FIELD,
		       header_value(session, session->auth_results));
	if (decision->action == ACTION_TAG ||
	    decision->action == ACTION_QUARANTINE)
		smfi_insheader(
		    ctx, 1, (char *)(uintptr_t)TAG_FIELD,
		    arena_printf(session->arena, " quarantine; reason=%s",
				 decision->reason));
	if (decision->action == ACTION_QUARANTINE)
		smfi_quarantine(ctx,
				arena_printf(session->arena, "signet: %s",
					     decision->reason));
}

static sfsistat
answer(SMFICTX *ctx, struct session *session)
{
	const struct decision *decision = &session->decision;

	if (session->engine->options->mode == MODE_TEST)
		return SMFIS_CONTINUE;
	switch (decision->action) {
	case ACTION_ACCEPT:
	case ACTION_TAG:
	case ACTION_QUARANTINE:
		change_message(ctx, session);
		return SMFIS_CONTINUE;
	case ACTION_REJECT:
	case ACTION_TEMPFAIL:
		smfi_setreply(ctx, (char *)(uintptr_t)decision->code,
			      (char *)(uintptr_t)decision->status,
			      text_string(session->arena,
					  text_from(decision->text)));
		return decision->action == ACTION_REJECT ? SMFIS_REJECT
							 : SMFIS_TEMPFAIL;
	}
	return SMFIS_CONTINUE;
}

/* One line when the spool stops to take lines and one when it does again; it
 * counts what it could not keep. */
static void
keep_facts(struct session *session, struct text queue_id)
{
	static bool in_trouble;
	struct why why;
	bool kept;

	if (session->engine->spool == NULL)
		return;
	kept = spool_append(session->engine->spool,
			    facts_event(session, queue_id), &why);
	if (__atomic_exchange_n(&in_trouble, !kept, __ATOMIC_RELAXED) != kept)
		return;
	if (kept)
		log_info("facts are kept again");
	else
		log_error("facts of messages are not kept, mail goes on: %s",
			  why.text);
}

static void
record(struct session *session, struct text queue_id)
{
	struct buf line;

	counters_message(&session->verdict, &session->decision,
			 session->begun_ms);
	keep_facts(session, queue_id);
	buf_init(&line, session->arena, 2000);
	facts_log(session, queue_id, &line);
	log_info(TEXT_FMT, TEXT_ARG(buf_view(&line)));
}

static sfsistat
on_end_of_message(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);
	sfsistat status;

	session_end(session);
	status = answer(ctx, session);
	record(session, macro(ctx, "i"));
	end_message(session);
	return status;
}

/* --- the listener --- */

static void
describe(struct smfiDesc *milter)
{
	memset(milter, 0, sizeof(*milter));
	milter->xxfi_name = (char *)(uintptr_t) "signet-milter";
	milter->xxfi_version = SMFI_VERSION;
	milter->xxfi_flags =
	    SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE;
	milter->xxfi_connect = on_connect;
	milter->xxfi_helo = on_helo;
	milter->xxfi_envfrom = on_mail;
	milter->xxfi_envrcpt = on_rcpt;
	milter->xxfi_header = on_header;
	milter->xxfi_eoh = on_end_of_header;
	milter->xxfi_body = on_body;
	milter->xxfi_eom = on_end_of_message;
	milter->xxfi_abort = on_abort;
	milter->xxfi_close = on_close;
	milter->xxfi_negotiate = on_negotiate;
}

bool
glue_open(const struct milter_options *options, struct why *why)
{
	struct listen_access access = {.group = options->socket_group};
	struct smfiDesc milter;

	if (!listen_parse(options->listen, &own_socket, why) ||
	    !listen_parse_mode(options->socket_mode, &access.mode, why) ||
	    !listen_remove_stale(&own_socket, why))
		return false;
	sem_init(&stopped, 0, 0);
	describe(&milter);
	if (smfi_register(milter) == MI_FAILURE)
		return why_set(why, "libmilter refused the registration");
	/* It hangs up on a header field above 64 KiB otherwise. */
	smfi_setmaxdatasize(LIMIT_MILTER_PACKET_BYTES);
	if (smfi_setconn((char *)(uintptr_t)options->listen) == MI_FAILURE ||
	    smfi_setbacklog(BACKLOG) == MI_FAILURE ||
	    smfi_opensocket(false) == MI_FAILURE)
		return why_set(why, "cannot listen on %s; see that this user "
				    "may make it, and that its address is "
				    "of this host",
			       options->listen);
	listen_send_at_once();
	atomic_store(&is_open, true);
	return listen_set_access(&own_socket, &access, why);
}

/* The signal thread of libmilter would take SIGHUP as a wish to stop.  It
 * is the only caller of sigwait here (service.c uses sigwaitinfo), so it
 * gets one that never returns. */
int
sigwait(const sigset_t *set, int *number)
{
	(void)set;
	(void)number;
	for (;;)
		pause();
}

/* At exit libmilter takes its locks away: smfi_stop must be through. */
static void
wait_for_stop(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_END_S;
	while (stopping && sem_timedwait(&stopped, &until) != 0 &&
	       errno == EINTR)
		continue;
}

bool
glue_serve(struct why *why)
{
	/* A listener that was told to stop ends with a failure too. */
	if (smfi_main() == MI_FAILURE && !stopping)
		return why_set(why, "libmilter ended with an error");
	wait_for_stop();
	return true;
}

static void *
tell_libmilter(void *unused)
{
	smfi_stop();
	return NULL;
}

/* After smfi_stop libmilter reads nothing more, so the messages come first;
 * until then all goes on as before.
 *
 * smfi_stop raises a flag and then waits for a lock that the listener holds
 * until somebody connects, or five seconds have gone. */
void
glue_stop(void)
{
	struct timespec until;
	pthread_t teller;

	live_wait(STOP_WAIT_MS);
	stopping = true;
	if (pthread_create(&teller, NULL, tell_libmilter, NULL) != 0) {
		smfi_stop();
		sem_post(&stopped);
		return;
	}
	do {
		if (is_open)
			listen_touch(&own_socket);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 50000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
	} while (pthread_timedjoin_np(teller, NULL, &until) != 0);
	sem_post(&stopped);
}
