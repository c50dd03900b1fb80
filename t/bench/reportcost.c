/*
 * reportcost - what writing, checking and reading aggregate reports costs
 *
 * usage: reportcost ROWS READ_ROWS READ_MESSAGES
 *
 * CPU seconds for one report of ROWS records:
 *   write      the XML, handed to nobody
 *   gzip       the same, compressed
 *   check      the same, checked against the schema while it is written
 * and for one of READ_ROWS records that counts READ_MESSAGES messages, from
 * a file:
 *   read       record by record, by the reader for reports of others
 * xml_bytes and gzip_bytes are the size of the first; NAME_kib is how much the
 * peak of resident memory grew in that part.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/gzip.h"
#include "base/why.h"
#include "mailauth/dmarc_report_check.h"
#include "mailauth/dmarc_report_read.h"

#define PIECE_BYTES 65536

static const struct dmarc_report_metadata metadata = {
    .org_name = TEXT_INIT("receiver.example"),
    .email = TEXT_INIT("postmaster@receiver.example"),
    .report_id = TEXT_INIT("0123456789abcdef0123456789abcdef"),
    .begin = 1732147200,
    .end = 1732233599,
    .generator = TEXT_INIT("reportcost"),
};
static const struct dmarc_report_policy policy = {
    .domain = TEXT_INIT("example.com"),
    .discovery_method = TEXT_INIT("treewalk"),
    .p = TEXT_INIT("reject"),
};

/* One record, with the texts that change from one to the next. */
struct row {
	struct dmarc_report_record record;
	struct dmarc_report_dkim signatures[2];
	struct dmarc_report_spf spf;
	char from[64], selector[32];
};

static void
make_row(struct row *row, unsigned long number, uint64_t count)
{
	unsigned long host = number * 2654435761u;
	bool pass = number % 10 != 0;

	snprintf(row->from, sizeof(row->from), "n%lu.bounces.example.com",
		 number % 5000);
	snprintf(row->selector, sizeof(row->selector), "s%lu", number % 40);
	row->signatures[0] = (struct dmarc_report_dkim){
	    TEXT("example.com"), text_from(row->selector),
	    pass ? TEXT("pass") : TEXT("fail"), TEXT("")};
	row->signatures[1] = (struct dmarc_report_dkim){
	    TEXT("esp.example"), TEXT("k1"), TEXT("pass"), TEXT("")};
	row->spf = (struct dmarc_report_spf){
	    text_from(row->from), TEXT("mfrom"), TEXT("softfail"), TEXT("")};
	row->record = (struct dmarc_report_record){
	    .source_ip = {4,
			  {(uint8_t)(host >> 24), (uint8_t)(host >> 16),
			   (uint8_t)(host >> 8), (uint8_t)host}},
	    .count = count,
	    .disposition = pass ? TEXT("pass") : TEXT("reject"),
	    .dkim = pass ? TEXT("pass") : TEXT("fail"),
	    .spf = TEXT("fail"),
	    .header_from = TEXT("example.com"),
	    .envelope_from = text_from(row->from),
	    .has_envelope_from = true,
	    .envelope_to = TEXT("receiver.example"),
	    .signatures = row->signatures,
	    .signature_count = 2,
	    .spf_results = &row->spf,
	    .spf_result_count = 1,
	};
}

static struct dmarc_report_totals
write_report(struct arena *arena, unsigned long rows, uint64_t messages,
	     struct sink to)
{
	struct dmarc_report_totals totals;
	struct dmarc_report *report;
	struct why why;
	struct row row;
	unsigned long i;

	report = dmarc_report_begin(arena, DMARC_REPORT_RFC9990, &metadata,
				    &policy, to, &why);
	if (report == NULL)
		errx(1, "%s", why.text);
	for (i = 0; i < rows; i++) {
		make_row(&row, i,
			 messages / rows + (i < messages % rows ? 1 : 0));
		if (!dmarc_report_add(report, &row.record, &why))
			errx(1, "%s", why.text);
	}
	if (!dmarc_report_end(report, &totals, &why))
		errx(1, "%s", why.text);
	return totals;
}

