/* metrics.h - counters for Prometheus (text format 0.0.4)
 *
 * A program declares its metrics as a table; each label has a fixed set of
 * values, so that nobody outside can make new series, and all series stand
 * there from the start with 0.  Counting is one atomic addition.
 */
#ifndef IO_METRICS_H
#define IO_METRICS_H

#include <stddef.h>
#include <stdint.h>

struct buf;

#define METRIC_LABELS 3

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
	const char *name;
	const char *const *values; /* NULL-terminated */
};

struct metric {
	const char *name, *help;
	enum metric_type type;
	struct metric_label labels[METRIC_LABELS]; /* unused: name NULL */
	/* Counters and gauges that are kept elsewhere: asked at each scrape,
	 * with the positions of the label values. */
	double (*read)(void *handle, const unsigned at[METRIC_LABELS]);
	const double *bounds; /* histogram: rising, ends with 0; seconds */
};

/* Bounds for waits and work of a message: 1 ms to 60 s. */
extern const double metrics_seconds[];

struct metrics;

/* `table` ends with a NULL name and is kept, not copied, as is `handle` (for
 * `read`). */
struct metrics *metrics_new(const struct metric *table, void *handle);
void metrics_free(struct metrics *metrics);

/* Adds to a counter.  `metric` is its position in the table, a, b and c those
 * of the label values (0 for labels that it has not).  Any thread. */
void metrics_add(struct metrics *metrics, unsigned metric, uint64_t by,
		 unsigned a, unsigned b, unsigned c);
/* One value for a histogram. */
void metrics_observe(struct metrics *metrics, unsigned metric, double seconds,
		     unsigned a, unsigned b, unsigned c);

/* What the counter holds now. */
uint64_t metrics_value(const struct metrics *metrics, unsigned metric,
		       unsigned a, unsigned b, unsigned c);

/* All of them as text. */
void metrics_write(const struct metrics *metrics, struct buf *out);

#endif
