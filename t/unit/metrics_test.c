#include "unit.h"

#include <pthread.h>

#include "base/buf.h"
#include "io/metrics.h"

enum { MESSAGES, WAITING, SECONDS, PLAIN, FROM_ELSEWHERE };

static const char *const listeners[] = {"in", "odd \"\\\n", NULL};
static const char *const results[] = {"pass", "fail", NULL};
static const double bounds[] = {0.5, 2, 0};

static double
read_waiting(void *handle, const unsigned at[METRIC_LABELS])
{
	return *(double *)handle + at[0];
}

static const struct metric table[] = {
    [MESSAGES] = {.name = "t_messages_total",
		  .help = "Messages.\nAll \\ of them.",
		  .type = METRIC_COUNTER,
		  .labels = {{"listener", listeners}, {"result", results}}},
    [WAITING] = {.name = "t_waiting",
		 .help = "Waiting.",
		 .type = METRIC_GAUGE,
		 .read = read_waiting},
    [SECONDS] = {.name = "t_seconds",
		 .help = "Seconds.",
		 .type = METRIC_HISTOGRAM,
		 .labels = {{"result", results}},
		 .bounds = bounds},
    [PLAIN] = {.name = "t_plain_total",
	       .help = "Plain.",
	       .type = METRIC_COUNTER},
    [FROM_ELSEWHERE] = {.name = "t_elsewhere_total",
			.help = "Elsewhere.",
			.type = METRIC_COUNTER,
			.labels = {{"result", results}},
			.read = read_waiting},
    {.name = NULL},
};

static void
writes_the_text_format(void **state)
{
	double waiting = 3.5;
	struct metrics *metrics = metrics_new(table, &waiting);
	struct buf out;

	metrics_add(metrics, MESSAGES, 2, 0, 1, 0);
	metrics_add(metrics, MESSAGES, 1, 1, 0, 0);
	metrics_observe(metrics, SECONDS, 0.25, 0, 0, 0);
	metrics_observe(metrics, SECONDS, 2, 0, 0, 0);
	metrics_observe(metrics, SECONDS, 7, 0, 0, 0);
	buf_init(&out, *state, 100000);
	metrics_write(metrics, &out);
	assert_text(
	    buf_view(&out),
	    "# HELP t_messages_total Messages.\\nAll \\\\ of them.\n"
	    "# TYPE t_messages_total counter\n"
	    "t_messages_total{listener=\"in\",result=\"pass\"} 0\n"
	    "t_messages_total{listener=\"in\",result=\"fail\"} 2\n"
	    "t_messages_total{listener=\"odd \\\"\\\\\\n\",result=\"pass\"} "
	    "1\n"
	    "t_messages_total{listener=\"odd \\\"\\\\\\n\",result=\"fail\"} "
	    "0\n"
	    "# HELP t_waiting Waiting.\n"
	    "# TYPE t_waiting gauge\n"
	    "t_waiting 3.5\n"
	    "# HELP t_seconds Seconds.\n"
	    "# TYPE t_seconds histogram\n"
	    "t_seconds_bucket{result=\"pass\",le=\"0.5\"} 1\n"
	    "t_seconds_bucket{result=\"pass\",le=\"2\"} 2\n"
	    "t_seconds_bucket{result=\"pass\",le=\"+Inf\"} 3\n"
	    "t_seconds_sum{result=\"pass\"} 9.25\n"
	    "t_seconds_count{result=\"pass\"} 3\n"
	    "t_seconds_bucket{result=\"fail\",le=\"0.5\"} 0\n"
	    "t_seconds_bucket{result=\"fail\",le=\"2\"} 0\n"
	    "t_seconds_bucket{result=\"fail\",le=\"+Inf\"} 0\n"
	    "t_seconds_sum{result=\"fail\"} 0\n"
	    "t_seconds_count{result=\"fail\"} 0\n"
	    "# HELP t_plain_total Plain.\n"
	    "# TYPE t_plain_total counter\n"
	    "t_plain_total 0\n"
	    "# HELP t_elsewhere_total Elsewhere.\n"
	    "# TYPE t_elsewhere_total counter\n"
	    "t_elsewhere_total{result=\"pass\"} 3.5\n"
	    "t_elsewhere_total{result=\"fail\"} 4.5\n");
	metrics_free(metrics);
}

static void *
count_up(void *handle)
{
	for (int i = 0; i < 20000; i++) {
		metrics_add(handle, MESSAGES, 1, 1, 1, 0);
		metrics_observe(handle, SECONDS, 0.001, 1, 0, 0);
	}
	return NULL;
}

static void
threads_lose_no_count(void **state)
{
	struct metrics *metrics = metrics_new(table, NULL);
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, count_up, metrics);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(metrics_value(metrics, MESSAGES, 1, 1, 0), 80000);
	assert_int_equal(metrics_value(metrics, MESSAGES, 1, 0, 0), 0);
	assert_int_equal(metrics_value(metrics, SECONDS, 1, 0, 0), 80000);
	metrics_free(metrics);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(writes_the_text_format),
	    cmocka_unit_test(threads_lose_no_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
