#include "io/metrics.h"

#include <assert.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/xalloc.h"

const double metrics_seconds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
				  0.1,	 0.25,	 0.5,	1,    2.5,   5,
				  10,	 20,	 60,	0};

struct metrics {
	const struct metric *table;
	void *handle;
	size_t *first; /* cell of each metric's first series */
	_Atomic uint64_t *cells;
};

/* Values of a label; a label that is not used counts as one. */
static unsigned
label_size(const struct metric_label *label)
{
	unsigned size = 0;

	if (label->name == NULL)
		return 1;
	while (label->values[size] != NULL)
		size++;
	return size;
}

static size_t
series_count(const struct metric *metric)
{
	size_t count = 1;
	int i;

	for (i = 0; i < METRIC_LABELS; i++)
		count *= label_size(&metric->labels[i]);
	return count;
}

static size_t
bound_count(const struct metric *metric)
{
	size_t count = 0;

	while (metric->bounds[count] > 0)
		count++;
	return count;
}

/* A histogram has a cell for each bound, one for what is above, and the sum
 * in microseconds. */
static size_t
cells_each(const struct metric *metric)
{
	return metric->type == METRIC_HISTOGRAM ? bound_count(metric) + 2 : 1;
}

struct metrics *
metrics_new(const struct metric *table, void *handle)
{
	struct metrics *metrics = xcalloc(1, sizeof(*metrics));
	size_t count = 0, cells = 0, i;

	while (table[count].name != NULL)
		count++;
	metrics->table = table;
	metrics->handle = handle;
	metrics->first = xcalloc(count + 1, sizeof(*metrics->first));
	for (i = 0; i < count; i++) {
		metrics->first[i] = cells;
		cells += series_count(&table[i]) * cells_each(&table[i]);
	}
	metrics->cells = xcalloc(cells + 1, sizeof(*metrics->cells));
	return metrics;
}

void
metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	free(metrics->first);
	free((void *)metrics->cells);
	free(metrics);
}

static _Atomic uint64_t *
cells_at(const struct metrics *metrics, unsigned metric,
	 const unsigned at[METRIC_LABELS])
{
	const struct metric *one = &metrics->table[metric];
	size_t series = 0;
	int i;

	for (i = 0; i < METRIC_LABELS; i++) {
		unsigned size = label_size(&one->labels[i]);

		assert(at[i] < size);
		series = series * size + at[i];
	}
	return &metrics
		    ->cells[metrics->first[metric] + series * cells_each(one)];
}

static void
add(_Atomic uint64_t *cell, uint64_t by)
{
	atomic_fetch_add_explicit(cell, by, memory_order_relaxed);
}

static uint64_t
load(const _Atomic uint64_t *cell)
{
	return atomic_load_explicit(cell, memory_order_relaxed);
}

void
metrics_add(struct metrics *metrics, unsigned metric, uint64_t by, unsigned a,
	    unsigned b, unsigned c)
{
	add(cells_at(metrics, metric, (unsigned[]){a, b, c}), by);
}

uint64_t
metrics_value(const struct metrics *metrics, unsigned metric, unsigned a,
	      unsigned b, unsigned c)
{
	return load(cells_at(metrics, metric, (unsigned[]){a, b, c}));
}

void
metrics_observe(struct metrics *metrics, unsigned metric, double seconds,
		unsigned a, unsigned b, unsigned c)
{
	const struct metric *one = &metrics->table[metric];
	_Atomic uint64_t *cells =
	    cells_at(metrics, metric, (unsigned[]){a, b, c});
	size_t bounds = bound_count(one), i = 0;

	if (!(seconds > 0))
		seconds = 0;
	while (i < bounds && seconds > one->bounds[i])
		i++;
	add(&cells[i], 1);
	add(&cells[bounds + 1], (uint64_t)(seconds * 1e6));
}

/* --- the text --- */

