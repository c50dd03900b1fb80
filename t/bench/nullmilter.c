/*
 * nullmilter - a libmilter program that does nothing: the transport's floor
 *
 * usage: nullmilter [-n] ADDRESS
 *   -n   ask for every "no reply" flag that the mail server offers
 *
 * It adds one header field at the end of each message, as any milter that
 * checks mail does.
 */
#include <err.h>
#include <libmilter/mfapi.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* As many connections as wait at once in a run with 64 or 500 of them. */
enum { BACKLOG = 1024 };

static unsigned long wanted_flags;

static sfsistat
negotiate(SMFICTX *context, unsigned long actions, unsigned long protocol,
	  unsigned long unused2, unsigned long unused3,
	  unsigned long *own_actions, unsigned long *own_protocol,
	  unsigned long *own2, unsigned long *own3)
{
	(void)context, (void)unused2, (void)unused3;
	*own_actions = actions & SMFIF_ADDHDRS;
	*own_protocol = protocol & wanted_flags;
	*own2 = *own3 = 0;
	return SMFIS_CONTINUE;
}

/* libmilter wants to be told that a stage it does not answer is not answered
 * (smfi_negotiate's documentation); it logs each other return value. */
static sfsistat
silent(void)
{
	return wanted_flags != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
	(void)context, (void)name, (void)address;
	return silent();
}

static sfsistat
on_text(SMFICTX *context, char *text)
{
	(void)context, (void)text;
	return silent();
}

static sfsistat
on_envelope(SMFICTX *context, char **arguments)
{
	(void)context, (void)arguments;
	return silent();
}

static sfsistat
on_header(SMFICTX *context, char *name, char *value)
{
	(void)context, (void)name, (void)value;
	return silent();
}

static sfsistat
on_step(SMFICTX *context)
{
	(void)context;
	return silent();
}

static sfsistat
on_close(SMFICTX *context)
{
	(void)context;
	return SMFIS_CONTINUE;
}

static sfsistat
on_body(SMFICTX *context, unsigned char *body, size_t len)
{
	(void)context, (void)body, (void)len;
	return silent();
}

static sfsistat
on_end(SMFICTX *context)
{
	static char name[] = "Authentication-Results";
	static char value[] = "mx.site.bench; none";

	smfi_insheader(context, 0, name, value);
	return SMFIS_CONTINUE;
}

static char own_name[] = "nullmilter";

static struct smfiDesc description = {
    .xxfi_name = own_name,
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = SMFIF_ADDHDRS,
    .xxfi_connect = on_connect,
    .xxfi_helo = on_text,
    .xxfi_envfrom = on_envelope,
    .xxfi_envrcpt = on_envelope,
    .xxfi_header = on_header,
    .xxfi_eoh = on_step,
    .xxfi_body = on_body,
    .xxfi_eom = on_end,
    .xxfi_abort = on_close,
    .xxfi_close = on_close,
    .xxfi_data = on_step,
    .xxfi_negotiate = negotiate,
};

int
main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n")) != -1) {
		if (option != 'n')
			errx(2, "usage: nullmilter [-n] ADDRESS");
		wanted_flags = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |
			       SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_HDR |
			       SMFIP_NR_EOH | SMFIP_NR_BODY | SMFIP_NR_UNKN |
			       SMFIP_NOUNKNOWN;
	}
	if (optind + 1 != argc)
		errx(2, "usage: nullmilter [-n] ADDRESS");
	if (smfi_register(description) != MI_SUCCESS ||
	    smfi_setconn(argv[optind]) != MI_SUCCESS ||
	    smfi_setbacklog(BACKLOG) != MI_SUCCESS)
		errx(1, "libmilter refuses %s", argv[optind]);
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
