#include "milter/glue.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/listen.h"
#include "io/log.h"
#include "milter/glue_engine.h"
#include "milter/glue_text.h"
#include "milter/live.h"
#include "milter/progress.h"
#include "milter/wake.h"

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

/* What hangs on a connection of libmilter. */
struct conversation {
	void *session;
	bool on_its_way; /* between MAIL and the end */
	struct progress progress;
};

struct glue_message {
	SMFICTX *ctx;
};

static const struct glue_calls *calls;

static void
set_on_its_way(struct conversation *with, bool on_its_way)
{
	if (with->on_its_way == on_its_way)
		return;
	with->on_its_way = on_its_way;
	if (on_its_way)
		live_begin();
	else
		live_end();
}

static void
end_message(struct conversation *with)
{
	calls->reset(with->session);
	set_on_its_way(with, false);
	progress_reset(&with->progress);
}

static struct conversation *
new_conversation(void)
{
	struct conversation *with = xcalloc(1, sizeof(*with));

	with->session = glue_engine_open(calls);
	return with;
}

/* Every connection begins with on_connect, unless the peer is no mail
 * server: libmilter takes the steps in many orders. */
static struct conversation *
conversation_of(SMFICTX *ctx)
{
	struct conversation *with = smfi_getpriv(ctx);

	if (with == NULL) {
		with = new_conversation();
		smfi_setpriv(ctx, with);
	}
	return with;
}

