#include "admin/dns_findings.h"

#include <stdarg.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/scan.h"
#include "base/utf8.h"

#define LINE_MOST (16u << 10)
#define OUTPUT_MOST (8u << 20)

const char *
dns_severity_name(enum dns_severity severity)
{
	switch (severity) {
	case DNS_CHECK_OK:
		return "ok";
	case DNS_CHECK_SKIP:
		return "skip";
	case DNS_CHECK_WARN:
		return "warn";
	case DNS_CHECK_UNKNOWN:
		return "could not ask";
	case DNS_CHECK_ERROR:
		return "error";
	}
	return "?";
}

void
dns_findings_init(struct dns_findings *findings, struct arena *arena,
		  struct domain domain)
{
	*findings = (struct dns_findings){.arena = arena, .domain = domain};
}

static struct text format_text(struct arena *arena, const char *format,
			       va_list args)
    __attribute__((format(printf, 2, 0)));

static struct text
format_text(struct arena *arena, const char *format, va_list args)
{
	char *line;
	va_list again;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	line = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(line, (size_t)length + 1, format, args);
	return text_from(line);
}

/* Tabs and line ends of a zone file stay. */
static const char *
safe_lines(struct arena *arena, struct text text)
{
	struct text word;
	struct buf to;
	size_t length;

	buf_init(&to, arena, OUTPUT_MOST);
	while (text.len > 0) {
		length = text_find(text, '\n');
		if (text_find(text, '\t') < length)
			length = text_find(text, '\t');
		word = text_first(text, length);
		buf_text(&to, utf8_for_log(arena, word, LINE_MOST));
		if (length < text.len)
			buf_char(&to, text.at[length]);
		text = text_skip(text, length + 1);
	}
	return buf_cstring(&to);
}

void
dns_findings_add(struct dns_findings *findings, const char *item,
		 enum dns_severity severity, const char *format, ...)
{
	struct dns_finding *finding =
	    arena_new_value(findings->arena, struct dns_finding);
	struct text detail;
	va_list args;

	va_start(args, format);
	detail = format_text(findings->arena, format, args);
	va_end(args);
	detail = utf8_for_log(findings->arena, detail, LINE_MOST);
	finding->detail = text_string(findings->arena, detail);
	finding->item = item;
	finding->severity = severity;
	if (findings->last == NULL)
		findings->first = finding;
	else
		findings->last->next = finding;
	findings->last = finding;
	findings->count++;
}

void
dns_findings_remedy(struct dns_findings *findings, const char *format, ...)
{
	struct dns_finding *finding = findings->last;
	const char *line;
	va_list args;

	va_start(args, format);
	line = safe_lines(findings->arena,
			  format_text(findings->arena, format, args));
	va_end(args);
	finding->remedy = finding->remedy == NULL
			      ? line
			      : arena_printf(findings->arena, "%s\n%s",
					     finding->remedy, line);
}

size_t
dns_findings_having(const struct dns_findings *findings,
		    enum dns_severity severity)
{
	const struct dns_finding *finding;
	size_t count = 0;

	for (finding = findings->first; finding != NULL;
	     finding = finding->next)
		count += finding->severity == severity;
	return count;
}

static void
print_one(const struct dns_finding *finding)
{
	struct text line;
	struct scan in;

	printf("%-13s  %-13s  %s\n", dns_severity_name(finding->severity),
	       finding->item, finding->detail);
	if (finding->remedy == NULL)
		return;
	scan_init(&in, text_from(finding->remedy));
	while (!scan_at_end(&in)) {
		line = scan_until(&in, '\n');
		fputs("    ", stdout);
		fwrite(line.at, 1, line.len, stdout);
		putchar('\n');
	}
}

static void
print_counts(const struct dns_findings *findings)
{
	size_t warnings = dns_findings_having(findings, DNS_CHECK_WARN);

	printf(TEXT_FMT ": %zu of %zu in order, %zu wrong, %zu to look at, %zu "
			"could not be asked\n",
	       TEXT_ARG(findings->domain.name),
	       dns_findings_having(findings, DNS_CHECK_OK), findings->count,
	       dns_findings_having(findings, DNS_CHECK_ERROR), warnings,
	       dns_findings_having(findings, DNS_CHECK_UNKNOWN));
}

void
dns_findings_print(const struct dns_findings *findings)
{
	const struct dns_finding *finding;

	for (finding = findings->first; finding != NULL;
	     finding = finding->next)
		print_one(finding);
	print_counts(findings);
}

static struct json *
json_of(struct arena *arena, const struct dns_finding *finding)
{
	struct json *object = json_new_object(arena);

	json_put_string(object, "item", finding->item);
	json_put_string(object, "severity",
			dns_severity_name(finding->severity));
	json_put_string(object, "detail", finding->detail);
	if (finding->remedy != NULL)
		json_put_exact(object, "remedy", text_from(finding->remedy));
	else
		json_put_null(object, "remedy");
	return object;
}

struct text
dns_finding_json(struct arena *arena, const struct dns_finding *finding)
{
	struct buf to;

	buf_init(&to, arena, OUTPUT_MOST);
	json_write(json_of(arena, finding), 0, &to);
	return buf_view(&to);
}

void
dns_findings_print_json(const struct dns_findings *findings)
{
	struct json *all = json_new_object(findings->arena);
	struct json *list = json_new_array(findings->arena);
	const struct dns_finding *finding;
	struct buf to;

	for (finding = findings->first; finding != NULL;
	     finding = finding->next)
		json_add(list, json_of(findings->arena, finding));
	json_put_text(all, "domain", findings->domain.name);
	json_put_int(all, "status", dns_findings_status(findings));
	json_put(all, "findings", list);
	buf_init(&to, findings->arena, OUTPUT_MOST);
	json_write(all, 2, &to);
	buf_char(&to, '\n');
	fwrite(to.at, 1, to.len, stdout);
}

int
dns_findings_status(const struct dns_findings *findings)
{
	if (dns_findings_having(findings, DNS_CHECK_ERROR) > 0)
		return 1;
	return dns_findings_having(findings, DNS_CHECK_UNKNOWN) > 0 ? 2 : 0;
}
