#include "t/conformance/probe.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/dns_zone.h"
#include "base/scan.h"
#include "base/why.h"

#define PAIRS_MAX 64

struct pair {
	struct text name, value;
};

struct probe {
	struct arena *arena;
	struct pair pairs[PAIRS_MAX];
	size_t count;
};

static const struct {
	const char *name;
	probe_command *run;
} commands[] = {
    {"address", probe_address},
    {"address-list", probe_address_list},
    {"arc", probe_arc},
    {"auth-results", probe_auth_results},
    {"auth-write", probe_auth_write},
    {"dkim", probe_dkim},
    {"dmarc", probe_dmarc},
    {"dmarc_record", probe_dmarc_record},
    {"header", probe_header},
    {"idna", probe_idna},
    {"iprev", probe_iprev},
    {"psl", probe_psl},
    {"report_read", probe_report_read},
    {"report_write", probe_report_write},
    {"seal", probe_seal},
    {"sign", probe_sign},
    {"spf", probe_spf},
};

struct arena *
probe_arena(struct probe *probe)
{
	return probe->arena;
}

static const struct pair *
find(const struct probe *probe, const char *name)
{
	size_t i;

	for (i = 0; i < probe->count; i++)
		if (text_equal(probe->pairs[i].name, text_from(name)))
			return &probe->pairs[i];
	return NULL;
}

bool
probe_has(const struct probe *probe, const char *name)
{
	return find(probe, name) != NULL;
}

struct text
probe_get(const struct probe *probe, const char *name)
{
	const struct pair *pair = find(probe, name);

	return pair != NULL ? pair->value : text_of(NULL, 0);
}

int64_t
probe_get_int(const struct probe *probe, const char *name)
{
	uint64_t value = 0;

	text_to_u64(probe_get(probe, name), INT64_MAX, &value);
	return (int64_t)value;
}

void
probe_put(struct probe *probe, const char *name, struct text value)
{
	size_t i;

	printf("%s=", name);
	for (i = 0; i < value.len; i++)
		if (ascii_is_alnum(value.at[i]) ||
		    memchr("-._~", value.at[i], 4) != NULL)
			putchar(value.at[i]);
		else
			printf("%%%02X", (unsigned char)value.at[i]);
	putchar('\t');
}

void
probe_put_string(struct probe *probe, const char *name, const char *value)
{
	probe_put(probe, name, text_from(value));
}

void
probe_put_int(struct probe *probe, const char *name, int64_t value)
{
	printf("%s=%" PRId64 "\t", name, value);
}

struct resolver *
probe_resolver(struct probe *probe)
{
	struct dns_zone *zone;
	struct why why;

	zone = dns_zone_parse(probe->arena, probe_get(probe, "zone"), &why);
	if (zone != NULL)
		return dns_zone_resolver(zone);
	probe_put_string(probe, "error", why.text);
	return NULL;
}

static struct text
unescaped(struct arena *arena, struct text text)
{
	char *to = arena_bytes(arena, text.len);
	size_t len = 0, i;

	for (i = 0; i < text.len; i++) {
		to[len] = text.at[i];
		if (text.at[i] == '%' && i + 2 < text.len) {
			to[len] = (char)(ascii_hex_value(text.at[i + 1]) * 16 +
					 ascii_hex_value(text.at[i + 2]));
			i += 2;
		}
		len++;
	}
	return text_of(to, len);
}

static void
answer_line(struct arena *arena, struct text line)
{
	struct probe probe = {.arena = arena};
	struct text command, pair;
	struct scan in;
	size_t i;

	scan_init(&in, line);
	command = scan_until(&in, '\t');
	while (!scan_at_end(&in) && probe.count < PAIRS_MAX) {
		pair = scan_until(&in, '\t');
		i = text_find(pair, '=');
		probe.pairs[probe.count].name = text_first(pair, i);
		probe.pairs[probe.count++].value =
		    unescaped(arena, text_skip(pair, i + 1));
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (text_equal(command, text_from(commands[i].name)))
			break;
	if (i < sizeof(commands) / sizeof(*commands))
		commands[i].run(&probe);
	else
		probe_put_string(&probe, "error", "no such command");
	putchar('\n');
	fflush(stdout);
}

int
main(void)
{
	struct arena *arena = arena_new();
	char *line = NULL;
	size_t room = 0;
	ssize_t got;

	while ((got = getline(&line, &room, stdin)) > 0) {
		if (line[got - 1] == '\n')
			got--;
		answer_line(arena, text_of(line, (size_t)got));
		arena_reset(arena);
	}
	free(line);
	arena_free(arena);
	return 0;
}
