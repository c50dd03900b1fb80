#include "tlsrpt-collector/source_datagram.h"

#include <stdatomic.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/in_work.h"
#include "io/log.h"
#include "mailtls/tlsrpt_event.h"
#include "tlsrpt-collector/collect_settings.h"

#define TELL_MS 10000
/* below it a burst of a busy MTA, or a host that is busy for a tenth of a
 * second, is too much for the system */
#define QUEUE_LEAST 512
#define QUEUE_WANTED 4096

struct source {
	struct collect *collect;
	struct receiver *receiver;
	struct arena *arena; /* of one datagram */
	_Atomic uint64_t refused;
	struct deadline tell_at;
};

static void
refuse(struct source *source, const char *reason)
{
	uint64_t refused = atomic_fetch_add(&source->refused, 1) + 1;

	if (deadline_left_ms(source->tell_at, clock_monotonic_ms()) > 0)
		return;
	log_warning("a datagram is not from libtlsrpt: %s (%llu since the "
		    "start)",
		    reason, (unsigned long long)refused);
	source->tell_at = clock_deadline_in(TELL_MS);
}

static bool
make_line(struct source *source, const char *instance, struct text datagram,
	  int64_t at_ms, struct buf *line, struct why *why)
{
	char id[UUID_STRING_BYTES];
	struct tls_event frame = collect_event(source->collect, at_ms, id);
	struct tlsrpt_event event;
	struct tls_result result;

	if (!tlsrpt_event_parse(source->arena, datagram, &event, why))
		return false;
	result = (struct tls_result){
	    .recipient_domain = event.domain,
	    .source = TLS_SOURCE_DATAGRAM,
	    .instance = text_from(instance),
	    .tlsrpt_record = event.record,
	    .policies = event.policies,
	};
	tls_result_write(source->arena, &frame, &result, line);
	return buf_ok(line) || why_set(why, "it tells too much");
}

static void
take(void *data, unsigned place, struct text datagram, int64_t at_ms)
{
	struct source *source = data;
	const struct receiver_place *places =
	    collect_settings(source->collect)->places;
	struct buf line;
	struct why why;

	if (!in_work_try("a datagram", text_first(datagram, 60), datagram)) {
		refuse(source, "the program died of one like it");
		return;
	}
	buf_init(&line, source->arena, LIMIT_EVENT_BYTES - 1);
	if (make_line(source, listen_path(&places[place].address), datagram,
		      at_ms, &line, &why))
		collect_keep(source->collect, buf_view(&line));
	else
		refuse(source, why.text);
	in_work_done();
	arena_reset(source->arena);
}

static void
release(struct source *source)
{
	arena_free(source->arena);
	free(source);
}

static void
warn_of_queue(void)
{
	unsigned length = datagram_queue_length();

	if (length > 0 && length < QUEUE_LEAST)
		log_warning("the system keeps %u datagrams for a receiver: "
			    "a burst of a busy mail server is lost; set "
			    "net.unix.max_dgram_qlen = %u (sysctl.d(5))",
			    length, QUEUE_WANTED);
}

static bool
open_source(struct collect *collect, void **handle, struct why *why)
{
	const struct collect_settings *settings = collect_settings(collect);
	struct source *source;
	struct receiver_calls calls = {take, NULL};

	if (settings->place_count == 0)
		return true;
	warn_of_queue();
	source = xcalloc(1, sizeof(*source));
	source->collect = collect;
	source->arena = arena_new();
	calls.data = source;
	source->receiver =
	    receiver_open(settings->places, settings->place_count, &calls, why);
	if (source->receiver == NULL) {
		release(source);
		return false;
	}
	*handle = source;
	return true;
}

static void
close_source(void *handle)
{
	struct source *source = handle;

	receiver_close(source->receiver);
	release(source);
}

const struct collect_source source_datagram = {"datagrams", open_source,
					       close_source};

struct source_datagram_counts
source_datagram_counts(void *handle)
{
	struct source *source = handle;
	struct source_datagram_counts counts = {0};

	if (source == NULL)
		return counts;
	counts.receiver = receiver_counts(source->receiver);
	counts.refused = atomic_load(&source->refused);
	return counts;
}