static void
write_escaped(struct buf *out, const char *string, bool is_label)
{
	for (; *string != '\0'; string++) {
		if (*string == '\n') {
			buf_string(out, "\\n");
			continue;
		}
		if (*string == '\\' || (is_label && *string == '"'))
			buf_char(out, '\\');
		buf_char(out, *string);
	}
}

/* "{a="x",le="5"}"; nothing without labels. */
static void
write_labels(struct buf *out, const struct metric *metric,
	     const unsigned at[METRIC_LABELS], const char *le)
{
	char before = '{';
	int i;

	for (i = 0; i < METRIC_LABELS; i++) {
		if (metric->labels[i].name == NULL)
			continue;
		buf_printf(out, "%c%s=\"", before, metric->labels[i].name);
		write_escaped(out, metric->labels[i].values[at[i]], true);
		buf_char(out, '"');
		before = ',';
	}
	if (le != NULL) {
		buf_printf(out, "%cle=\"%s\"", before, le);
		before = ',';
	}
	if (before == ',')
		buf_char(out, '}');
}

static void
write_histogram(const struct metrics *metrics, const struct metric *metric,
		const unsigned at[METRIC_LABELS], struct buf *out)
{
	const _Atomic uint64_t *cells =
	    cells_at(metrics, (unsigned)(metric - metrics->table), at);
	size_t bounds = bound_count(metric), i;
	uint64_t below = 0;
	char le[32];

	for (i = 0; i <= bounds; i++) {
		below += load(&cells[i]);
		snprintf(le, sizeof(le), "%.15g", metric->bounds[i]);
		buf_printf(out, "%s_bucket", metric->name);
		write_labels(out, metric, at, i < bounds ? le : "+Inf");
		buf_printf(out, " %ju\n", (uintmax_t)below);
	}
	buf_printf(out, "%s_sum", metric->name);
	write_labels(out, metric, at, NULL);
	buf_printf(out, " %.15g\n", (double)load(&cells[bounds + 1]) / 1e6);
	buf_printf(out, "%s_count", metric->name);
	write_labels(out, metric, at, NULL);
	buf_printf(out, " %ju\n", (uintmax_t)below);
}

static void
write_series(const struct metrics *metrics, const struct metric *metric,
	     const unsigned at[METRIC_LABELS], struct buf *out)
{
	unsigned index = (unsigned)(metric - metrics->table);

	if (metric->type == METRIC_HISTOGRAM) {
		write_histogram(metrics, metric, at, out);
		return;
	}
	buf_string(out, metric->name);
	write_labels(out, metric, at, NULL);
	if (metric->read != NULL)
		buf_printf(out, " %.15g\n", metric->read(metrics->handle, at));
	else
		buf_printf(out, " %ju\n",
			   (uintmax_t)load(cells_at(metrics, index, at)));
}

static const char *
type_name(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_GAUGE:
		return "gauge";
	case METRIC_HISTOGRAM:
		return "histogram";
	}
	return "untyped";
}

static void
write_metric(const struct metrics *metrics, const struct metric *metric,
	     struct buf *out)
{
	unsigned at[METRIC_LABELS], sizes[METRIC_LABELS];
	int i;

	buf_printf(out, "# HELP %s ", metric->name);
	write_escaped(out, metric->help, false);
	buf_printf(out, "\n# TYPE %s %s\n", metric->name,
		   type_name(metric->type));
	for (i = 0; i < METRIC_LABELS; i++)
		sizes[i] = label_size(&metric->labels[i]);
	for (at[0] = 0; at[0] < sizes[0]; at[0]++)
		for (at[1] = 0; at[1] < sizes[1]; at[1]++)
			for (at[2] = 0; at[2] < sizes[2]; at[2]++)
				write_series(metrics, metric, at, out);
}

void
metrics_write(const struct metrics *metrics, struct buf *out)
{
	const struct metric *metric;

	for (metric = metrics->table; metric->name != NULL; metric++)
		write_metric(metrics, metric, out);
}
