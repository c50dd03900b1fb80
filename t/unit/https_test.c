#include "unit.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/dns_zone.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/https.h"

/* What needs no certificate; t/26-sts.t has a server for the rest. */

struct site {
	struct arena *arena;
	struct resolver *resolver;
	struct https *https;
	int listen;
	uint16_t port;
	char ca_file[32];
};

/* Nobody's authority: the test wants one that does not depend on the host. */
static const char authority[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfDCCASGgAwIBAgIUVliYjgNzvKlUWbQnAjV8dHITYXgwCgYIKoZIzj0EAwIw\n"
    "EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMjIxNTA5MzBaGA8yMTI2MTAyOTE1\n"
    "MDkzMFowEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABMMQJO9u2IK+PvReY73mhQHsrd6pl1GqFD5J+rIKAdSIGnWIvZj4/Askehxr\n"
    "95zB2wr7BhA7HvL0KAW6BIn8ZjOjUzBRMB0GA1UdDgQWBBR9tQIm3+ZjOthImuKN\n"
    "DIc2enZCHjAfBgNVHSMEGDAWgBR9tQIm3+ZjOthImuKNDIc2enZCHjAPBgNVHRMB\n"
    "Af8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDqD+QnV+KH4bkZzyPutqhwoM0g\n"
    "hzgDV2utvo11dr8WLAIhAOfOLzuy6fpa/m8naaw4CeCs0DpR4gNrRzZY/GNfPk6n\n"
    "-----END CERTIFICATE-----\n";

static void
write_authority(struct site *site)
{
	int fd;

	snprintf(site->ca_file, sizeof(site->ca_file),
		 "/tmp/https_test.XXXXXX");
	fd = mkstemp(site->ca_file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, authority, strlen(authority)),
			 strlen(authority));
	close(fd);
}

static int
open_site(void **state)
{
	static struct ipnet loopback;
	struct site *site = test_calloc(1, sizeof(*site));
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct https_options options = {.allowed = &loopback,
					.allowed_count = 1};
	socklen_t bytes = sizeof(at);
	struct dns_zone *zone;

	site->arena = arena_new();
	zone = dns_zone_parse(site->arena,
			      TEXT("here.example. A 127.0.0.1\n"
				   "inside.example. A 10.0.0.1\n"),
			      NULL);
	site->resolver = dns_zone_resolver(zone);
	assert_true(ipnet_parse(TEXT("127.0.0.0/8"), &loopback));
	site->listen = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(site->listen, (struct sockaddr *)&at, bytes), 0);
	assert_int_equal(
	    getsockname(site->listen, (struct sockaddr *)&at, &bytes), 0);
	site->port = options.port = ntohs(at.sin_port);
	write_authority(site);
	options.ca_file = site->ca_file;
	site->https = https_open(&options, NULL);
	assert_non_null(site->https);
	*state = site;
	return 0;
}

static int
close_site(void **state)
{
	struct site *site = *state;

	https_close(site->https);
	unlink(site->ca_file);
	if (site->listen >= 0)
		close(site->listen);
	arena_free(site->arena);
	test_free(site);
	return 0;
}

static enum https_result
ask_for(struct site *site, const char *url, int64_t wait_ms, struct why *why)
{
	const struct https_request request = {.url = url, .body_most = 100};
	struct https_reply reply;

	return https_ask(site->https, site->arena, site->resolver, &request,
			 clock_deadline_in(wait_ms), &reply, why);
}

static void
refused_before_connecting(void **state)
{
	struct site *site = *state;
	struct why why;

	assert_int_equal(ask_for(site, "http://here.example/", 60000, &why),
			 HTTPS_FORBIDDEN);
	assert_int_equal(ask_for(site, "https://127.0.0.1/", 60000, &why),
			 HTTPS_FORBIDDEN);
	assert_int_equal(ask_for(site, "https://inside.example/", 60000, &why),
			 HTTPS_FORBIDDEN);
	assert_string_equal(why.text,
			    "inside.example has no address in the Internet");
	assert_int_equal(ask_for(site, "https://gone.example/", 60000, &why),
			 HTTPS_NO_HOST);
}

static void
nobody_listens(void **state)
{
	struct why why;

	assert_int_equal(ask_for(*state, "https://here.example/", 60000, &why),
			 HTTPS_UNREACHABLE);
	assert_true(why.text[0] != '\0');
}

/* The kernel takes the connection, and nothing more happens. */
static void
silence(void **state)
{
	struct site *site = *state;
	struct why why;

	assert_int_equal(listen(site->listen, 5), 0);
	assert_int_equal(ask_for(site, "https://here.example/", 100, &why),
			 HTTPS_LATE);
	assert_int_equal(ask_for(site, "https://here.example/", 0, &why),
			 HTTPS_LATE);
}

static void *
abort_all(void *handle)
{
	struct site *site = handle;
	int peer = accept(site->listen, NULL, NULL);

	https_abort(site->https);
	return (void *)(intptr_t)peer;
}

static void
aborted(void **state)
{
	struct site *site = *state;
	pthread_t thread;
	void *peer;
	struct why why;

	assert_int_equal(listen(site->listen, 5), 0);
	assert_int_equal(pthread_create(&thread, NULL, abort_all, site), 0);
	assert_int_equal(ask_for(site, "https://here.example/", 600000, &why),
			 HTTPS_ABORTED);
	pthread_join(thread, &peer);
	close((int)(intptr_t)peer);
	assert_int_equal(ask_for(site, "https://here.example/", 600000, &why),
			 HTTPS_ABORTED);
}

static void *
speak_plain(void *handle)
{
	static const char hello[] = "HTTP/1.1 200 OK\r\n\r\n";
	struct site *site = handle;
	int peer = accept(site->listen, NULL, NULL);
	char bytes[1000];

	/* the first bytes of the handshake, so that nothing is unread */
	while (recv(peer, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes))
		continue;
	(void)!send(peer, hello, sizeof(hello) - 1, MSG_NOSIGNAL);
	close(peer);
	return NULL;
}

static void
no_tls(void **state)
{
	struct site *site = *state;
	pthread_t thread;
	struct why why;

	assert_int_equal(listen(site->listen, 5), 0);
	assert_int_equal(pthread_create(&thread, NULL, speak_plain, site), 0);
	assert_int_equal(ask_for(site, "https://here.example/", 600000, &why),
			 HTTPS_TLS_FAILED);
	pthread_join(thread, NULL);
}

static void
no_such_authorities(void **state)
{
	const struct https_options options = {.ca_file = "/nonexistent/ca.pem"};
	struct why why;

	(void)state;
	assert_null(https_open(&options, &why));
	assert_string_equal(why.text,
			    "/nonexistent/ca.pem: No such file or directory");
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(https_result_name(HTTPS_NOT_TRIED), "not tried");
	assert_string_equal(https_result_name(HTTPS_NOT_TRUSTED),
			    "not trusted");
}

#define SITE(f) cmocka_unit_test_setup_teardown(f, open_site, close_site)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SITE(refused_before_connecting),
	    SITE(nobody_listens),
	    SITE(silence),
	    SITE(aborted),
	    SITE(no_tls),
	    cmocka_unit_test(no_such_authorities),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
