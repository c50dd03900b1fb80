/* A thread of libmilter's may still be there when the process ends: what
 * OpenSSL keeps for it is freed by the thread itself, after main as before. */
#include "unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/crypto.h"

enum { ALL_FREED = 0, NOTHING_KEPT = 3, STILL_THERE };

static atomic_int kept; /* blocks that OpenSSL has for the thread */
static _Thread_local bool counts;
static pthread_t thread;
static sem_t at_work, may_end;

static void *
count_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	kept += counts;
	return malloc(size);
}

static void *
count_realloc(void *at, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	kept += counts && at == NULL;
	return realloc(at, size);
}

static void
count_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	kept -= counts && at != NULL;
	free(at);
}

static void *
work(void *data)
{
	counts = true;
	ERR_raise(ERR_LIB_USER, 1);
	sem_post(&at_work);
	while (sem_wait(&may_end) != 0)
		continue;
	return data;
}

/* Registered first, so that it is called after all that OpenSSL registers. */
static void
let_the_thread_end(void)
{
	bool has_kept = kept > 0;

	sem_post(&may_end);
	pthread_join(thread, NULL);
	_exit(!has_kept ? NOTHING_KEPT : kept == 0 ? ALL_FREED : STILL_THERE);
}

static void
run_child(void)
{
	unsigned char result[32];

	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) !=
		1 ||
	    atexit(let_the_thread_end) != 0)
		_exit(1);
	crypto_begin();
	crypto_sha256(TEXT("of the main thread"), result);
	sem_init(&at_work, 0, 0);
	sem_init(&may_end, 0, 0);
	if (pthread_create(&thread, NULL, work, NULL) != 0)
		_exit(1);
	while (sem_wait(&at_work) != 0)
		continue;
	exit(1); /* which let_the_thread_end() makes another number of */
}

static void
a_thread_outlives_main(void **state)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		run_child();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ALL_FREED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_thread_outlives_main),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
