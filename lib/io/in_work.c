#include "io/in_work.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/in_work_file.h"
#include "io/log.h"

/* what a digest takes of bytes that are longer, from either end */
#define DIGEST_HEAD 160
#define DIGEST_TAIL 64

/* far above what a handler and the registers of any processor take */
#define STACK_BYTES 16384
#define STACKS_BYTES ((size_t)LIMIT_IN_WORK_SLOTS * STACK_BYTES)

struct in_work {
	struct in_work_file *file;
	int fd;
	atomic_bool taken[LIMIT_IN_WORK_SLOTS];
	bool has_accused;     /* as of the start */
	char *stacks;	      /* one for each slot, or NULL; memory that nobody
				 has written to costs nothing */
	pthread_key_t at_end; /* of a thread */
};

static struct in_work *the_one;
static _Thread_local struct in_work_slot *mine;
static _Thread_local void *signal_stack; /* of those above, if in use */

/* --- a crash --- */

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))
static struct sigaction before[SIGNALS];

/* A file system that is full may refuse even what it had promised: memory of
 * our own takes the place of the file. */
static bool
is_own_disk(int number, const siginfo_t *info)
{
	struct in_work *work = the_one;
	const char *at = info->si_addr;
	const char *start;

	if (number != SIGBUS || work == NULL)
		return false;
	start = (const char *)work->file;
	return at >= start && at < start + sizeof(*work->file) &&
	       mmap(work->file, sizeof(*work->file), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) != MAP_FAILED;
}

/* A signal that another process sent says nothing about the piece. */
static bool
is_of_this_thread(const siginfo_t *info)
{
	return info->si_code > 0 ||
	       (info->si_code == SI_TKILL && info->si_pid == getpid());
}

/* Marks, and leaves the signal to what would have taken it. */
static void
on_crash(int number, siginfo_t *info, void *context)
{
	size_t i;

	if (is_own_disk(number, info))
		return;
	if (is_of_this_thread(info) && mine != NULL &&
	    mine->state == IN_WORK_BUSY) {
		mine->signal = (uint32_t)number;
		mine->state = IN_WORK_CRASHED;
	}
	for (i = 0; i < SIGNALS; i++)
		if (signals[i] == number)
			sigaction(number, &before[i], NULL);
	/* a fault comes again by itself */
	if (info->si_code <= 0)
		raise(number);
}

static void
catch_crashes(void)
{
	struct sigaction action = {.sa_sigaction = on_crash,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	size_t i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, &before[i]);
}

