#include "postfix-policy/feed.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "base/xalloc.h"

#define LOOK_AGAIN_MS 1000
#define ROOM_MS 20
/* a key and a reply, each byte of which may need six */
#define HEAD_BYTES (16u << 10)
#define MOST_KEY_BYTES 1100
/* the words behind the level are in the policy */
#define MOST_REPLY_BYTES 200

struct feed {
	const char *path;
	int fd;		   /* -1: nobody listens */
	int64_t looked_ms; /* when that was found */
	int64_t waited_ms; /* when there was no room in time */
	time_t second;	   /* of `second_text` */
	char second_text[32];
	struct feed_counts counts;
	char head[HEAD_BYTES];
	size_t head_bytes;
};

struct feed *
feed_new(const char *path)
{
	struct feed *feed = xcalloc(1, sizeof(*feed));

	feed->path = path;
	feed->fd = -1;
	feed->looked_ms = feed->waited_ms = -LOOK_AGAIN_MS;
	return feed;
}

static void
let_go(struct feed *feed)
{
	if (feed->fd >= 0)
		close(feed->fd);
	feed->fd = -1;
}

void
feed_free(struct feed *feed)
{
	if (feed == NULL)
		return;
	let_go(feed);
	free(feed);
}

static void
look(struct feed *feed)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t length = strlen(feed->path);

	if (length >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, feed->path, length);
	feed->fd =
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (feed->fd >= 0 &&
	    connect(feed->fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		let_go(feed);
}

bool
feed_is_heard(struct feed *feed, int64_t now_ms)
{
	if (feed->path == NULL)
		return false;
	if (feed->fd < 0 && now_ms - feed->looked_ms >= LOOK_AGAIN_MS) {
		feed->looked_ms = now_ms;
		look(feed);
	}
	return feed->fd >= 0;
}

/* --- the beginning of the object --- */

static void
put(struct feed *feed, struct text text)
{
	/* the bounds of key and reply leave room for the rest */
	if (text.len > 0)
		memcpy(feed->head + feed->head_bytes, text.at, text.len);
	feed->head_bytes += text.len;
}

static void
put_escaped(struct feed *feed, char c)
{
	char escape[8];
	int length =
	    snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char)c);

	put(feed, text_of(escape, (size_t)length));
}

/* The inside of a JSON string.  Bytes that are no UTF-8 become the characters
 * of ISO-8859-1. */
static void
put_string(struct feed *feed, struct text text, size_t most)
{
	bool utf8 = utf8_is_valid(text);
	size_t i;

	if (text.len > most)
		text.len = most;
	for (i = 0; i < text.len; i++) {
		char c = text.at[i];

		if ((c >= ' ' && c < 0x7f && c != '"' && c != '\\') ||
		    (utf8 && (c & 0x80) != 0))
			feed->head[feed->head_bytes++] = c;
		else
			put_escaped(feed, c);
	}
}

static void
put_time(struct feed *feed)
{
	struct timespec now;
	char micros[16];
	struct tm tm;
	int length;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != feed->second && gmtime_r(&now.tv_sec, &tm) != NULL) {
		feed->second = now.tv_sec;
		strftime(feed->second_text, sizeof(feed->second_text),
			 "%Y-%m-%dT%H:%M:%S", &tm);
	}
	length =
	    snprintf(micros, sizeof(micros), ".%06ldZ", now.tv_nsec / 1000);
	put(feed, text_from(feed->second_text));
	put(feed, text_of(micros, (size_t)length));
}

/* Cut on the boundary of a character. */
static size_t
whole_characters(struct text text, size_t most)
{
	if (text.len <= most)
		return text.len;
	while (most > 0 && (text.at[most] & 0xc0) == 0x80)
		most--;
	return most;
}

static void
write_head(struct feed *feed, const struct feed_answer *answer)
{
	struct text reply = answer->reply;
	char number[48];
	int length =
	    snprintf(number, sizeof(number), "{\"v\":1,\"pid\":%ld,\"at\":\"",
		     (long)answer->peer);

	if (text_starts(reply, TEXT("OK ")))
		reply = text_skip(reply, 3);
	feed->head_bytes = 0;
	put(feed, text_of(number, (size_t)length));
	put_time(feed);
	put(feed, TEXT("\",\"key\":\""));
	put_string(feed, answer->key,
		   whole_characters(answer->key, MOST_KEY_BYTES));
	put(feed, TEXT("\",\"map\":\""));
	put(feed, answer->map);
	put(feed, TEXT("\",\"answer\":\""));
	put_string(feed, reply, whole_characters(reply, MOST_REPLY_BYTES));
	put(feed, TEXT("\","));
}

static void
count(uint64_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* Linux keeps ten datagrams for a receiver unless told otherwise: a burst of
 * answers waits for it.  One that does not come is not waited for again for a
 * second. */
static bool
wait_for_room(struct feed *feed, int64_t now_ms)
{
	struct pollfd room = {.fd = feed->fd, .events = POLLOUT};

	if (now_ms - feed->waited_ms < LOOK_AGAIN_MS)
		return false;
	if (poll(&room, 1, ROOM_MS) > 0)
		return true;
	feed->waited_ms = now_ms;
	return false;
}

void
feed_tell(struct feed *feed, const struct feed_answer *answer, int64_t now_ms)
{
	struct iovec parts[2];
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (!feed_is_heard(feed, now_ms)) {
		if (feed->path != NULL)
			count(&feed->counts.lost);
		return;
	}
	write_head(feed, answer);
	parts[0] = (struct iovec){feed->head, feed->head_bytes};
	parts[1] = (struct iovec){(void *)(uintptr_t)answer->rest.at,
				  answer->rest.len};
	if (sendmsg(feed->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
	    (errno == EAGAIN && wait_for_room(feed, now_ms) &&
	     sendmsg(feed->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)) {
		count(&feed->counts.told);
		return;
	}
	count(&feed->counts.lost);
	if (errno != EAGAIN && errno != EINTR && errno != EMSGSIZE &&
	    errno != ENOBUFS)
		let_go(feed);
}

struct feed_counts
feed_counts(const struct feed *feed)
{
	struct feed_counts counts;

	counts.told = __atomic_load_n(&feed->counts.told, __ATOMIC_RELAXED);
	counts.lost = __atomic_load_n(&feed->counts.lost, __ATOMIC_RELAXED);
	return counts;
}
