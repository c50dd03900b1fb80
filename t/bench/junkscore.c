/* junkscore - the junk filter of lib/judge alone, in memory
 *
 * Reads commands, one a line, and answers those that ask:
 *
 *	train user|site ham|spam PATH
 *	forget user|site
 *	score PATH                     -> "PATH PROBABILITY SIGNIFICANT WORDS"
 *	cost                           -> messages and CPU seconds of scoring
 *
 * Words are made and counted as signet-mailbox does it: the results that
 * signet-milter wrote (authserv-id mx.home.example) are words if they passed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "dovecot-plugin/verified.h"
#include "io/file.h"
#include "judge/junk_score.h"
#include "judge/message_words.h"
#include "mailauth/message.h"

#define SLOTS (1u << 22)
#define MESSAGE_BYTES (16u << 20)
#define PASSED_MOST (VERIFIED_DKIM_MOST + 3)

struct slot {
	int64_t id;
	struct junk_counts counts;
};

struct store {
	struct slot *slots;
	struct junk_model model;
};

static struct store user, site;
static double scored_cpu;
static unsigned long scored;

static void
die(const char *what, const char *about)
{
	fprintf(stderr, "junkscore: %s: %s\n", what, about);
	exit(2);
}

static struct junk_counts *
find(struct store *store, int64_t id)
{
	size_t i = (uint64_t)id & (SLOTS - 1);

	if (store->slots == NULL)
		store->slots = calloc(SLOTS, sizeof(*store->slots));
	if (store->slots == NULL)
		die("no memory", "words");
	if (id == 0)
		id = 1;
	while (store->slots[i].id != 0 && store->slots[i].id != id)
		i = (i + 1) & (SLOTS - 1);
	store->slots[i].id = id;
	return &store->slots[i].counts;
}

static void
add_passed(struct arena *arena, struct message_words_options *options,
	   struct text *passed, const char *method, struct domain domain)
{
	if (domain.name.len > 0)
		passed[options->passed_count++] = text_from(arena_printf(
		    arena, "%s=" TEXT_FMT, method, TEXT_ARG(domain.name)));
}

static void
words_of(struct arena *arena, const char *path, struct junk_tokens *tokens)
{
	struct text text, passed[PASSED_MOST];
	struct message_words_options options = {passed, 0};
	struct verified verified;
	struct message header;
	struct why why;
	size_t i;

	if (!file_read(arena, path, MESSAGE_BYTES, &text, &why))
		die(path, why.text);
	message_init(&header, arena);
	message_parse(&header, text);
	verified_read(arena, &header, TEXT("mx.home.example"), &verified);
	add_passed(arena, &options, passed, "dmarc", verified.author);
	add_passed(arena, &options, passed, "spf", verified.mail_from);
	for (i = 0; i < verified.dkim_count; i++)
		add_passed(arena, &options, passed, "dkim", verified.dkim[i]);
	message_words(arena, text, &options, tokens);
}

static void
train(struct arena *arena, struct store *store, bool is_spam, const char *path)
{
	struct junk_tokens tokens;
	size_t i;

	words_of(arena, path, &tokens);
	for (i = 0; i < tokens.count; i++) {
		struct junk_counts *counts = find(store, tokens.at[i].id);

		if (is_spam)
			counts->spam++;
		else
			counts->ham++;
	}
	if (is_spam)
		store->model.spam_messages++;
	else
		store->model.ham_messages++;
}

static struct junk_counts *
counts_of(struct arena *arena, struct store *store,
	  const struct junk_tokens *tokens)
{
	struct junk_counts *counts =
	    arena_new_array(arena, struct junk_counts, tokens->count + 1);
	size_t i;

	for (i = 0; i < tokens->count; i++)
		counts[i] = *find(store, tokens->at[i].id);
	return counts;
}

static double
cpu(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void
score(struct arena *arena, const struct junk_params *params, const char *path)
{
	struct junk_verdict verdict;
	struct junk_tokens tokens;
	struct buf words;
	double start = cpu();
	size_t i;

	words_of(arena, path, &tokens);
	junk_score(arena, &tokens, counts_of(arena, &user, &tokens),
		   counts_of(arena, &site, &tokens), &user.model, &site.model,
		   params, &verdict);
	scored_cpu += cpu() - start;
	scored++;
	buf_init(&words, arena, 100000);
	for (i = 0; i < verdict.count && i < 30; i++)
		buf_printf(&words, " " TEXT_FMT "=%.2f",
			   TEXT_ARG(verdict.words[i].word),
			   verdict.words[i].spamminess);
	printf("%s %.6f %d%s\n", path, verdict.probability, verdict.significant,
	       buf_cstring(&words));
}

static struct store *
store_named(const char *name)
{
	return strcmp(name, "site") == 0 ? &site : &user;
}

static void
forget(struct store *store)
{
	free(store->slots);
	*store = (struct store){NULL, {0, 0}};
}

/* Parameters to try: "NAME=VALUE". */
static void
set_param(struct junk_params *params, const char *setting)
{
	double value = strtod(strchr(setting, '=') + 1, NULL);

	if (strncmp(setting, "least=", 6) == 0)
		params->least = value;
	else if (strncmp(setting, "ignored=", 8) == 0)
		params->ignored = value;
	else if (strncmp(setting, "prior_weight=", 13) == 0)
		params->prior_weight = value;
	else if (strncmp(setting, "ham_unseen=", 11) == 0)
		params->ham_unseen = value;
	else if (strncmp(setting, "prior=", 6) == 0)
		params->prior = value;
	else if (strncmp(setting, "top_words=", 10) == 0)
		params->top_words = (unsigned)value;
	else if (strncmp(setting, "site_messages=", 14) == 0)
		params->site_messages = (uint32_t)value;
	else
		die("no such parameter", setting);
}

static void
obey(struct arena *arena, const struct junk_params *params, const char *line)
{
	char word[16], kind[16], path[4096];

	if (sscanf(line, "train %15s %15s %4095s", word, kind, path) == 3)
		train(arena, store_named(word), strcmp(kind, "spam") == 0,
		      path);
	else if (sscanf(line, "score %4095s", path) == 1)
		score(arena, params, path);
	else if (sscanf(line, "forget %15s", word) == 1)
		forget(store_named(word));
	else if (strcmp(line, "cost\n") == 0)
		printf("cost %lu %.3f\n", scored, scored_cpu);
	else
		die("no command", line);
}

int
main(int argc, char **argv)
{
	struct junk_params params = junk_params_default;
	struct arena *arena = arena_new();
	char line[8192];
	int i;

	for (i = 1; i < argc && strchr(argv[i], '=') != NULL; i++)
		set_param(&params, argv[i]);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		obey(arena, &params, line);
		arena_reset(arena);
	}
	forget(&user);
	forget(&site);
	arena_free(arena);
	return 0;
}
