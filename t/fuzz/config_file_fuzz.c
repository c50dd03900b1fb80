/* A configuration file, and what the shared options make of it. */
#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/config_common.h"
#include "io/config_file.h"
#include "io/config_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each value in turn as a value of each option. */
static void
read_values(struct arena *arena, const struct config_entry *entry)
{
	const struct config_option *option = config_common_table;
	struct config_common common;
	struct why why;

	for (; option->section != NULL; option++) {
		memset(&common, 0, sizeof(common));
		if (!config_value_parse(arena, option, entry->value, &common,
					&why))
			assert(why.text[0] != '\0');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const struct config_entry *entry;
	struct config_file file;
	struct why why = {""};

	if (size > CONFIG_FILE_BYTES)
		size = CONFIG_FILE_BYTES;
	if (config_file_parse(arena, "fuzz", (const char *)data, size, &file,
			      &why)) {
		for (entry = file.entries; entry != NULL; entry = entry->next)
			read_values(arena, entry);
	} else {
		assert(strncmp(why.text, "fuzz:", 5) == 0);
	}
	arena_free(arena);
	return 0;
}