/* --- measures --- */

struct meter {
	double cpu_s;
	long peak_kib;
};

static double
cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of this program alone; getrusage tells of what was before exec, too. */
static long
peak_now(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	if (file == NULL)
		err(1, "/proc/self/status");
	while (kib < 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	fclose(file);
	if (kib < 0)
		errx(1, "/proc/self/status tells no VmHWM");
	return kib;
}

static struct meter
start(void)
{
	return (struct meter){cpu_now(), peak_now()};
}

static void
stop(const struct meter *meter, const char *name)
{
	printf("%s %.3f\n%s_kib %ld\n", name, cpu_now() - meter->cpu_s, name,
	       peak_now() - meter->peak_kib);
}

static bool
count(void *handle, struct text bytes, struct why *why)
{
	*(uint64_t *)handle += bytes.len;
	return true;
}

static void
measure_write(unsigned long rows)
{
	struct arena *arena = arena_new();
	struct meter meter = start();
	uint64_t bytes = 0;

	write_report(arena, rows, rows, (struct sink){count, &bytes});
	stop(&meter, "write");
	printf("xml_bytes %llu\n", (unsigned long long)bytes);
	arena_free(arena);
}

static void
measure_gzip(unsigned long rows)
{
	struct arena *arena = arena_new();
	struct meter meter = start();
	uint64_t bytes = 0;
	struct gzip *gzip = gzip_new(arena, (struct sink){count, &bytes});

	write_report(arena, rows, rows, gzip_sink(gzip));
	if (!gzip_finish(gzip, NULL))
		errx(1, "gzip failed");
	stop(&meter, "gzip");
	printf("gzip_bytes %llu\n", (unsigned long long)bytes);
	arena_free(arena);
}

static void
measure_check(unsigned long rows)
{
	struct arena *arena = arena_new();
	struct meter meter = start();
	struct dmarc_report_check *check =
	    dmarc_report_check_new(arena, DMARC_REPORT_RFC9990);
	struct dmarc_report_totals totals;
	struct why why;

	totals =
	    write_report(arena, rows, rows, dmarc_report_check_sink(check));
	if (!dmarc_report_check_end(check, &totals, &why))
		errx(1, "%s", why.text);
	stop(&meter, "check");
	arena_free(arena);
}

static bool
put_file(void *handle, struct text bytes, struct why *why)
{
	return fwrite(bytes.at, 1, bytes.len, handle) == bytes.len ||
	       why_set(why, "the temporary file cannot be written");
}

static bool
take(void *handle, const struct dmarc_report_record *record, struct why *why)
{
	*(uint64_t *)handle += record->count;
	return true;
}

static void
read_file(struct dmarc_report_reader *reader, FILE *file)
{
	static char piece[PIECE_BYTES];
	struct why why;
	size_t got;

	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		if (!dmarc_report_reader_put(reader, text_of(piece, got), &why))
			errx(1, "%s", why.text);
}

static void
measure_read(unsigned long rows, uint64_t messages)
{
	struct arena *arena = arena_new();
	const struct dmarc_report_head *head;
	struct dmarc_report_reader *reader;
	FILE *file = tmpfile();
	struct meter meter;
	uint64_t seen = 0;
	struct why why;

	if (file == NULL)
		err(1, "tmpfile");
	write_report(arena, rows, messages, (struct sink){put_file, file});
	rewind(file);
	meter = start();
	reader = dmarc_report_reader_new(arena, take, &seen);
	read_file(reader, file);
	if (!dmarc_report_reader_end(reader, &head, &why))
		errx(1, "%s", why.text);
	stop(&meter, "read");
	if (seen != messages || head->totals.records != rows ||
	    head->defect_count != 0)
		errx(1, "the report was not read right");
	fclose(file);
	arena_free(arena);
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "usage: reportcost ROWS READ_ROWS READ_MESSAGES");
	measure_write(strtoul(argv[1], NULL, 10));
	measure_gzip(strtoul(argv[1], NULL, 10));
	measure_check(strtoul(argv[1], NULL, 10));
	measure_read(strtoul(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	return 0;
}