static void
leave_crashes(void)
{
	size_t i;

	for (i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
}

/* What becomes of a child is its parent's affair. */
static void
in_child(void)
{
	if (the_one == NULL)
		return;
	leave_crashes();
	the_one = NULL;
	mine = NULL;
}

/* The stack of a thread may be what is wrong. */
static void
use_signal_stack(const struct in_work *work, size_t slot)
{
	stack_t now, own = {.ss_size = STACK_BYTES};

	if (work->stacks == NULL || sigaltstack(NULL, &now) != 0 ||
	    (now.ss_flags & SS_DISABLE) == 0)
		return;
	own.ss_sp = work->stacks + slot * STACK_BYTES;
	if (sigaltstack(&own, NULL) == 0)
		signal_stack = own.ss_sp;
}

static void
leave_signal_stack(void)
{
	stack_t now, none = {.ss_flags = SS_DISABLE};

	if (signal_stack != NULL && sigaltstack(NULL, &now) == 0 &&
	    now.ss_sp == signal_stack)
		sigaltstack(&none, NULL);
	signal_stack = NULL;
}

static char *
new_stacks(void)
{
	void *stacks = mmap(NULL, STACKS_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return stacks != MAP_FAILED ? stacks : NULL;
}

/* --- slots --- */

static void
give_slot_back(void *slot)
{
	struct in_work *work = the_one;

	mine = NULL;
	leave_signal_stack();
	if (work == NULL)
		return;
	((struct in_work_slot *)slot)->state = IN_WORK_IDLE;
	atomic_store(
	    &work->taken[(struct in_work_slot *)slot - work->file->slots],
	    false);
}

static struct in_work_slot *
take_slot(struct in_work *work)
{
	size_t n;

	for (n = 0; n < LIMIT_IN_WORK_SLOTS; n++) {
		if (atomic_load_explicit(&work->taken[n],
					 memory_order_relaxed) ||
		    atomic_exchange(&work->taken[n], true))
			continue;
		pthread_setspecific(work->at_end, &work->file->slots[n]);
		use_signal_stack(work, n);
		return &work->file->slots[n];
	}
	return NULL;
}

/* --- digests: SipHash-1-3 (Aumasson, Bernstein), whose key nobody knows --- */

static uint64_t
turn(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = turn(v[1], 13) ^ v[0];
	v[0] = turn(v[0], 32);
	v[2] += v[3];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

static void
sip_text(uint64_t v[4], struct text bytes)
{
	uint64_t word;
	size_t n;

	while (bytes.len > 0) {
		n = bytes.len < 8 ? bytes.len : 8;
		word = 0;
		memcpy(&word, bytes.at, n);
		sip_word(v, word);
		bytes = text_skip(bytes, n);
	}
}

uint64_t
in_work_digest(const struct in_work *work, uint64_t before_it,
	       struct text bytes)
{
	uint64_t v[4], digest;
	int i;

	if (work == NULL)
		return 0;
	v[0] = work->file->key[0] ^ 0x736f6d6570736575;
	v[1] = work->file->key[1] ^ 0x646f72616e646f6d;
	v[2] = work->file->key[0] ^ 0x6c7967656e657261;
	v[3] = work->file->key[1] ^ 0x7465646279746573;
	sip_word(v, before_it);
	sip_word(v, bytes.len);
	sip_text(v, text_first(bytes, DIGEST_HEAD));
	if (bytes.len > DIGEST_HEAD + DIGEST_TAIL)
		bytes = text_skip(bytes, bytes.len - DIGEST_TAIL);
	else
		bytes = text_skip(bytes, bytes.len < DIGEST_HEAD ? bytes.len
								 : DIGEST_HEAD);
	sip_text(v, bytes);
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		sip_round(v);
	digest = v[0] ^ v[1] ^ v[2] ^ v[3];
	return digest != 0 ? digest : 1;
}

/* --- the piece --- */

static void
note_accused(struct in_work *work)
{
	size_t i;

	for (i = 0; i < LIMIT_IN_WORK_ACCUSED; i++)
		if (work->file->accused[i].digest != 0)
			work->has_accused = true;
}

/* The list changes at the start alone. */
static bool
is_accused(const struct in_work *work, uint64_t digest)
{
	size_t i;

	for (i = 0; i < LIMIT_IN_WORK_ACCUSED; i++) {
		const struct in_work_accused *one = &work->file->accused[i];

		if (one->digest != digest)
			continue;
		log_warning("not touched, since the program died of it: %s",
			    one->label.text);
		return true;
	}
	return false;
}

void
in_work_label(struct in_work_label *label, const char *what, struct text whose)
{
	char *to = label->text, *end = to + sizeof(label->text) - 1;
	size_t i;

	while (*what != '\0' && to < end)
		*to++ = *what++;
	if (whose.len > 0 && to < end)
		*to++ = ' ';
	for (i = 0; i < whose.len && to < end; i++)
		*to++ = ascii_is_graph(whose.at[i]) ? whose.at[i] : '?';
	*to = '\0';
}

bool
in_work_begin(struct in_work *work, uint64_t digest,
	      const struct in_work_label *label)
{
	if (work == NULL || work != the_one)
		return true;
	if (work->has_accused && is_accused(work, digest))
		return false;
	if (mine == NULL)
		mine = take_slot(work);
	if (mine == NULL)
		return true;
	mine->digest = digest;
	mine->label = *label;
	/* after what it vouches for, before what may crash */
	__atomic_store_n(&mine->state, IN_WORK_BUSY, __ATOMIC_RELEASE);
	atomic_signal_fence(memory_order_seq_cst);
	return true;
}

void
in_work_end(struct in_work *work)
{
	if (work == NULL || mine == NULL)
		return;
	__atomic_store_n(&mine->state, IN_WORK_IDLE, __ATOMIC_RELEASE);
}

bool
in_work_try(const char *what, struct text whose, struct text bytes)
{
	struct in_work_label label;
	uint64_t digest;

	if (the_one == NULL)
		return true;
	in_work_label(&label, what, whose);
	digest = in_work_digest(the_one, 0, text_from(what));
	digest = in_work_digest(the_one, digest, bytes);
	return in_work_begin(the_one, digest, &label);
}

void
in_work_done(void)
{
	in_work_end(the_one);
}

/* --- open and close --- */

struct in_work *
in_work_open(const char *spool_directory, const char *program, const char *part,
	     struct why *why)
{
	struct in_work *work = xcalloc(1, sizeof(*work));

	work->file =
	    in_work_file_map(spool_directory, program, part, &work->fd, why);
	if (work->file == NULL) {
		free(work);
		return NULL;
	}
	pthread_key_create(&work->at_end, give_slot_back);
	in_work_file_judge(work->file, clock_unix_ms() / 1000);
	note_accused(work);
	work->stacks = new_stacks();
	the_one = work;
	catch_crashes();
	pthread_atfork(NULL, NULL, in_child);
	return work;
}

struct in_work *
in_work_start(const char *spool_directory, const char *program,
	      const char *part)
{
	struct why why;
	struct in_work *work =
	    in_work_open(spool_directory, program, part, &why);

	if (work == NULL)
		log_warning("what may crash this program will not be known "
			    "at its next start: %s",
			    why.text);
	return work;
}

void
in_work_close(struct in_work *work)
{
	size_t i;

	if (work == NULL)
		return;
	leave_crashes();
	pthread_key_delete(work->at_end);
	the_one = NULL;
	mine = NULL;
	leave_signal_stack();
	for (i = 0; i < LIMIT_IN_WORK_SLOTS; i++)
		work->file->slots[i].state = IN_WORK_IDLE;
	in_work_file_unmap(work->file, work->fd);
	if (work->stacks != NULL)
		munmap(work->stacks, STACKS_BYTES);
	free(work);
}
