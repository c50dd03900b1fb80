/* tlsrptload - tells of TLS sessions as libtlsrpt does, at a fixed rate
 *
 *	tlsrptload SOCKET RATE SECONDS DOMAINS BURST
 *
 * RATE datagrams a second for SECONDS, BURST at once, about DOMAINS domains in
 * turn, each tenth of them a failure.  As libtlsrpt it does not wait: what the
 * system does not take is lost.  As the processes of a busy mail server it has
 * a hundred sockets, used in turn: Linux bounds what is on its way from one.
 * Prints how many were taken, how many not, and the seconds that it took.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/text.h"

#define SOCKETS 100

struct load {
	int fds[SOCKETS];
	struct sockaddr_un to;
	uint64_t rate, seconds, domains, burst;
	uint64_t taken, refused;
};

static int
usage(void)
{
	fputs("usage: tlsrptload SOCKET RATE SECONDS DOMAINS BURST\n", stderr);
	return 2;
}

static size_t
make(const struct load *load, uint64_t n, char *to, size_t room)
{
	unsigned long long domain = n % load->domains;
	const char *failure = "";
	int length;

	if (n % 10 == 0)
		failure = ",\"failure-details\":[{\"c\":205,\"s\": "
			  "\"192.0.2.10\",\"n\": \"mx.example.net\",\"h\": "
			  "\"250-mx.example.net\\r\\n250-PIPELINING\\r\\n250-"
			  "8BITMIME\\r\\n250-SMTPUTF8\\r\\n250 STARTTLS\","
			  "\"r\": \"198.51.100.7\",\"f\": "
			  "\"self-signed_certificate\"}]";
	length = snprintf(
	    to, room,
	    "{\"dpv\": \"1\",\"d\": \"d%llu.example\",\"pr\": \"v=TLSRPTv1; "
	    "rua=mailto:tls@d%llu.example\",\"policies\":[{\"policy-type\":2,"
	    "\"policy-domain\": \"d%llu.example\",\"policy-string\":"
	    "[\"version: STSv1\",\"mode: enforce\",\"mx: *.d%llu.example\","
	    "\"max_age: 604800\"],\"mx-host\":[\"*.d%llu.example\"]%s,"
	    "\"t\":%d,\"f\":%d}]}",
	    domain, domain, domain, domain, domain, failure, n % 10 == 0,
	    n % 10 == 0);
	return (size_t)length;
}

static void
tell(struct load *load, uint64_t n)
{
	char bytes[2048];
	size_t length = make(load, n, bytes, sizeof(bytes));

	if (sendto(load->fds[n % SOCKETS], bytes, length, MSG_DONTWAIT,
		   (const struct sockaddr *)&load->to, sizeof(load->to)) >= 0)
		load->taken++;
	else
		load->refused++;
}

static void
sleep_until(const struct timespec *begin, uint64_t ns)
{
	struct timespec until = *begin;

	ns += (uint64_t)begin->tv_nsec;
	until.tv_sec += (time_t)(ns / 1000000000u);
	until.tv_nsec = (long)(ns % 1000000000u);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
	       EINTR)
		;
}

static void
run(struct load *load)
{
	uint64_t n, all = load->rate * load->seconds;
	struct timespec begin;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (n = 0; n < all; n++) {
		if (n % load->burst == 0)
			sleep_until(&begin, n * (1000000000u / load->rate));
		tell(load, n);
	}
}

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	struct load load = {.to = {.sun_family = AF_UNIX}};
	uint64_t *const numbers[] = {&load.rate, &load.seconds, &load.domains,
				     &load.burst};
	double begin;
	int i;

	if (argc != 6 || strlen(argv[1]) >= sizeof(load.to.sun_path))
		return usage();
	memcpy(load.to.sun_path, argv[1], strlen(argv[1]));
	for (i = 0; i < 4; i++)
		if (!text_to_u64(text_from(argv[i + 2]), 1000000000,
				 numbers[i]) ||
		    *numbers[i] == 0)
			return usage();
	for (i = 0; i < SOCKETS; i++) {
		load.fds[i] = socket(AF_UNIX, SOCK_DGRAM, 0);
		if (load.fds[i] < 0) {
			perror("socket");
			return 1;
		}
	}
	begin = now();
	run(&load);
	printf("taken %llu\nrefused %llu\nseconds %.2f\n",
	       (unsigned long long)load.taken, (unsigned long long)load.refused,
	       now() - begin);
	return 0;
}