static struct text
macro(SMFICTX *ctx, const char *name)
{
	return text_from(smfi_getsymval(ctx, (char *)(uintptr_t)name));
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

static unsigned long
wanted_rights(void)
{
	unsigned long rights = 0;

	if ((calls->rights & GLUE_FIELDS) != 0)
		rights |= SMFIF_ADDHDRS | SMFIF_CHGHDRS;
	if ((calls->rights & GLUE_QUARANTINE) != 0)
		rights |= SMFIF_QUARANTINE;
	return rights;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
	     unsigned long f3, unsigned long *pf0, unsigned long *pf1,
	     unsigned long *pf2, unsigned long *pf3)
{
	unsigned long no_reply = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |
				 SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_UNKN |
				 SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;

	if ((f1 & no_reply) != no_reply)
		atomic_store(&answers_wanted, true);
	*pf0 = wanted_rights() & f0;
	*pf1 = (no_reply | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_HDR_LEADSPC) &
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
	struct conversation *with = conversation_of(ctx);
	struct text host = text_from(name);
	struct ipaddr peer = {0};

	ipaddr_from_sockaddr(address, &peer);
	in_work_label(&with->progress.label, "the greeting of", host);
	progress_add(&with->progress, STEP_CONNECT,
		     text_of((const char *)peer.bytes, sizeof(peer.bytes)));
	if (progress_begin_with(&with->progress, STEP_CONNECT, host))
		calls->connect(with->session, host, &peer);
	progress_greeted(&with->progress);
	return silent();
}

static sfsistat
on_helo(SMFICTX *ctx, char *helo)
{
	struct conversation *with = conversation_of(ctx);
	struct text name = text_from(helo);

	if (progress_begin_with(&with->progress, STEP_HELO, name) &&
	    calls->helo != NULL)
		calls->helo(with->session, name);
	progress_greeted(&with->progress);
	return silent();
}

static void
take_mail(struct conversation *with, const struct glue_mail *mail, char **argv)
{
	calls->mail(with->session, mail);
	for (argv++; *argv != NULL; argv++)
		if (calls->mail_argument != NULL)
			calls->mail_argument(with->session, text_from(*argv));
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct conversation *with = conversation_of(ctx);
	struct glue_mail mail = {
	    .sender = glue_without_brackets(argv[0]),
	    .login = macro(ctx, "{auth_authen}"),
	    .tls_version = macro(ctx, "{tls_version}"),
	    .tls_cipher = macro(ctx, "{cipher}"),
	    .tls_bits = macro(ctx, "{cipher_bits}"),
	    .daemon_name = macro(ctx, "{daemon_name}"),
	};
	char **next;

	set_on_its_way(with, true);
	in_work_label(&with->progress.label, "a message from", mail.sender);
	for (next = argv; *next != NULL; next++)
		progress_add(&with->progress, STEP_MAIL, text_from(*next));
	if (progress_begin(&with->progress))
		take_mail(with, &mail, argv);
	progress_end();
	return silent();
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct conversation *with = conversation_of(ctx);
	struct text address = glue_without_brackets(argv[0]);

	if (progress_begin_with(&with->progress, STEP_RCPT, address))
		calls->rcpt(with->session, address);
	progress_end();
	return silent();
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct conversation *with = conversation_of(ctx);
	struct text of = text_from(name), is = text_from(value);

	progress_add(&with->progress, STEP_NAME, of);
	if (progress_begin_with(&with->progress, STEP_VALUE, is))
		calls->header(with->session, of, is);
	else
		calls->pass_field(with->session, of);
	progress_end();
	return silent();
}

static sfsistat
on_end_of_header(SMFICTX *ctx)
{
	struct conversation *with = conversation_of(ctx);

	if (progress_begin_with(&with->progress, STEP_END_OF_HEADER, TEXT("")))
		calls->end_of_header(with->session);
	progress_end();
	return silent();
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t bytes)
{
	struct conversation *with = conversation_of(ctx);
	struct text text = text_of((const char *)chunk, bytes);

	/* A mail server that wants answers may not know SMFIS_SKIP, and the
	 * size of the message is a fact. */
	if (progress_begin_with(&with->progress, STEP_BODY, text))
		calls->body(with->session, text);
	progress_end();
	return silent();
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct conversation *with = smfi_getpriv(ctx);

	if (with != NULL)
		end_message(with);
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct conversation *with = smfi_getpriv(ctx);

	smfi_setpriv(ctx, NULL);
	if (with == NULL)
		return SMFIS_CONTINUE;
	end_message(with);
	calls->close(with->session);
	free(with);
	return SMFIS_CONTINUE;
}

/* --- the end of a message --- */

void
glue_remove_field(struct glue_message *message, const char *name, size_t number)
{
	smfi_chgheader(message->ctx, (char *)(uintptr_t)name, (int)number,
		       NULL);
}

void
glue_insert_field(struct glue_message *message, struct arena *arena, int index,
		  const char *name, struct text value)
{
	smfi_insheader(message->ctx, index, (char *)(uintptr_t)name,
		       glue_header_value(arena, TEXT(" "), value));
}

void
glue_add_field(struct glue_message *message, struct arena *arena,
	       const char *name, struct text value)
{
	smfi_addheader(message->ctx, (char *)(uintptr_t)name,
		       glue_header_value(arena, TEXT(" "), value));
}

void
glue_change_field(struct glue_message *message, struct arena *arena,
		  const char *name, size_t number, struct text value)
{
	smfi_chgheader(message->ctx, (char *)(uintptr_t)name, (int)number,
		       glue_header_value(arena, TEXT(""), value));
}

void
glue_quarantine(struct glue_message *message, const char *reason)
{
	smfi_quarantine(message->ctx, (char *)(uintptr_t)reason);
}

void
glue_reply(struct glue_message *message, const char *code, const char *status,
	   const char *line)
{
	smfi_setreply(message->ctx, (char *)(uintptr_t)code,
		      (char *)(uintptr_t)status, (char *)(uintptr_t)line);
}

static sfsistat
on_end_of_message(SMFICTX *ctx)
{
	struct conversation *with = conversation_of(ctx);
	struct glue_message message = {ctx};
	sfsistat status = SMFIS_CONTINUE;
	enum glue_answer answer;

	wake_begin();
	answer = progress_begin_with(&with->progress, STEP_END, TEXT(""))
		     ? calls->end(with->session, &message)
		     : calls->pass_over(with->session, &message);
	wake_end();
	switch (answer) {
	case GLUE_ACCEPT:
		break;
	case GLUE_REJECT:
		status = SMFIS_REJECT;
		break;
	case GLUE_TEMPFAIL:
		status = SMFIS_TEMPFAIL;
		break;
	}
	calls->record(with->session, macro(ctx, "i"));
	progress_end();
	end_message(with);
	return status;
}

/* --- the listener --- */

static void
describe(struct smfiDesc *milter)
{
	memset(milter, 0, sizeof(*milter));
	milter->xxfi_name = (char *)(uintptr_t)calls->program;
	milter->xxfi_version = SMFI_VERSION;
	milter->xxfi_flags = wanted_rights();
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
glue_open(const struct glue_calls *of, const struct glue_listen *where,
	  struct why *why)
{
	struct listen_access access = {.group = where->group};
	struct smfiDesc milter;

	calls = of;
	progress_use(where->in_work);
	if (!listen_parse(where->listen, &own_socket, why) ||
	    !listen_parse_mode(where->mode, &access.mode, why) ||
	    !listen_remove_stale(&own_socket, why))
		return false;
	sem_init(&stopped, 0, 0);
	describe(&milter);
	if (smfi_register(milter) == MI_FAILURE)
		return why_set(why, "libmilter refused the registration");
	/* It hangs up on a header field above 64 KiB otherwise. */
	smfi_setmaxdatasize(LIMIT_MILTER_PACKET_BYTES);
	if (smfi_setconn((char *)(uintptr_t)where->listen) == MI_FAILURE ||
	    smfi_setbacklog(BACKLOG) == MI_FAILURE ||
	    smfi_opensocket(false) == MI_FAILURE)
		return why_set(why,
			       "cannot listen on %s; see that this user "
			       "may make it, and that its address is "
			       "of this host",
			       where->listen);
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
	int result;

	if (!wake_start(&own_socket, why))
		return false;
	result = smfi_main();
	wake_stop();
	/* A listener that was told to stop ends with a failure too. */
	if (result == MI_FAILURE && !stopping)
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
