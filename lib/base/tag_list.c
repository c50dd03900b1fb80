#include "base/tag_list.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

/* tag-name of RFC 6376 section 3.2, from its second byte on */
static bool
is_tag_name(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static bool
take_tag(struct scan *in, struct tag *tag, struct why *why)
{
	scan_fws(in);
	if (!ascii_is_alpha(scan_peek(in)))
		return why_set(why, "tag without a name");
	tag->name = scan_while(in, is_tag_name);
	scan_fws(in);
	if (!scan_char(in, '='))
		return why_set(why, "no '=' after tag " TEXT_FMT,
			       TEXT_ARG(tag->name));
	tag->whole = scan_until(in, ';');
	tag->value = text_trim(tag->whole);
	return true;
}

static const struct tag *
find(const struct tag_list *list, struct text name)
{
	const struct tag *tag;

	for (tag = list->first; tag != NULL; tag = tag->next)
		if (text_equal(tag->name, name))
			return tag;
	return NULL;
}

bool
tag_list_parse(struct arena *arena, struct text input, struct tag_list *list,
	       struct why *why)
{
	struct tag **end = &list->first, tag = {0};
	struct scan in;

	*list = (struct tag_list){0};
	if (input.len > LIMIT_TAG_LIST_BYTES)
		return why_set(why, "tag list above %d bytes",
			       (int)LIMIT_TAG_LIST_BYTES);
	scan_init(&in, input);
	do {
		if (list->count == LIMIT_TAGS)
			return why_set(why, "more than %d tags", LIMIT_TAGS);
		if (!take_tag(&in, &tag, why))
			return false;
		if (find(list, tag.name) != NULL)
			return why_set(why, "tag " TEXT_FMT " given twice",
				       TEXT_ARG(tag.name));
		*end = arena_copy(arena, &tag, sizeof(tag));
		end = &(*end)->next;
		list->count++;
	} while (text_trim(scan_rest(&in)).len > 0);
	return true;
}

const struct tag *
tag_list_find(const struct tag_list *list, const char *name)
{
	return find(list, text_from(name));
}

struct text
tag_list_get(const struct tag_list *list, const char *name,
	     struct text otherwise)
{
	const struct tag *tag = tag_list_find(list, name);

	return tag != NULL ? tag->value : otherwise;
}
