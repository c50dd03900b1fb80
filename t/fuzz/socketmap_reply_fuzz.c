/* What a socketmap server answers, byte for byte. */
#include <assert.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/listen.h"
#include "io/socketmap_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct listen_address address;
static int listener;

/* An abstract name: nothing is left in a directory. */
static void
start(void)
{
	struct sockaddr_un *at = (struct sockaddr_un *)&address.socket;

	at->sun_family = AF_UNIX;
	snprintf(at->sun_path + 1, sizeof(at->sun_path) - 1,
		 "signet-socketmap-fuzz-%d", (int)getpid());
	address.length = sizeof(*at);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(bind(listener, (struct sockaddr *)at, sizeof(*at)) == 0);
	assert(listen(listener, 1) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct deadline deadline;
	struct socketmap_client *client;
	struct text text;
	struct why why;
	int peer;

	if (listener == 0)
		start();
	deadline = clock_deadline_in(60000);
	client = socketmap_client_open(arena, &address, deadline, &why);
	assert(client != NULL);
	peer = accept(listener, NULL, NULL);
	assert(peer >= 0);
	if (size > 0)
		send(peer, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(peer, SHUT_WR);
	if (socketmap_ask(client, TEXT("policy"), TEXT("a.example"), deadline,
			  &text, &why) != SOCKETMAP_NOT_ASKED)
		assert(text.len <= LIMIT_SOCKETMAP_REPLY_BYTES);
	close(peer);
	arena_free(arena);
	return 0;
}
